import { afterEach, describe, expect, it, vi } from 'vitest'
import { AppError, errors } from '../main/contract/errors.ts'
import { appErrorOf, connect, engine } from './client.ts'
import type { DoorListener } from './doors.ts'
import { fakeEngine, worlds } from './testing/fakeEngine.ts'
import { inventedModels } from './testing/invented.ts'

const states: string[] = []
const closers: (() => void)[] = []
let listener: DoorListener

/** Connects the one client to an engine on invented data, over a real port. */
function open(world: string) {
  const fake = fakeEngine(worlds[world]!())
  closers.push(
    connect(
      (state) => states.push(state),
      (given) => {
        listener = given
        return fake.doors(given)
      },
    ),
  )
  return fake
}

afterEach(() => {
  listener?.state('lost')
  closers.splice(0).forEach((close) => close())
  states.length = 0
})

describe('the client', () => {
  it('answers a call that was made before there was a connection', async () => {
    const early = engine.runs.list()
    open('little')
    expect(await early).toHaveLength(1)
    expect(states).toEqual(['connected'])
  })
  it('keeps typed arrays whole', async () => {
    open('little')
    const { steps } = await engine.episodes.get({ runId: 'first look', episode: 0 })
    expect(steps[0]?.record.promptIds).toBeInstanceOf(Int32Array)
    expect(steps[0]?.record.logProbabilities).toBeInstanceOf(Float32Array)
  })
  it('rejects with the engine’s own report', async () => {
    open('little')
    const fault = await engine.runs.get({ id: 'none' }).catch((error: unknown) => error)
    expect(fault).toBeInstanceOf(AppError)
    expect(fault).toMatchObject({ code: 'not_found', details: { kind: 'run', id: 'none' } })
  })
  it('rejects a refused input with the field’s name', async () => {
    open('little')
    const fault = await engine.runs.rename({ id: 'first look', name: '' }).catch((error: unknown) => error)
    expect(fault).toMatchObject({ code: 'invalid_input', details: { field: 'name' } })
  })
  it('fails what is under way when the engine is lost, and goes on with the next port', async () => {
    open('little')
    await engine.info()
    const call = engine.oracle.test({ baseUrl: 'http://127.0.0.1:1', model: 'm', timeoutMs: 1000 })
    const caught = call.catch((error: unknown) => error)
    // One turn, so that the call is out.
    await new Promise((resolve) => setTimeout(resolve, 20))
    listener.state('lost')
    expect(await caught).toMatchObject({ code: 'engine_lost' })
    const later = engine.runs.list()
    open('running')
    expect(await later).toHaveLength(6)
  })
  it('ends a stream silently when its own signal is aborted', async () => {
    const { say } = open('little')
    const controller = new AbortController()
    const heard: string[] = []
    const reading = (async () => {
      for await (const event of await engine.events(undefined, { signal: controller.signal }))
        heard.push(event.kind)
    })()
    await vi.waitFor(() => {
      say({ kind: 'models' })
      expect(heard.length).toBeGreaterThan(0)
    })
    controller.abort()
    await expect(reading).resolves.toBeUndefined()
  })
  it('fails a stream with a report when the engine is lost', async () => {
    const { say } = open('little')
    const heard: string[] = []
    const reading = (async () => {
      for await (const event of await engine.events()) heard.push(event.kind)
    })().catch((error: unknown) => error)
    await vi.waitFor(() => {
      say({ kind: 'models' })
      expect(heard.length).toBeGreaterThan(0)
    })
    listener.state('lost')
    expect(await reading).toMatchObject({ code: 'engine_lost' })
  })
  it('gives a stream’s last value', async () => {
    open('little')
    const stream = await engine.models.check({ path: inventedModels[0]!.id })
    let last: unknown
    while (true) {
      const next = await stream.next()
      if (next.done) {
        last = next.value
        break
      }
    }
    expect(last).toMatchObject({ hash: inventedModels[0]!.hash, reference: null })
  })
})

describe('appErrorOf', () => {
  it('wraps what is no report as a fault of the program and keeps the cause', () => {
    const cause = new Error('boom')
    const error = appErrorOf(cause)
    expect(error).toMatchObject({ code: 'internal_error', message: 'boom', cause })
    expect(appErrorOf('text').message).toBe('text')
    expect(appErrorOf(null).code).toBe('internal_error')
  })
  it('leaves an AppError as it is', () => {
    const error = errors.diskFull({ path: '/a' })
    expect(appErrorOf(error)).toBe(error)
  })
})
