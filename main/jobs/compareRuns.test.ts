import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sampleRun, sampleStep } from '../../tests/fixtures/store/sampleRun.ts'
import { comparisonQuery } from '../contract/comparison.ts'
import { Workspace } from '../store/workspace.ts'
import { compareRuns } from './compareRuns.ts'

let folder: string
let workspace: Workspace

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-compare-'))
  workspace = Workspace.open(folder)
})
afterEach(async () => {
  workspace.close()
  await rm(folder, { recursive: true, force: true })
})

/** Episodes of one step each: which of them win. */
function play(seed: number, wins: readonly boolean[], temperature = 1): string {
  const sample = sampleRun({ positions: 'decision' })
  const { sampling } = sample.settings
  const settings = { ...sample.settings, seed, sampling: { ...sampling, temperature }, episodes: wins.length }
  const { id } = workspace.runs.create({ ...sample, settings })
  wins.forEach((isWin, episode) => {
    workspace.episodes.begin(id, { episode, task: `task ${episode}`, state: {} })
    workspace.steps.append(sampleStep(id, episode, 0, { firstPosition: 0, outcome: isWin ? 'win' : 'limit' }))
  })
  return id
}
const compared = (...runIds: string[]) => compareRuns(workspace, comparisonQuery.parse({ runIds }))
const wins = (comparison: Awaited<ReturnType<typeof compared>>, run: number) =>
  comparison.runs[run].metrics.find(({ metric }) => metric === 'winRate')!

const many = (count: number, isWin: (index: number) => boolean) =>
  Array.from({ length: count }, (_, i) => isWin(i))

test('runs of the same objects and seed are compared pair by pair, which tells smaller differences apart', async () => {
  const half = many(40, (i) => i % 2 === 0)
  const more = many(40, (i) => i % 2 === 0 || i < 16)
  const comparison = await compared(play(7, half), play(7, more), play(8, more))
  const [paired, unpaired] = [wins(comparison, 1), wins(comparison, 2)]
  expect(paired).toMatchObject({ value: 0.7, isPaired: true })
  expect(comparison.runs[1].pairs).toBe(40)
  expect(paired.difference!.value).toBeCloseTo(0.2, 12)
  expect(paired.difference!.low).toBeGreaterThan(0)
  expect(unpaired).toMatchObject({ value: 0.7, isPaired: false })
  expect(comparison.runs[2].pairs).toBe(0)
  expect(unpaired.difference!.value).toBeCloseTo(0.2, 12)
  expect(unpaired.difference!.low).toBeLessThan(0)
})

test('the first run is compared with nothing, and one that is the same differs by nothing', async () => {
  const comparison = await compared(play(7, [true, false, true]), play(7, [true, false, true]))
  expect(wins(comparison, 0).difference).toBeNull()
  expect(wins(comparison, 1).difference).toEqual({ value: 0, low: 0, high: 0 })
  expect(comparison.differences).toEqual([])
})

test('settings that differ are named by their path, with a value for each run', async () => {
  const { differences } = await compared(play(7, [true, true]), play(8, [true, true], 0.5))
  expect(differences).toEqual([
    { setting: 'seed', values: [7, 8] },
    { setting: 'sampling.temperature', values: [1, 0.5] },
  ])
})

test('a run without an ended episode has no figures', async () => {
  const empty = workspace.runs.create(sampleRun({ positions: 'decision' })).id
  const comparison = await compared(play(7, [true, true]), empty)
  expect(wins(comparison, 1)).toMatchObject({
    value: null,
    difference: { value: null, low: null, high: null },
  })
})

test('a run that is not there, or is named twice, is refused', async () => {
  const run = play(7, [true])
  await expect(compared(run, 'r99')).rejects.toEqual(expect.objectContaining({ code: 'not_found' }))
  await expect(compared(run, run)).rejects.toEqual(expect.objectContaining({ code: 'invalid_input' }))
})
