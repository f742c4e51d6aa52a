import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleHook, sampleRun, sampleStep } from '../../tests/fixtures/store/sampleRun.ts'
import { dataSetRecipe } from '../contract/dataSets.ts'
import type { NewDataSet } from './dataSets.ts'
import { Workspace } from './workspace.ts'

let folder: string
let workspace: Workspace
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-lab-'))
  workspace = Workspace.open(folder)
  const { id } = workspace.runs.create(sampleRun())
  workspace.episodes.begin(id, { episode: 0, task: 'Cat', state: {} })
  for (const step of [0, 1, 2]) workspace.steps.append(sampleStep(id, 0, step))
})
afterEach(() => {
  workspace.close()
  rmSync(folder, { recursive: true })
})
const failing = (code: string): unknown => expect.objectContaining({ code })

const newDataSet = (): NewDataSet => ({
  name: 'sample',
  recipe: dataSetRecipe.parse({ runIds: ['r1'] }),
  hash: 'a'.repeat(64),
  rows: 2,
  episodes: 1,
  classes: ['valid', 'invalid'],
  counts: [1, 1],
  layers: [1],
  poolings: ['lastPrompt'],
  width: 8,
  models: [{ name: 'sample', hash: '0'.repeat(64) }],
  bytes: 64,
})
const rows = () => ({
  keys: [0, 1].map((step) => ({ runId: 'r1', episode: 0, step })),
  labels: Int32Array.of(1, 0),
  earlierLabels: [[], [1]],
})

describe('data sets', () => {
  test('are read back as they were stored, rows in order, the newest first', () => {
    const first = workspace.dataSets.create(newDataSet(), rows())
    workspace.dataSets.create(newDataSet(), rows())
    expect(first).toMatchObject({ ...newDataSet(), id: 'd1', missingRuns: [] })
    expect(workspace.dataSets.rows('d1')).toEqual(rows())
    expect(workspace.dataSets.list().map(({ id }) => id)).toEqual(['d2', 'd1'])
    expect(workspace.dataSets.rename('d1', 'other').name).toBe('other')
  })

  test('of an earlier schema have no earlier labels', () => {
    workspace.dataSets.create(newDataSet(), rows())
    workspace.connection.execute('UPDATE data_set_rows SET earlier = NULL')
    expect(workspace.dataSets.rows('d1').earlierLabels).toBeNull()
  })

  test('name the steps of an episode that are theirs, until they are removed', () => {
    workspace.dataSets.create(newDataSet(), rows())
    expect(workspace.dataSets.stepsOf('d1', { runId: 'r1', episode: 0 })).toEqual([0, 1])
    expect(workspace.dataSets.stepsOf('d1', { runId: 'r1', episode: 1 })).toEqual([])
    workspace.dataSets.remove('d1')
    expect(workspace.dataSets.stepsOf('d1', { runId: 'r1', episode: 0 })).toBeNull()
  })

  test('outlive a run that is removed, and say that it is gone', () => {
    workspace.dataSets.create(newDataSet(), rows())
    workspace.runs.remove('r1')
    expect(workspace.dataSets.get('d1').missingRuns).toEqual(['r1'])
    expect(workspace.dataSets.rows('d1').keys).toHaveLength(2)
  })

  test('that are not there, or are named wrongly, are not found', () => {
    for (const id of ['d1', 'r1', 'd0', 'd', '1', ''])
      for (const ask of [
        () => workspace.dataSets.get(id),
        () => workspace.dataSets.rename(id, 'x'),
        () => workspace.dataSets.remove(id),
      ])
        expect(ask).toThrow(failing('not_found'))
  })

  test('a number is not given again after a removal', () => {
    workspace.dataSets.create(newDataSet(), rows())
    workspace.dataSets.remove('d1')
    expect(workspace.dataSets.create(newDataSet(), rows()).id).toBe('d2')
  })
})

describe('labels given by hand', () => {
  const step = { runId: 'r1', episode: 0, step: 1, name: 'polite' }

  test('are replaced, taken away, and listed by run or episode', () => {
    workspace.handLabels.give({ ...step, label: 'yes' })
    workspace.handLabels.give({ ...step, label: 'no' })
    workspace.handLabels.give({ ...step, step: 0, name: 'other', label: 'a' })
    expect(workspace.handLabels.list('r1')).toEqual([
      { ...step, step: 0, name: 'other', label: 'a' },
      { ...step, label: 'no' },
    ])
    expect(workspace.handLabels.list('r1', 1)).toEqual([])
    workspace.handLabels.take(step)
    workspace.handLabels.take(step)
    expect(workspace.handLabels.list('r1', 0)).toHaveLength(1)
  })

  test('are for stored steps only, and go with their run', () => {
    expect(() => workspace.handLabels.give({ ...step, step: 9, label: 'yes' })).toThrow(failing('not_found'))
    workspace.handLabels.give({ ...step, label: 'yes' })
    workspace.runs.remove('r1')
    expect(workspace.handLabels.list('r1')).toEqual([])
  })
})

describe('replayed activations', () => {
  const hook = 'blocks.0.hook_resid_post'
  const step = { runId: 'r1', episode: 0, step: 1 }
  const data = Float32Array.of(1, 2, 3)

  test('lie beside the captured ones, and never in their place', () => {
    const captured = workspace.activations.get({ ...step, hook: sampleHook, at: 'lastPrompt' })
    workspace.activations.addReplayed(step, [
      { hook, point: 'lastPrompt', data },
      { hook, point: 'last', data },
      { hook, point: 'lastPrompt5', data },
      { hook: sampleHook, point: 'lastPrompt', data: new Float32Array(8) },
    ])
    expect(workspace.activations.get({ ...step, hook, at: 'lastPrompt5' }).data).toEqual(data)
    expect(workspace.activations.get({ ...step, hook: sampleHook, at: 'lastPrompt' })).toEqual(captured)
    expect(workspace.activations.matrix({ runId: 'r1', hook, at: 'last' }).keys).toEqual([
      { episode: 0, step: 1 },
    ])
    expect(workspace.activations.hooksOf(step)).toEqual([hook, sampleHook])
  })

  test('of a step that is not stored are refused', () => {
    expect(() => workspace.activations.addReplayed({ ...step, step: 3 }, [])).toThrow(failing('not_found'))
  })
})

test('facts of all steps come in order, prompts beside them', () => {
  const facts = workspace.stepFacts.list('r1')
  expect(facts.map(({ episode, step }) => [episode, step])).toEqual([
    [0, 0],
    [0, 1],
    [0, 2],
  ])
  const { record } = sampleStep('r1', 0, 1)
  expect(facts[1]).toEqual({
    episode: 0,
    step: 1,
    task: 'Cat',
    outcome: 'running',
    isInvalid: record.isInvalid,
    labels: record.labels,
    completion: record.completion,
    answer: record.answer,
    droppedTurns: 0,
    promptTokens: record.promptIds.length,
    completionTokens: record.completionIds.length,
  })
  expect(workspace.stepFacts.prompts('r1')[1]).toBe(record.messages[0].content)
})
