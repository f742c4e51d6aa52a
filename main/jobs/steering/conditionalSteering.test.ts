import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataSetRecipe } from '../../contract/dataSets.ts'
import type { PlaygroundItem } from '../../contract/playground.ts'
import { probeSettings } from '../../contract/probes.ts'
import { collectSettings } from '../../contract/runs.ts'
import { sweepSettings, type SweepInput } from '../../contract/sweeps.ts'
import { vectorRecipe } from '../../contract/vectors.ts'
import { resourcesFolder } from '../../resourcesFolder.ts'
import { openEngine, type EngineService } from '../engineService.ts'

const hook = 'blocks.3.hook_resid_post'
const ignore = (): void => {}
const never = new AbortController().signal
const shared = {
  modelId: 'embedded',
  environment: { name: 'twenty_questions' as const, maxSteps: 8 },
  oracle: { kind: 'kb' as const },
  seed: 1,
  sampling: {},
  capture: { hooks: [hook] },
}

let folder: string
let engine: EngineService
let runId: string
let probe: string
let vectors: string[]

const vectorOf = async (dataSetId: string, kind: 'pooled' | 'perStep'): Promise<string> => {
  const settings = { scope: { kind }, leastPerClass: 2, splits: 20, shuffles: 20 }
  const recipe = vectorRecipe.parse({ kind: 'contrast', dataSetId, settings })
  return (await engine.vectors.make(recipe, ignore, never)).id
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-conditional-'))
  engine = await openEngine({
    workspaceFolder: join(folder, 'workspace'),
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
  await engine.models.addEmbedded()
  const settings = collectSettings.parse({ ...shared, episodes: 12 })
  runId = (await engine.runs.ended((await engine.runs.start(settings)).id)).id
  const recipe = dataSetRecipe.parse({ runIds: [runId], poolings: ['lastPrompt'] })
  const dataSet = await engine.dataSets.create(recipe, ignore, never)
  const asked = probeSettings.parse({ dataSetId: dataSet.id, permutations: 10, bootstraps: 100 })
  probe = engine.probes.train(asked).id
  expect((await engine.probes.ended(probe)).status).toBe('done')
  vectors = [await vectorOf(dataSet.id, 'pooled'), await vectorOf(dataSet.id, 'perStep')]
}, 120_000)
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a probe as a gate', () => {
  test('opens for as many held-out steps as is said, at the lowest threshold that does', () => {
    const { predictions, data } = engine.probes.get(probe).document!
    const quiet = predictions.filter(({ label }) => label === 0)
    for (const rate of [0, 0.05, 0.2, 1]) {
      const gate = engine.probeReader.gate(probe, rate)
      const share = (rows: typeof quiet) =>
        rows.filter(({ probability }) => probability >= gate.probability - 1e-9).length / rows.length
      expect(gate).toMatchObject({ hook, pooling: 'lastPrompt', opensFor: data.classes[1] })
      expect(gate.falsePositiveRate).toBeLessThanOrEqual(rate)
      expect(gate.falsePositiveRate).toBeCloseTo(share(quiet), 10)
      expect(gate.truePositiveRate).toBeCloseTo(share(predictions.filter(({ label }) => label === 1)), 10)
      const below = predictions.filter(({ probability }) => probability < gate.probability - 1e-9)
      const next = Math.max(...below.map(({ probability }) => probability))
      const wider = quiet.filter(({ probability }) => probability >= next).length / quiet.length
      if (below.length > 0) expect(wider).toBeGreaterThan(rate)
    }
  })

  test('is refused for a probe that is not there', () => {
    expect(() => engine.probeReader.gate('p99', 0.1)).toThrow(expect.objectContaining({ code: 'not_found' }))
  })
})

