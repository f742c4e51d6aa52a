import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { JudgeQuestion } from './environment.ts'
import { openAiOracle, verdictIn, type OpenAiSettings } from './openAiOracle.ts'

interface Request {
  path: string
  key: string | undefined
  body: { model: string; temperature: number; messages: { role: string; content: string }[] }
}
type Reply = (response: ServerResponse, request: IncomingMessage) => void

let server: Server | null = null
afterEach(async () => {
  const running = server
  server = null
  running?.closeAllConnections()
  if (running?.listening) await new Promise((done) => running.close(done))
})

/** A real server that gives the replies in turn, the last one again and again. */
async function endpoint(...replies: Reply[]): Promise<{ baseUrl: string; requests: Request[] }> {
  const requests: Request[] = []
  server = createServer((request, response) => {
    let text = ''
    request.on('data', (part: Buffer) => (text += part.toString()))
    request.on('end', () => {
      requests.push({
        path: request.url ?? '',
        key: request.headers.authorization,
        body: JSON.parse(text) as Request['body'],
      })
      replies[Math.min(requests.length, replies.length) - 1]?.(response, request)
    })
  })
  await new Promise<void>((done) => server?.listen(0, '127.0.0.1', done))
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests }
}

const say =
  (content: string): Reply =>
  (response) =>
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ choices: [{ message: { role: 'assistant', content } }] }))
const fail =
  (status: number, body = '', headers: Record<string, string> = {}): Reply =>
  (response) =>
    response.writeHead(status, headers).end(body)
const drop: Reply = (_, request) => request.socket.destroy()
const silence: Reply = () => undefined

const question: JudgeQuestion = {
  runId: 'r',
  episode: 1,
  step: 2,
  task: 'Cat',
  message: 'Hm. Is it alive?',
  history: [],
}

function oracleAt(baseUrl: string, overrides: Partial<OpenAiSettings> = {}, key: string | null = null) {
  const settings: OpenAiSettings = {
    kind: 'openai',
    baseUrl,
    model: 'test-model',
    timeoutMs: 5000,
    retries: 3,
    ...overrides,
  }
  return openAiOracle(settings, { readKey: async () => key, firstWaitMs: 2 })
}
const judge = (oracle: ReturnType<typeof oracleAt>, signal = new AbortController().signal) =>
  oracle.judge(question, signal)

