import { cpSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WorkProgress } from '../../contract/api.ts'
import { dataSetRecipe } from '../../contract/dataSets.ts'
import { collectSettings } from '../../contract/runs.ts'
import { sweepSettings } from '../../contract/sweeps.ts'
import { vectorRecipe, type VectorRecipeInput, type VectorRecord } from '../../contract/vectors.ts'
import { resourcesFolder } from '../../resourcesFolder.ts'
import { openEngine, type EngineService } from '../engineService.ts'

const hook = 'blocks.3.hook_resid_post'
const ignore = (): void => {}
const never = new AbortController().signal

let folder: string
let engine: EngineService
let runId: string
let dataSetId: string

const open = (name: string): Promise<EngineService> =>
  openEngine({
    workspaceFolder: join(folder, name),
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })

type Learned = Omit<Extract<VectorRecipeInput, { kind: 'learned' }>, 'kind' | 'dataSetId'>
const learn = (
  changes: Learned = {},
  { tell = ignore, signal = never }: { tell?: (progress: WorkProgress) => void; signal?: AbortSignal } = {},
  service = engine,
): Promise<VectorRecord> =>
  service.vectors.make(
    vectorRecipe.parse({
      kind: 'learned',
      dataSetId,
      components: 4,
      trainEpisodes: 4,
      heldOutEpisodes: 6,
      budget: 64,
      ...changes,
    }),
    tell,
    signal,
  )
const learnedOf = ({ origin }: VectorRecord) => {
  if (origin.kind !== 'learned') throw new TypeError(origin.kind)
  return origin
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-learned-'))
  engine = await open('workspace')
  await engine.models.addEmbedded()
  const settings = collectSettings.parse({
    modelId: 'embedded',
    environment: { name: 'twenty_questions', maxSteps: 6 },
    oracle: { kind: 'kb' },
    episodes: 8,
    seed: 1,
    sampling: {},
    capture: { hooks: [hook] },
  })
  runId = (await engine.runs.ended((await engine.runs.start(settings)).id)).id
  dataSetId = (await engine.dataSets.create(dataSetRecipe.parse({ runIds: [runId] }), ignore, never)).id
  await engine.close()
  cpSync(join(folder, 'workspace'), join(folder, 'copy'), { recursive: true })
  engine = await open('workspace')
}, 120_000)
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a learned direction', () => {
  test('has the effect that it says, on the objects that it says, and keeps no run', async () => {
    const fractions: number[] = []
    const vector = await learn(
      {},
      { tell: ({ label, fraction }) => label.startsWith('Trying') && fractions.push(fraction) },
    )
    const { train, heldOut, generations, episodesPlayed } = learnedOf(vector)
    expect({ generations, episodesPlayed }).toEqual({ generations: 2, episodesPlayed: 64 })
    expect(fractions.at(-1)).toBe(1)
    expect([...fractions].sort((one, other) => one - other)).toEqual(fractions)
    expect(engine.runs.list()).toHaveLength(1)
    expect(vector.rows).toEqual([{ hook, steps: null, norm: expect.any(Number) as number }])
    const { settings } = engine.runs.get(runId)
    const played = async (interventions: object[]) => {
      const asked = collectSettings.parse({ ...settings, interventions, episodes: 10, capture: {} })
      const { id } = await engine.runs.ended((await engine.runs.start(asked)).id)
      const rate = (from: number, to: number): number => {
        const steps = Array.from({ length: to - from }, (_, i) => engine.episodes.steps(id, from + i)).flat()
        return steps.filter(({ isInvalid }) => isInvalid).length / steps.length
      }
      return { id, train: rate(0, 4), heldOut: rate(4, 10) }
    }
    const add = { kind: 'add', hook, positions: 'lastPrompt', alpha: 1, vector: { vector: vector.id } }
    const [plain, steered] = [await played([]), await played([add])]
    expect(train).toMatchObject({ episodes: 4, baseline: plain.train, steered: steered.train })
    expect(heldOut).toMatchObject({ episodes: 6, baseline: plain.heldOut, steered: steered.heldOut })
    expect(train.effect.value).toBeCloseTo(steered.train - plain.train, 12)
    expect(train.steered!).toBeLessThanOrEqual(train.baseline!)
    expect(vector.flags[0]).toContain('objects it was searched on')
  }, 120_000)

  test('is not searched for twice', async () => {
    const tried: string[] = []
    const again = await learn({}, { tell: ({ label }) => tried.push(label) })
    expect(again.id).toBe(engine.vectors.list()[0].id)
    expect(tried.filter((label) => label.startsWith('Trying'))).toEqual([])
  })

  test('has seen all episodes of its search, though the run has fewer: a sweep of the last of them says so', async () => {
    const [{ id: vector }] = engine.vectors.list()
    const { modelId, environment, oracle, sampling } = engine.runs.get(runId).settings
    const asked = sweepSettings.parse({
      ...{ modelId, environment, oracle, sampling, seed: 1, episodes: 11, capture: {} },
      ...{ vectors: [vector], alphas: [1], scoredSteps: 0 },
      controls: { random: 0, shuffled: false, negated: false },
      verdict: { bootstraps: 100, permutations: 100 },
    })
    const { verdict, error } = await engine.sweeps.ended((await engine.sweeps.start(asked)).id)
    expect(error).toBeNull()
    expect(verdict?.items.find(({ kind }) => kind === 'origin')).toMatchObject({
      colour: 'amber',
      sentence: expect.stringMatching(
        /^10 of the 11 episodes have made the vector or judged its search/,
      ) as string,
    })
  }, 120_000)

  test('that was cancelled, and whose engine was closed, goes on to the vector of a search that was not', async () => {
    const stop = new AbortController()
    const searching = learn(
      { seed: 7, budget: 96 },
      { tell: ({ label }) => label.includes(': 50 of') && stop.abort(), signal: stop.signal },
    )
    await expect(searching).rejects.toMatchObject({ name: 'AbortError' })
    await engine.close()
    engine = await open('workspace')
    const first: string[] = []
    const resumed = await learn(
      { seed: 7, budget: 96 },
      { tell: ({ label }) => label.startsWith('Trying') && first.push(label) },
    )
    expect(first[0]).toContain(': 32 of')
    const copy = await open('copy')
    try {
      const whole = await learn({ seed: 7, budget: 96 }, {}, copy)
      expect(whole.hash).toBe(resumed.hash)
      // The workspace has had a search with these held-out objects before, its copy has not.
      expect(learnedOf(resumed).looks).toBe(2)
      expect(resumed.flags.join(' ')).toContain('2 searches were judged on these held-out objects')
      expect(whole.origin).toEqual({ ...resumed.origin, looks: 1 })
      expect(whole.flags.join(' ')).not.toContain('searches were judged')
    } finally {
      await copy.close()
    }
  }, 120_000)
})

describe('refused, before anything is played, is', () => {
  test.each<[string, Learned, RegExp]>([
    ['a budget below one generation', { budget: 31 }, /8 candidates plays 32 episodes/],
    ['a layer that the data set does not have', { layer: 2 }, /it has 3/],
    ['a pooling that it does not have', { pooling: 'mean' }, /it has lastPrompt/],
    ['an outcome that nobody can tell of new steps', { outcome: { kind: 'hand', name: 'x' } }, /new steps/],
    [
      'held-out objects that are trained on',
      { trainEpisodes: 100, budget: 800, heldOutEpisodes: 100 },
      /held out and trained on/,
    ],
  ])('%s', async (_, changes, message) => {
    await expect(learn(changes)).rejects.toThrow(message)
  })
})