describe('static, per-step and conditional arms', () => {
  const settings = (changes: Partial<SweepInput> = {}) =>
    sweepSettings.parse({
      ...shared,
      episodes: 6,
      batch: 16,
      vectors,
      // So little that activations, and with them the probe, stay what they are.
      alphas: [1e-4],
      gate: { probe: { id: probe, falsePositiveRate: 0.2 } },
      controls: { random: 1, shuffled: false, negated: false },
      verdict: { bootstraps: 100, permutations: 100 },
      scoredSteps: 1,
      ...changes,
    })

  test('are compared in one sweep, and the gate is open just where the probe sounds the alarm', async () => {
    const { id } = await engine.sweeps.start(settings())
    const sweep = await engine.sweeps.ended(id)
    expect(sweep.error).toBeNull()
    const steered = sweep.conditions.filter(({ role }) => role === 'steered')
    expect(steered.map(({ cell }) => cell)).toEqual([
      `${vectors[0]} · layer 3 · last prompt token`,
      `${vectors[0]} · layer 3 · last prompt token · gated by ${probe} at 0.2`,
      `${vectors[1]} · layer 3 · last prompt token`,
      `${vectors[1]} · layer 3 · last prompt token · gated by ${probe} at 0.2`,
    ])
    expect(sweep.verdict?.conditions).toHaveLength(8)
    expect(sweep.verdict?.gates?.map(({ id }) => id)).toEqual(
      sweep.conditions.filter(({ cell }) => cell.includes('gated')).map(({ id }) => id),
    )
    const told = sweep.verdict!.gates!.find(({ id }) => id === steered[1].id)!
    expect(told.open).toBeGreaterThan(0)
    expect(told.open).toBeLessThan(told.tokens)
    const { sentence } = sweep.verdict!.conditions.find(({ id }) => id === steered[1].id)!
    expect(sentence).toContain(`open at ${told.open} of ${told.tokens} tokens`)
    const { probability, above } = engine.probeReader.gate(probe, 0.2)
    expect(sweep.settings.gate).toMatchObject({ probe: { id: probe }, above })
    let [open, shut] = [0, 0]
    const gated = steered[1].runId
    for (let episode = 0; episode < 6; episode++) {
      const read = await engine.probeReader.readOut(
        { id: probe, runId: gated, episode, tokens: false },
        ignore,
        never,
      )
      for (const { step, interventions } of engine.episodes.steps(gated, episode)) {
        const value = read.steps[step].probability!
        if (Math.abs(value - probability) < 1e-3) continue // rounding decides
        expect(interventions[0].open).toBe(Number(value > probability))
        if (value > probability) open++
        else shut++
      }
    }
    expect(open).toBeGreaterThan(3)
    expect(shut).toBeGreaterThan(3)
  }, 120_000)

  test('a gate that was trained elsewhere is refused, and nothing is stored', async () => {
    const before = [engine.sweeps.list().length, engine.runs.list().length]
    await expect(engine.sweeps.start(settings({ layers: [2] }))).rejects.toThrow(/trained on blocks.3/)
    await expect(engine.sweeps.start(settings({ gate: { probe: { id: 'p77' } } }))).rejects.toMatchObject({
      code: 'not_found',
    })
    expect([engine.sweeps.list().length, engine.runs.list().length]).toEqual(before)
  })
})

test('the playground reads every token with a probe as the timeline does', async () => {
  const played: PlaygroundItem[] = []
  const settings = { ...engine.playgroundOf({ runId, episode: 0, step: 1 }), probeId: probe }
  await engine.play(settings, (item) => played.push(item), never)
  const { steps } = await engine.probeReader.readOut(
    { id: probe, runId, episode: 0, tokens: true },
    ignore,
    never,
  )
  const record = engine.episodes.steps(runId, 0)[1]
  const told = played.flatMap((item) => (item.kind === 'probe' ? [item] : []))
  expect(told.map(({ index }) => index)).toEqual([-1, ...record.completionIds.keys()])
  for (const { index, probability } of told)
    expect(probability).toBeCloseTo(steps[1].tokens![record.promptIds.length + index], 4)
}, 60_000)
