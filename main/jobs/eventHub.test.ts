import { expect, test } from 'vitest'
import type { EngineEvent } from '../contract/api.ts'
import { EventHub } from './eventHub.ts'

const problem = (message: string): EngineEvent => ({
  kind: 'problem',
  error: { code: 'x', title: 'x', message, cure: 'x', details: {} },
})

test('present state comes first, then what changes', async () => {
  const hub = new EventHub()
  const stop = new AbortController()
  const stream = hub.listen([{ kind: 'models' }], stop.signal)
  expect((await stream.next()).value).toEqual({ kind: 'models' })
  const next = stream.next()
  hub.emit(problem('a'))
  expect((await next).value).toMatchObject({ error: { message: 'a' } })
  stop.abort()
  expect((await stream.next()).done).toBe(true)
})

test('a flood about one subject is coalesced to its newest, others are all kept', async () => {
  const hub = new EventHub()
  const stop = new AbortController()
  const stream = hub.listen([{ kind: 'models' }], stop.signal)
  await stream.next()
  const first = stream.next()
  hub.emit(problem('start'))
  await first
  for (let i = 0; i < 1000; i++) hub.emit({ kind: 'questions', questions: [] })
  hub.emit(problem('one'))
  hub.emit(problem('two'))
  const kinds = []
  for (let i = 0; i < 3; i++) kinds.push((await stream.next()).value?.kind)
  expect(kinds).toEqual(['questions', 'problem', 'problem'])
  stop.abort()
  await stream.return(undefined)
})

test('a listener that leaves is forgotten, also while it waits', async () => {
  const hub = new EventHub()
  const stop = new AbortController()
  const stream = hub.listen([{ kind: 'models' }], stop.signal)
  await stream.next()
  const waiting = stream.next()
  expect(hub.listenerCount).toBe(1)
  stop.abort()
  expect((await waiting).done).toBe(true)
  expect(hub.listenerCount).toBe(0)
})

test('what happens before the first event is asked for is not lost', async () => {
  const hub = new EventHub()
  const stop = new AbortController()
  const stream = hub.listen([{ kind: 'models' }], stop.signal)
  hub.emit(problem('early'))
  expect((await stream.next()).value).toEqual({ kind: 'models' })
  expect((await stream.next()).value).toMatchObject({ error: { message: 'early' } })
  stop.abort()
  expect(hub.listenerCount).toBe(0)
})
