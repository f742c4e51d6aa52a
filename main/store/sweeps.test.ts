import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleRun } from '../../tests/fixtures/store/sampleRun.ts'
import { sweepSettings } from '../contract/sweeps.ts'
import { Workspace } from './workspace.ts'

const settings = sweepSettings.parse({
  modelId: 'sample',
  environment: { name: 'twenty_questions' },
  oracle: { kind: 'kb' },
  sampling: {},
  capture: {},
  vectors: ['v1'],
})
const dose = { id: 'v1 · α = 2', title: 'α = 2', role: 'steered' as const, cell: 'v1', alpha: 2 }
const insert = 'INSERT INTO sweep_conditions (run, sweep, condition) VALUES (?, ?, ?)'

let folder: string
let workspace: Workspace
const open = (): Workspace => Workspace.open(folder)

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-sweeps-'))
  workspace = open()
  for (let run = 0; run < 3; run++) workspace.runs.create(sampleRun({}))
  workspace.sweeps.create('sweep', settings)
  workspace.sweeps.addCondition({ sweepId: 's1', ...dose }, 'r1')
})
afterEach(() => {
  workspace.close()
  rmSync(folder, { recursive: true })
})

describe('a condition of a sweep', () => {
  test('is there once, whoever adds it, and may come in another sweep', () => {
    expect(() => workspace.sweeps.addCondition({ sweepId: 's1', ...dose }, 'r2')).toThrow(TypeError)
    const again = workspace.connection.prepare(insert)
    expect(() => again.run(2, 1, JSON.stringify(dose))).toThrow(/UNIQUE/)
    workspace.sweeps.create('other', settings)
    workspace.sweeps.addCondition({ sweepId: 's2', ...dose }, 'r2')
    expect(workspace.sweeps.conditions('s2')).toMatchObject([dose])
  })

  test('that an older version stored twice is kept as a cell of its own', () => {
    workspace.connection.execute(
      'DROP INDEX sweep_condition_ids; DROP TABLE studies; PRAGMA user_version = 8',
    )
    const again = workspace.connection.prepare(insert)
    for (const run of [2, 3]) again.run(run, 1, JSON.stringify({ ...dose, alpha: 0.1 }))
    workspace.close()
    workspace = open()
    const [first, second, third] = workspace.sweeps.conditions('s1')
    expect(first).toMatchObject({ ...dose, runId: 'r1' })
    expect(second).toMatchObject({ runId: 'r2', role: 'steered', alpha: 0.1, title: 'α = 2, played again' })
    expect(new Set([first, second, third].map(({ id }) => id)).size).toBe(3)
    expect(new Set([first, second, third].map(({ cell }) => cell)).size).toBe(3)
  })
})
