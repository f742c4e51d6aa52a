import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { EngineEvent } from '../contract/api.ts'
import { resourcesFolder } from '../resourcesFolder.ts'
import { EventHub } from './eventHub.ts'
import { OracleDesk } from './oracleDesk.ts'

let server: Server | null = null
afterEach(() => {
  server?.close()
  server = null
})
const never = new AbortController().signal
const question = { runId: 'r1', episode: 0, step: 0, task: 'Cat', message: 'Is it an animal?', history: [] }

function desk(): { desk: OracleDesk; events: EngineEvent[] } {
  const events: EngineEvent[] = []
  const hub = new EventHub()
  hub.emit = (event) => void events.push(event)
  return { desk: new OracleDesk(hub, resourcesFolder()), events }
}

async function endpoint(answer: string): Promise<string> {
  const body = JSON.stringify({ choices: [{ message: { role: 'assistant', content: answer } }] })
  server = createServer((_, response) => response.setHeader('content-type', 'application/json').end(body))
  await new Promise<void>((done) => server!.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1` // a TCP server has an AddressInfo
}

test('the chosen oracle answers', async () => {
  const oracle = desk().desk.create({ kind: 'kb', strictness: 'lenient' })
  expect((await oracle.judge(question, never)).verdict).toBe('yes')
})

test('a question for a person is told to listeners, waits, and goes when it is answered', async () => {
  const { desk: tested, events } = desk()
  const judging = tested.create({ kind: 'human' }).judge(question, never)
  await Promise.resolve()
  const [waiting] = tested.questions()
  expect(waiting).toMatchObject(question)
  tested.answer(waiting.id, 'no')
  expect((await judging).verdict).toBe('no')
  expect(events.map((event) => event.kind === 'questions' && event.questions.length)).toEqual([1, 0])
  expect(() => tested.answer(waiting.id, 'no')).toThrow(expect.objectContaining({ code: 'not_found' }))
})

test('an endpoint is tried with one real question', async () => {
  const baseUrl = await endpoint('Yes.')
  const tried = await desk().desk.test({ baseUrl, model: 'm', timeoutMs: 5000 }, never)
  expect(tried.answer).toBe('yes')
  expect(tried.latencyMs).toBeGreaterThan(0)
})

test('an endpoint that is down says so at the first attempt', async () => {
  const attempt = desk().desk.test({ baseUrl: 'http://127.0.0.1:9/v1', model: 'm', timeoutMs: 2000 }, never)
  await expect(attempt).rejects.toMatchObject({ code: 'oracle_unreachable' })
})
