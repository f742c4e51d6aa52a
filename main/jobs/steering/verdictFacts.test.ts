import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeTinyModel } from '../../../tests/support/tinyModel.ts'
import { dataSetRecipe } from '../../contract/dataSets.ts'
import { collectSettings } from '../../contract/runs.ts'
import { sweepSettings } from '../../contract/sweeps.ts'
import { vectorRecipe } from '../../contract/vectors.ts'
import { resourcesFolder } from '../../resourcesFolder.ts'
import { openEngine, type EngineService } from '../engineService.ts'
import { npyBytes } from '../probes/npy.ts'

const hook = 'blocks.1.hook_resid_post'
const ignore = (): void => {}
const never = new AbortController().signal
const shared = {
  modelId: 'tiny',
  environment: { name: 'twenty_questions' as const, maxSteps: 2 },
  oracle: { kind: 'kb' as const },
  batch: 8,
  sampling: { maxNewTokens: 6 },
}

let folder: string
let engine: EngineService

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-facts-'))
  engine = await openEngine({
    workspaceFolder: join(folder, 'workspace'),
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
  await engine.models.add(await writeTinyModel(join(folder, 'tiny')), ignore, never)
  const run = collectSettings.parse({ ...shared, episodes: 6, seed: 7, capture: { hooks: [hook] } })
  const { id } = await engine.runs.ended((await engine.runs.start(run)).id)
  const recipe = dataSetRecipe.parse({
    runIds: [id],
    label: { kind: 'text', contains: 'e' },
    poolings: ['firstGenerated'],
  })
  const dataSet = await engine.dataSets.create(recipe, ignore, never)
  const contrast = vectorRecipe.parse({
    kind: 'contrast',
    dataSetId: dataSet.id,
    settings: { leastPerClass: 1 },
  })
  expect((await engine.vectors.make(contrast, ignore, never)).id).toBe('v1')
  const data = npyBytes(
    Float64Array.from({ length: 16 }, (_, i) => i),
    [16],
  )
  await engine.vectors.import({ fileName: 'file.npy', data, name: '', modelId: 'tiny', hook })
  const pairs = [1, 2, 3, 4, 5].map((n) => ({ positive: `yes ${n}`, negative: `no ${n}` }))
  const prompts = vectorRecipe.parse({ kind: 'prompts', modelId: 'tiny', pairs, layers: [1] })
  expect((await engine.vectors.make(prompts, ignore, never)).id).toBe('v3')
}, 120_000)
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

test.each([
  ['of the very episodes, in doubt', 'v1', 7, 4, 'amber', '4 of the 4 episodes have made the vector'],
  ['of other objects, well', 'v1', 8, 4, 'green', 'None of the 4 objects has made the vector'],
  ['of some of these objects with other draws, not measured', 'v1', 8, 60, 'grey', 'of the 60 objects have'],
  ['of a file, not known', 'v2', 7, 4, 'grey', 'not known'],
  ['of prompts, well', 'v3', 7, 4, 'green', 'from no episode'],
])(
  'a vector made from episodes is judged on others: %s',
  async (_, vector, seed, episodes, colour, words) => {
    const settings = sweepSettings.parse({
      ...{ ...shared, capture: {}, episodes, seed, vectors: [vector], alphas: [1], scoredSteps: 0 },
      controls: { random: 0, shuffled: false, negated: false },
      outcome: { kind: 'text', contains: 'e' },
      verdict: { bootstraps: 100, permutations: 100 },
    })
    const { id } = await engine.sweeps.start(settings)
    const { verdict, error } = await engine.sweeps.ended(id)
    expect(error).toBeNull()
    const item = verdict?.items.find(({ kind }) => kind === 'origin')
    expect(item).toMatchObject({ colour, sentence: expect.stringContaining(words) as string })
    expect(verdict).toMatchObject({ gates: [], missing: [] })
  },
)

test('a gate that was never open leaves nothing said for or against the vector', async () => {
  const settings = sweepSettings.parse({
    ...{ ...shared, capture: {}, episodes: 6, seed: 8, vectors: ['v1'], alphas: [1, 2], scoredSteps: 0 },
    gate: { vector: 'v1', above: 1e9, alsoWithout: false },
    controls: { random: 2, shuffled: false, negated: true },
    outcome: { kind: 'text', contains: 'e' },
    verdict: { bootstraps: 100, permutations: 100 },
  })
  const { id } = await engine.sweeps.start(settings)
  const { verdict, error } = await engine.sweeps.ended(id)
  expect(error).toBeNull()
  if (!verdict) throw new TypeError('no verdict')
  const { overall, items, conditions, doseResponses, gates } = verdict
  expect(gates.length).toBeGreaterThan(0)
  for (const { open, tokens } of gates) {
    expect(open).toBe(0)
    expect(tokens).toBeGreaterThan(0)
  }
  for (const { id: gated } of gates)
    expect(conditions.find((each) => each.id === gated)).toMatchObject({ colour: 'grey', isClaim: false })
  expect(overall.colour).toBe('grey')
  expect(overall.sentence).toMatch(
    / steered nothing: its gate was never open \(\d+ tokens\)\. What it would do/,
  )
  expect(doseResponses).toHaveLength(1)
  expect(doseResponses[0]).toMatchObject({
    colour: 'grey',
    sentence: expect.stringContaining('The gate was never open') as string,
  })
  for (const { kind, colour, sentence } of items.filter(
    ({ kind }) => !['stability', 'sensitivity', 'origin'].includes(kind),
  ))
    expect([kind, colour, sentence]).toEqual([
      kind,
      'grey',
      expect.stringContaining('its gate was never open'),
    ])
  expect(JSON.stringify(verdict)).not.toMatch(/too small|Nothing moves|shuffled doses/)
})
