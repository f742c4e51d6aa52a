import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleRun, sampleStep } from '../../../tests/fixtures/store/sampleRun.ts'
import { dataSetRecipe } from '../../contract/dataSets.ts'
import { Workspace } from '../../store/workspace.ts'
import { probeDataOf } from './probeRows.ts'

let folder: string
let workspace: Workspace
const mood = (step: number) => ({ runId: 'r1', episode: 0, step, name: 'mood' })

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-rows-'))
  workspace = Workspace.open(folder)
  workspace.runs.create(sampleRun())
  workspace.episodes.begin('r1', { episode: 0, task: 'Cat', state: {} })
  for (const step of [0, 1, 2]) {
    workspace.steps.append(sampleStep('r1', 0, step))
    workspace.handLabels.give({ ...mood(step), label: step === 1 ? 'sad' : 'glad' })
  }
  const recipe = dataSetRecipe.parse({ runIds: ['r1'], label: { kind: 'hand', name: 'mood' } })
  workspace.dataSets.create(
    {
      name: 'moods',
      recipe,
      hash: 'a'.repeat(64),
      rows: 3,
      episodes: 1,
      classes: ['glad', 'sad'],
      counts: [2, 1],
      layers: [1],
      poolings: ['lastPrompt'],
      width: 8,
      models: [],
      bytes: 0,
    },
    {
      keys: [0, 1, 2].map((step) => ({ runId: 'r1', episode: 0, step })),
      labels: Int32Array.of(0, 1, 0),
      earlierLabels: [[], [0], [0, 1]],
    },
  )
})
afterEach(() => {
  workspace.close()
  rmSync(folder, { recursive: true })
})
const earlier = () => {
  const { earlierLabels, areEarlierLabelsLive } = probeDataOf(workspace, 'd1', { categories: new Map() })
  return { earlierLabels, areEarlierLabelsLive }
}

describe('earlier labels', () => {
  test('are those that the data set was made with, whatever a person labels since', () => {
    workspace.handLabels.take(mood(1))
    expect(earlier()).toEqual({ earlierLabels: [[], [0], [0, 1]], areEarlierLabelsLive: false })
  })

  test('of a data set that did not keep them are read as they are now, and said to be', () => {
    workspace.connection.execute('UPDATE data_set_rows SET earlier = NULL')
    expect(earlier()).toEqual({ earlierLabels: [[], [0], [0, 1]], areEarlierLabelsLive: true })
    workspace.handLabels.give({ ...mood(0), label: 'sad' })
    expect(earlier().earlierLabels).toEqual([[], [1], [1, 1]])
  })
})