describe('the oracle behind an endpoint', () => {
  it('asks with one user message at temperature 0 that holds the object and the message', async () => {
    const { baseUrl, requests } = await endpoint(say('Yes.'))
    expect(await judge(oracleAt(baseUrl, {}, 'secret'))).toEqual({
      verdict: 'yes',
      confidence: null,
      reason: 'test-model answered “Yes.”.',
    })
    const [request] = requests
    expect(request).toMatchObject({
      path: '/v1/chat/completions',
      key: 'Bearer secret',
      body: { model: 'test-model', temperature: 0 },
    })
    expect(request?.body.messages).toHaveLength(1)
    expect(request?.body.messages[0]?.content).toContain('"Cat"')
    expect(request?.body.messages[0]?.content).toContain('"Hm. Is it alive?"')
  })

  it('sends no key where there is none, and copes with a slash behind the address', async () => {
    const { baseUrl, requests } = await endpoint(say('No.'))
    expect((await judge(oracleAt(`${baseUrl}/`))).verdict).toBe('no')
    expect(requests[0]).toMatchObject({ key: undefined, path: '/v1/chat/completions' })
  })

  it('tries again after 500, 429 and a dropped connection', async () => {
    const { baseUrl, requests } = await endpoint(fail(500), fail(429), drop, say('No.'))
    expect((await judge(oracleAt(baseUrl))).verdict).toBe('no')
    expect(requests).toHaveLength(4)
  })

  it('waits as long as Retry-After asks', async () => {
    const { baseUrl } = await endpoint(fail(429, '', { 'retry-after': '0.3' }), say('Yes.'))
    const started = performance.now()
    await judge(oracleAt(baseUrl))
    expect(performance.now() - started).toBeGreaterThan(280)
  })

  it('tells what went wrong when all tries have failed', async () => {
    const { baseUrl, requests } = await endpoint(fail(503, '{"error":{"message":"overloaded"}}'))
    await expect(judge(oracleAt(baseUrl, { retries: 2 }))).rejects.toMatchObject({
      code: 'oracle_unreachable',
      details: { baseUrl, reason: 'status 503: overloaded' },
    })
    expect(requests).toHaveLength(3)
  })

  it('names the refused connection where nothing listens', async () => {
    const { baseUrl } = await endpoint(say('Yes.'))
    await new Promise((done) => server?.close(done))
    await expect(judge(oracleAt(baseUrl, { retries: 1 }))).rejects.toMatchObject({
      code: 'oracle_unreachable',
      message: expect.stringContaining('ECONNREFUSED') as unknown,
    })
  })

  it('gives up on a server that is too slow, and says after how long', async () => {
    const { baseUrl, requests } = await endpoint(silence)
    await expect(judge(oracleAt(baseUrl, { retries: 1, timeoutMs: 60 }))).rejects.toMatchObject({
      code: 'oracle_unreachable',
      message: expect.stringContaining('within 60 ms') as unknown,
    })
    expect(requests).toHaveLength(2)
  })

  it('gives up on a server that starts to answer and then hangs', async () => {
    const { baseUrl } = await endpoint((response) => response.writeHead(200).write('{"choices":'))
    await expect(judge(oracleAt(baseUrl, { retries: 0, timeoutMs: 100 }))).rejects.toMatchObject({
      code: 'oracle_unreachable',
    })
  })

  it.each([401, 403, 404, 400])('does not try again after %i', async (status) => {
    const { baseUrl, requests } = await endpoint(fail(status, '{"error":"no such model"}'))
    await expect(judge(oracleAt(baseUrl))).rejects.toMatchObject({
      code: 'oracle_refused',
      details: { status, reason: 'no such model' },
    })
    expect(requests).toHaveLength(1)
  })

  it('does not carry the key to another address', async () => {
    const { baseUrl, requests } = await endpoint(fail(302, '', { location: '/elsewhere' }))
    await expect(judge(oracleAt(baseUrl, { retries: 0 }, 'secret'))).rejects.toMatchObject({
      code: 'oracle_unreachable',
    })
    expect(requests).toHaveLength(1)
  })

  it('asks once more after nonsense, then shows the nonsense', async () => {
    const patient = await endpoint(say('Perhaps.'), say('Yes'))
    expect((await judge(oracleAt(patient.baseUrl))).verdict).toBe('yes')
    server?.closeAllConnections()
    server?.close()
    const hopeless = await endpoint(say('Bananas are yellow.'))
    await expect(judge(oracleAt(hopeless.baseUrl))).rejects.toMatchObject({
      code: 'oracle_nonsense',
      message: expect.stringContaining('Bananas') as unknown,
    })
    expect(hopeless.requests).toHaveLength(2)
  })

  it.each(['<html>hello</html>', '{}', '{"choices":[]}', '{"choices":[{"message":{"content":null}}]}'])(
    'calls a body that is no completion nonsense: %s',
    async (body) => {
      const { baseUrl } = await endpoint((response) => response.end(body))
      await expect(judge(oracleAt(baseUrl))).rejects.toMatchObject({ code: 'oracle_nonsense' })
    },
  )

  it('stops at once when aborted, while waiting for an answer or for another try', async () => {
    for (const reply of [silence, fail(500, '', { 'retry-after': '30' })]) {
      const { baseUrl } = await endpoint(reply)
      const cancel = new AbortController()
      const judged = judge(oracleAt(baseUrl), cancel.signal)
      setTimeout(() => cancel.abort(new Error('cancelled by the user')), 40)
      const started = performance.now()
      await expect(judged).rejects.toThrow('cancelled by the user')
      expect(performance.now() - started).toBeLessThan(2000)
      server?.closeAllConnections()
      server?.close()
    }
  })

  it('asks nothing when it is aborted before', async () => {
    const { baseUrl, requests } = await endpoint(say('Yes.'))
    await expect(judge(oracleAt(baseUrl), AbortSignal.abort(new Error('too late')))).rejects.toThrow(
      'too late',
    )
    expect(requests).toHaveLength(0)
  })
})

describe('reading a verdict', () => {
  it.each([
    ['Yes.', 'yes'],
    [' no', 'no'],
    ['NO!', 'no'],
    ['**Yes**', 'yes'],
    ['"Invalid Question."', 'invalid'],
    ['Invalid question', 'invalid'],
    ['Invalid', 'invalid'],
    ['Answer: Yes, it is.', 'yes'],
    ['My answer is "No."', 'no'],
    ['<think>It is a cat, so no … yes.</think>\nYes.', 'yes'],
    ['Yes and no.', null],
    ['Yes or no?', null],
    ['Nobody knows', null],
    ['Yesterday', null],
    ['I am not sure.', null],
    ['', null],
  ])('finds in “%s” %s', (answer, verdict) => {
    expect(verdictIn(answer)).toBe(verdict)
  })
})
