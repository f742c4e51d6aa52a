import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  sampleHook,
  samplePositions,
  samplePrompt,
  sampleRun,
  sampleStep,
} from '../../tests/fixtures/store/sampleRun.ts'
import { decisionPoints } from './activations.ts'
import { Workspace } from './workspace.ts'

const WIDTH = 8
let folder: string
let workspace: Workspace

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-activations-'))
  workspace = Workspace.open(folder)
})

afterEach(() => {
  workspace.close()
  rmSync(folder, { recursive: true })
})

const hook = sampleHook
const shardOf = (runId: string, shard: number): string =>
  join(folder, 'activations', runId, `${shard}.safetensors`)

/** A run whose steps store positions from `first(step)` on. */
function collect(
  first: (step: number) => number | undefined,
  dtype: 'float32' | 'float16' = 'float32',
): string {
  const { id } = workspace.runs.create(sampleRun({ positions: 'all', dtype }))
  for (const episode of [0, 1]) workspace.episodes.begin(id, { episode, task: 'x', state: {} })
  for (const step of [0, 1, 2, 3, 4])
    for (const episode of [1, 0])
      workspace.steps.append(sampleStep(id, episode, step, { width: WIDTH, firstPosition: first(step) }))
  return id
}

/** Each step keeps only what its prompt adds to the one before. */
const onlyNew = (step: number): number => (step === 0 ? 0 : samplePrompt(0, step - 1).length)

describe('decision points', () => {
  test('are read one by one as they were captured', () => {
    const runId = collect(() => undefined)
    const { captures } = sampleStep(runId, 1, 2, { width: WIDTH })
    for (const at of decisionPoints)
      expect(workspace.activations.get({ runId, episode: 1, step: 2, hook, at })).toEqual({
        data: captures[0][at],
        shape: [WIDTH],
        axes: 'D',
      })
    expect(existsSync(join(folder, 'activations'))).toBe(false)
  })

  test('are read over all steps of a run, ordered by episode and step', () => {
    const runId = collect(() => undefined)
    collect(() => undefined) // another run, which must not mix in
    const { data, shape, keys } = workspace.activations.matrix({ runId, hook, at: 'meanGenerated' })
    expect(shape).toEqual([10, WIDTH])
    expect(keys.map(({ episode, step }) => `${episode}/${step}`).join(' ')).toBe(
      '0/0 0/1 0/2 0/3 0/4 1/0 1/1 1/2 1/3 1/4',
    )
    keys.forEach(({ episode, step }, row) =>
      expect(data.slice(row * WIDTH, (row + 1) * WIDTH)).toEqual(
        sampleStep(runId, episode, step, { width: WIDTH }).captures[0].meanGenerated,
      ),
    )
  })

  test('that do not exist leave their row out, and a matrix of nothing has no rows', () => {
    const { id: runId } = workspace.runs.create(sampleRun())
    workspace.episodes.begin(runId, { episode: 0, task: 'x', state: {} })
    const step = sampleStep(runId, 0, 0)
    step.captures[0].meanPrompt = null
    workspace.steps.append(step)
    workspace.steps.append(sampleStep(runId, 0, 1))
    const { shape, keys } = workspace.activations.matrix({ runId, hook, at: 'meanPrompt' })
    expect([shape, keys]).toEqual([[1, 8], [{ episode: 0, step: 1 }]])
    expect(workspace.activations.matrix({ runId, hook: 'hook_embed', at: 'lastPrompt' }).shape).toEqual([
      0, 0,
    ])
    expect(() => workspace.activations.get({ runId, episode: 0, step: 0, hook, at: 'meanPrompt' })).toThrow(
      /has no blocks.1.hook_resid_post \(meanPrompt\) for episode 0, step 0/,
    )
  })

  test('are listed without their values: the rows of the matrix, with verdict and width', () => {
    const runId = collect(() => undefined, 'float16')
    const which = { runId, hook, at: 'lastPrompt' } as const
    const { keys } = workspace.activations.matrix(which)
    const { episode, step, isInvalid, width } = workspace.activations.steps(which)
    expect([...episode]).toEqual(keys.map((key) => key.episode))
    expect([...step]).toEqual(keys.map((key) => key.step))
    expect([...isInvalid]).toEqual(
      keys.map((key) => Number(sampleStep(runId, key.episode, key.step).record.isInvalid)),
    )
    expect(width).toBe(WIDTH)
    expect(workspace.activations.steps({ ...which, hook: 'hook_embed' })).toMatchObject({ width: 0 })
  })

  test('stored as float16 come back rounded to the nearest half', () => {
    const runId = collect(() => undefined, 'float16')
    const { captures } = sampleStep(runId, 0, 0, { width: WIDTH })
    const { data } = workspace.activations.get({ runId, episode: 0, step: 0, hook, at: 'lastPrompt' })
    expect(data).toEqual(Float32Array.from(new Float16Array(captures[0].lastPrompt)))
    expect(data).not.toEqual(captures[0].lastPrompt)
    expect(workspace.activations.matrix({ runId, hook, at: 'lastPrompt' }).data.slice(0, WIDTH)).toEqual(data)
  })
})

