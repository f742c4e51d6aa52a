import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  sampleManifest,
  sampleRun,
  sampleSettings,
  sampleStep,
} from '../../tests/fixtures/store/sampleRun.ts'
import { errors } from '../contract/errors.ts'
import { Workspace } from './workspace.ts'

let folder: string
let workspace: Workspace
let minute: number

const now = (): Date => new Date(Date.UTC(2026, 0, 1, 0, minute++))
const at = (m: number): string => new Date(Date.UTC(2026, 0, 1, 0, m)).toISOString()

beforeEach(() => {
  minute = 0
  folder = mkdtempSync(join(tmpdir(), 'innerview-runs-'))
  workspace = Workspace.open(folder, { now })
})

afterEach(() => {
  workspace.close()
  rmSync(folder, { recursive: true })
})

test('a new run is queued, has the next number and holds what it was asked for', () => {
  const first = workspace.runs.create(sampleRun())
  expect(first).toMatchObject({
    id: 'r1',
    kind: 'collect',
    status: 'queued',
    createdAt: at(0),
    startedAt: null,
  })
  expect(first.settings).toEqual(sampleSettings())
  expect(first.manifest).toEqual(sampleManifest)
  expect(workspace.runs.create(sampleRun()).id).toBe('r2')
  expect(workspace.runs.list().map(({ id }) => id)).toEqual(['r2', 'r1'])
})

test('a removed run’s number is not given again', () => {
  workspace.runs.create(sampleRun())
  workspace.runs.remove('r1')
  expect(workspace.runs.create(sampleRun()).id).toBe('r2')
})

test('times follow the status: begun once, ended only when it is over', () => {
  const { runs } = workspace
  runs.create(sampleRun())
  expect(runs.setStatus('r1', 'running')).toMatchObject({ startedAt: at(1), endedAt: null })
  expect(runs.setStatus('r1', 'paused')).toMatchObject({ startedAt: at(1), endedAt: null })
  expect(runs.setStatus('r1', 'running')).toMatchObject({ startedAt: at(1) })
  expect(runs.setStatus('r1', 'done')).toMatchObject({ startedAt: at(1), endedAt: at(4) })
  expect(runs.setStatus('r1', 'running')).toMatchObject({ startedAt: at(1), endedAt: null })
})

test('a failed run keeps its error until it goes on', () => {
  const { runs } = workspace
  runs.create(sampleRun())
  const error = errors.sessionLost({ reason: 'gone' }).report()
  expect(runs.setStatus('r1', 'failed', { error }).error).toEqual(error)
  expect(runs.setStatus('r1', 'running').error).toBeNull()
})

test('seconds add up over sittings, names change', () => {
  const { runs } = workspace
  runs.create(sampleRun())
  runs.addSeconds('r1', 1.5)
  runs.addSeconds('r1', 2)
  expect(runs.get('r1').progress.seconds).toBe(3.5)
  expect(runs.rename('r1', 'other').name).toBe('other')
  expect(() => runs.addSeconds('r1', NaN)).toThrow(TypeError)
})

test('what is no run is an error that names it, everywhere', () => {
  const { runs, episodes, steps } = workspace
  for (const id of ['r1', 'r0', 'r01', '1', '', 'r1; DROP TABLE runs', `r${'9'.repeat(30)}`])
    for (const use of [
      () => runs.get(id),
      () => runs.setStatus(id, 'done'),
      () => runs.rename(id, 'x'),
      () => runs.remove(id),
      () => runs.addSeconds(id, 1),
      () => episodes.begin(id, { episode: 0, task: 'x', state: {} }),
      () => episodes.notBegun(id),
      () => steps.resumePoint(id, 0),
    ])
      expect(use).toThrow(/There is no (run|episode)/)
})

describe('when the workspace opens again', () => {
  test('runs that were left running or waiting are interrupted, others stay as they are', () => {
    const statuses = ['running', 'queued', 'paused', 'done', 'failed', 'cancelled'] as const
    for (const status of statuses) workspace.runs.setStatus(workspace.runs.create(sampleRun()).id, status)
    workspace.close()
    workspace = Workspace.open(folder)
    const after = workspace.runs.list().reverse()
    expect(after.map(({ status }) => status)).toEqual([
      ...['interrupted', 'interrupted', 'paused', 'done', 'failed', 'cancelled'],
    ])
  })

  test('a reader beside no writer sees them as interrupted too, beside a writer as running', () => {
    workspace.runs.setStatus(workspace.runs.create(sampleRun()).id, 'running')
    const beside = Workspace.open(folder, { readOnly: true })
    expect(beside.runs.get('r1').status).toBe('running')
    beside.close()
    workspace.close()
    const alone = Workspace.open(folder, { readOnly: true })
    expect(alone.runs.get('r1').status).toBe('interrupted')
    alone.close()
  })
})

describe('values that are not of their schema', () => {
  test.each(['settings', 'manifest', 'error', 'status', 'kind'])(
    'in %s are damage with a place',
    (column) => {
      workspace.runs.create(sampleRun())
      workspace.connection.execute(`UPDATE runs SET ${column} = '{"a":1}'`)
      expect(() => workspace.runs.list()).toThrow(new RegExp(`runs\\.${column} of r1 is not valid`))
    },
  )
})

test('removing one run leaves the others’ rows alone', () => {
  for (const id of ['r1', 'r2']) {
    workspace.runs.create(sampleRun())
    workspace.episodes.begin(id, { episode: 0, task: 'x', state: {} })
    workspace.steps.append(sampleStep(id, 0, 0))
  }
  workspace.runs.remove('r1')
  expect(workspace.steps.list('r2', 0)).toHaveLength(1)
  expect(workspace.runs.get('r2').progress.steps).toBe(1)
  expect(workspace.steps.list('r1', 0)).toEqual([])
})
