import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleRun, sampleStep } from '../../tests/fixtures/store/sampleRun.ts'
import { dataSetRecipe } from '../contract/dataSets.ts'
import { probeSettings, type ProbeCell } from '../contract/probes.ts'
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

describe('probes', () => {
  const settings = probeSettings.parse({ dataSetId: 'd1' })
  const { recipe, models } = newDataSet()
  const create = () => workspace.probes.create({ name: 'p', settings, recipe, models })
  const nothing = { value: null, low: null, high: null }
  const cell = (layer: number): ProbeCell => ({
    layer,
    pooling: 'mean',
    auroc: nothing,
    accuracy: nothing,
    n: 3,
  })

  test('wait, run, fail and keep their settings and origin', () => {
    expect(create()).toMatchObject({ id: 'p1', status: 'queued', settings, dataSetId: 'd1', auroc: null })
    const error = { code: 'x', title: 't', message: 'm', cure: 'c', details: {} }
    expect(workspace.probes.setStatus('p1', 'failed', error)).toMatchObject({ status: 'failed', error })
    expect(workspace.probes.origin('p1')).toEqual({ recipe, models })
    expect(workspace.probes.document('p1')).toBeNull()
    workspace.probes.remove('p1')
    expect(() => workspace.probes.get('p1')).toThrow(failing('not_found'))
    expect(() => workspace.probes.document('p1')).toThrow(failing('not_found'))
    expect(() => workspace.probes.setStatus('p1', 'done')).toThrow(failing('not_found'))
  })

  test('that were being trained when the process died are interrupted, with the cells they had', () => {
    create()
    workspace.probes.setStatus('p1', 'running')
    workspace.probes.addCell('p1', cell(2))
    workspace.probes.addCell('p1', cell(1))
    workspace.probes.addCell('p1', cell(1))
    workspace.close()
    workspace = Workspace.open(folder)
    expect(workspace.probes.get('p1').status).toBe('interrupted')
    expect(workspace.probes.cells('p1')).toEqual([cell(1), cell(2)])
  })

  test('are interrupted for who reads where no one writes, and running beside a writer', () => {
    create()
    const beside = Workspace.open(folder, { readOnly: true })
    expect(beside.probes.get('p1').status).toBe('queued')
    beside.close()
    workspace.connection.execute("UPDATE probes SET status = 'running'")
    workspace.close()
    const alone = Workspace.open(folder, { readOnly: true })
    expect(alone.probes.list().map(({ status }) => status)).toEqual(['running'].map(() => 'interrupted'))
    alone.close()
    workspace = Workspace.open(folder)
  })
})
