import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleRun, sampleStep } from '../../tests/fixtures/store/sampleRun.ts'
import type { EngineEvent } from '../contract/api.ts'
import { Workspace } from '../store/workspace.ts'
import { EventHub } from './eventHub.ts'
import type { RecordedStep } from './playEpisode.ts'
import { RunControl, type RunWork } from './runControl.ts'

let folder: string
let workspace: Workspace
let events: EngineEvent[]
/** What each run does; ends when told to. */
let plays: Map<string, { end: () => void; fail: (error: Error) => void; step: (index: number) => void }>
let control: RunControl

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-control-'))
  workspace = Workspace.open(folder)
  events = []
  plays = new Map()
  const hub = new EventHub()
  hub.emit = (event) => void events.push(event)
  control = new RunControl(workspace, hub, (runs) => Promise.resolve(workOf(runs[0].id)))
})
afterEach(async () => {
  workspace.close()
  await rm(folder, { recursive: true, force: true })
})

const workOf = (id: string): RunWork => ({
  play: (onStep, signal) =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => resolve())
      plays.set(id, {
        end: resolve,
        fail: reject,
        step(index) {
          try {
            if (index === 0) workspace.episodes.begin(id, { episode: 0, task: 'x', state: {} })
            const step = sampleStep(id, 0, index)
            workspace.steps.append(step)
            onStep(step as RecordedStep)
          } catch (error) {
            reject(error as Error)
          }
        },
      })
    }),
  close() {},
})

const start = (): string => {
  const { id } = workspace.runs.create(sampleRun())
  control.enqueue(id)
  return id
}
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))
const fillDisk = (): void => {
  // Every free page is used up, so that the next growth fails as it does on a full disk.
  const pages = workspace.connection.number('page_count')
  workspace.connection.execute(`PRAGMA max_page_count = ${pages}`)
}
const freeDisk = (): void => workspace.connection.execute('PRAGMA max_page_count = 1000000')

test('runs go one after another in the order of their start', async () => {
  const [first, second] = [start(), start()]
  await settled()
  expect([...plays.keys()]).toEqual([first])
  expect(control.get(second).status).toBe('queued')
  plays.get(first)!.end()
  expect((await control.ended(first)).status).toBe('done')
  await settled()
  expect(control.get(second).status).toBe('running')
  plays.get(second)!.fail(new Error('no'))
  expect((await control.ended(second)).error).toMatchObject({ code: 'internal_error' })
})

test('a run that waits can be paused and cancelled, and what rests cannot be paused', async () => {
  const [first, second] = [start(), start()]
  await settled()
  expect(control.pause(second).status).toBe('paused')
  expect(() => control.pause(second)).toThrow(expect.objectContaining({ code: 'run_not_active' }))
  expect(control.cancel(second).status).toBe('cancelled')
  expect(() => control.cancel(second)).toThrow(expect.objectContaining({ code: 'run_not_active' }))
  plays.get(first)!.end()
  await control.ended(first)
  expect(() => control.pause(first)).toThrow(expect.objectContaining({ code: 'run_not_active' }))
  expect(() => control.resume(first)).toThrow(expect.objectContaining({ code: 'run_not_resumable' }))
})

test('a pause after a cancel leaves the run cancelled, a cancel after a pause cancels it', async () => {
  const first = start()
  await settled()
  control.cancel(first)
  control.pause(first)
  expect((await control.ended(first)).status).toBe('cancelled')
  const second = start()
  await settled()
  control.pause(second)
  control.cancel(second)
  expect((await control.ended(second)).status).toBe('cancelled')
})

test('only a run at rest can be removed', async () => {
  const id = start()
  await settled()
  expect(() => control.remove(id)).toThrow(expect.objectContaining({ code: 'run_busy' }))
  plays.get(id)!.end()
  await control.ended(id)
  control.remove(id)
  expect(control.list()).toEqual([])
  expect(events.at(-1)).toEqual({ kind: 'runRemoved', id })
})

test('closing leaves what ran and what waited interrupted', async () => {
  const ids = [start(), start()]
  await settled()
  await control.close()
  expect(ids.map((id) => workspace.runs.get(id).status)).toEqual(['interrupted', 'interrupted'])
})

test('a run ends as failed on a full disk, keeps its steps, and can be resumed when there is space', async () => {
  const id = start()
  await settled()
  plays.get(id)!.step(0)
  fillDisk()
  for (let step = 1; step < 200 && control.get(id).status === 'running'; step++) {
    plays.get(id)!.step(step)
    await settled()
  }
  const ended = await control.ended(id)
  expect(ended).toMatchObject({ status: 'failed', error: { code: 'disk_full' } })
  expect(control.list()[0]).toMatchObject({ status: 'failed' })
  const stored = ended.progress.steps
  expect(stored).toBeGreaterThan(0)
  freeDisk()
  expect(control.resume(id).status).toBe('queued')
  await settled()
  plays.get(id)!.end()
  expect(await control.ended(id)).toMatchObject({ status: 'done', error: null, progress: { steps: stored } })
})

test('a status that cannot be written is remembered, told, and written when the engine closes', async () => {
  const id = start()
  await settled()
  const problem = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
  const { setStatus } = workspace.runs
  workspace.runs.setStatus = () => {
    throw problem
  }
  plays.get(id)!.end()
  expect((await control.ended(id)).status).toBe('interrupted')
  expect(control.get(id).status).toBe('interrupted')
  expect(() => control.pause(id)).toThrow(expect.objectContaining({ code: 'run_not_active' }))
  expect(events.some((event) => event.kind === 'problem')).toBe(true)
  expect(workspace.runs.get(id).status).toBe('running')
  workspace.runs.setStatus = setStatus
  await control.close()
  expect(workspace.runs.get(id).status).toBe('interrupted')
})

test('a run that cannot be queued says why and is no phantom in the queue', async () => {
  const { id } = workspace.runs.create(sampleRun())
  const { setStatus } = workspace.runs
  workspace.runs.setStatus = () => {
    throw new Error('no space')
  }
  expect(() => control.enqueue(id)).toThrow('no space')
  expect(control.get(id).status).toBe('failed')
  expect(control.activeRuns()).toEqual([])
  workspace.runs.setStatus = setStatus
  expect(control.resume(id).status).toBe('queued')
})