describe('all positions', () => {
  test('of a shared prefix, stored once, equal those stored whole', () => {
    const [shared, whole] = [collect(onlyNew), collect(() => 0)]
    workspace.close()
    workspace = Workspace.open(folder)
    for (const episode of [0, 1])
      for (const step of [0, 1, 2, 3, 4]) {
        const read = workspace.activations.positions({ runId: shared, episode, step, hook })
        expect(read.data).toEqual(samplePositions(episode, step, WIDTH))
        expect(read).toEqual(workspace.activations.positions({ runId: whole, episode, step, hook }))
        expect(read.shape).toEqual([samplePrompt(episode, step).length + 2, WIDTH])
      }
    expect(readFileSync(shardOf(shared, 0)).length).toBeLessThan(readFileSync(shardOf(whole, 0)).length)
  })

  test('are joined over several steps when a prefix shrinks again', () => {
    const runId = collect((step) => [0, 4, 2, 9, 1][step])
    for (const step of [0, 1, 2, 3, 4])
      expect(workspace.activations.positions({ runId, episode: 0, step, hook }).data).toEqual(
        samplePositions(0, step, WIDTH),
      )
  })

  test('are refused when the step before does not reach them', () => {
    const { id } = workspace.runs.create(sampleRun({ positions: 'all' }))
    workspace.episodes.begin(id, { episode: 0, task: 'x', state: {} })
    const { steps } = workspace
    expect(() => steps.append(sampleStep(id, 0, 0, { firstPosition: 2 }))).toThrow('does not reach')
    steps.append(sampleStep(id, 0, 0)) // decision points only
    expect(() => steps.append(sampleStep(id, 0, 1, { firstPosition: 2 }))).toThrow('does not reach')
    const other = sampleStep(id, 0, 1, { firstPosition: 0 })
    steps.append(other)
    const changed = sampleStep(id, 0, 2, { firstPosition: 5 })
    changed.record.promptIds[1] = 42
    expect(() => steps.append(changed)).toThrow('does not reach')
    expect(() => steps.append(sampleStep(id, 0, 2, { firstPosition: 99 }))).toThrow('begins at position 99')
    expect(workspace.runs.get(id).progress.steps).toBe(2)
  })

  test('were not captured by a run with decision points', () => {
    const runId = collect(() => undefined)
    expect(() => workspace.activations.positions({ runId, episode: 0, step: 0, hook })).toThrow(
      /all positions/,
    )
  })

  test('lie in a safetensors file whose tensors and hash are right once the run rests', () => {
    const runId = collect(onlyNew, 'float16')
    workspace.runs.setStatus(runId, 'done')
    const file = readFileSync(shardOf(runId, 0))
    const length = Number(file.readBigUInt64LE())
    const header = JSON.parse(file.toString('utf8', 8, 8 + length))
    expect(Object.keys(header)).toHaveLength(10)
    expect(header['1/0/0/blocks.1.hook_resid_post']).toEqual({
      dtype: 'F16',
      shape: [6, 8],
      data_offsets: [0, 96],
    })
    const ends = Object.values(header).map((entry) => (entry as { data_offsets: number[] }).data_offsets[1])
    expect(8 + length + Math.max(...ends)).toBe(file.length)
    const stored = workspace.connection.prepare<[], { sha256: string }>('SELECT sha256 FROM shards').get()!
    expect(stored.sha256).toBe(
      createHash('sha256')
        .update(file.subarray(8 + length))
        .digest('hex'),
    )
  })

  test('go into another file after the run rested', () => {
    const { id } = workspace.runs.create(sampleRun({ positions: 'all' }))
    workspace.episodes.begin(id, { episode: 0, task: 'x', state: {} })
    workspace.steps.append(sampleStep(id, 0, 0, { firstPosition: 0 }))
    workspace.runs.setStatus(id, 'paused')
    workspace.steps.append(sampleStep(id, 0, 1, { firstPosition: 4 }))
    expect(existsSync(shardOf(id, 1))).toBe(true)
    const { data } = workspace.activations.positions({ runId: id, episode: 0, step: 1, hook })
    expect(data).toEqual(samplePositions(0, 1, 8))
  })

  test('are deleted with their run', () => {
    const runId = collect(onlyNew)
    workspace.runs.remove(runId)
    expect(existsSync(join(folder, 'activations', runId))).toBe(false)
    const left = workspace.connection.prepare<[], { n: number }>(
      'SELECT (SELECT count(*) FROM activations) + (SELECT count(*) FROM segments) + (SELECT count(*) FROM steps) AS n',
    )
    expect(left.get()!.n).toBe(0)
  })
})

describe('a shard that is not what the database says', () => {
  test('is named when positions are read from it, and the workspace still opens', () => {
    const runId = collect(onlyNew)
    workspace.close()
    rmSync(shardOf(runId, 0))
    workspace = Workspace.open(folder)
    const address = { runId, episode: 0, step: 0, hook }
    expect(() => workspace.activations.positions(address)).toThrow(/0\.safetensors: the file is missing/)
    expect(workspace.activations.get({ ...address, at: 'lastPrompt' }).shape).toEqual([8])
  })
})
