import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeTinyModel } from '../../../tests/support/tinyModel.ts'
import { collectSettings } from '../../contract/runs.ts'
import { sweepSettings, type SweepInput } from '../../contract/sweeps.ts'
import { resourcesFolder } from '../../resourcesFolder.ts'
import { npyBytes } from '../probes/npy.ts'
import { openEngine, type EngineService } from '../engineService.ts'

const hook = 'blocks.1.hook_resid_post'
const width = 16
const episodes = 4
const ignore = (): void => {}
const never = new AbortController().signal

let folder: string
let engine: EngineService

const settings = (changes: Partial<SweepInput> = {}) =>
  sweepSettings.parse({
    modelId: 'tiny',
    environment: { name: 'twenty_questions', maxSteps: 3, objects: 'simple' },
    oracle: { kind: 'kb' },
    episodes,
    seed: 7,
    batch: 8,
    sampling: { maxNewTokens: 6 },
    capture: {},
    vectors: ['v1'],
    alphas: [1, 3],
    controls: { random: 2, shuffled: false, prompt: 'Say e.', at: 'largest' },
    outcome: { kind: 'text', contains: 'e' },
    verdict: { bootstraps: 100, permutations: 100 },
    scoredSteps: 2,
    ...changes,
  })

const open = (name: string): Promise<EngineService> =>
  openEngine({
    workspaceFolder: join(folder, name),
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })

async function opened(name: string): Promise<EngineService> {
  const service = await open(name)
  await service.models.add(join(folder, 'tiny'), ignore, never)
  const data = npyBytes(
    Float64Array.from({ length: width }, (_, i) => Math.cos(i)),
    [width],
  )
  await service.vectors.import({ fileName: 'cosines.npy', data, name: '', modelId: 'tiny', hook })
  return service
}

const texts = (service: EngineService, run: string) =>
  Array.from({ length: episodes }, (_, episode) =>
    service.episodes.steps(run, episode).map(({ completion, answer }) => ({ completion, answer })),
  )

async function swept(service: EngineService, changes: Partial<SweepInput> = {}) {
  const { id } = await service.sweeps.start(settings(changes))
  const sweep = await service.sweeps.ended(id)
  expect(sweep.error).toBeNull()
  return sweep
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-sweeps-'))
  await writeTinyModel(join(folder, 'tiny'))
  engine = await opened('workspace')
}, 60_000)
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a sweep', () => {
  test('plays every condition as a run of its own, with the rows that it would have alone, and judges them', async () => {
    const sweep = await swept(engine)
    expect(sweep.status).toBe('done')
    expect(sweep.conditions.map(({ title, role }) => [title, role])).toEqual([
      ['baseline', 'baseline'],
      ['α = 1', 'steered'],
      ['α = 3', 'steered'],
      ['α = 3, random 1', 'random'],
      ['α = 3, random 2', 'random'],
      ['α = −3, negated', 'negated'],
      ['told in words', 'prompt'],
    ])
    for (const { runId, status } of sweep.conditions) {
      expect(status).toBe('done')
      const { settings: own, sweep: member } = engine.runs.get(runId)
      expect(member?.id).toBe(sweep.id)
      const alone = await engine.runs.ended((await engine.runs.start(collectSettings.parse(own))).id)
      expect(texts(engine, runId)).toEqual(texts(engine, alone.id))
      expect(alone.sweep).toBeUndefined()
    }
    const tasks = sweep.conditions.map(({ runId }) =>
      Array.from({ length: episodes }, (_, episode) => engine.episodes.summary(runId, episode).task),
    )
    for (const each of tasks) expect(each).toEqual(tasks[0])
    const { verdict } = sweep
    expect(verdict?.settings.metric).toBe('rate of “e”')
    expect(verdict?.conditions.map(({ title, pairs }) => [title, pairs])).toEqual(
      sweep.conditions.slice(1).map(({ title }) => [title, episodes]),
    )
    const strong = verdict!.conditions.find(({ title }) => title === 'α = 3')!
    const effects = Object.fromEntries(strong.sideEffects.map(({ name, steered }) => [name, steered]))
    expect(effects.perplexity).toBeGreaterThan(1)
    const kl = strong.sideEffects.find(({ name }) => name === 'firstTokenKl')!
    expect(kl.steered).toBeGreaterThan(0)
    expect(kl.effect.value).toBeCloseTo(kl.steered!, 12)
    expect(kl.effect.low!).toBeLessThan(kl.effect.value!)
    expect(kl.effect.high!).toBeGreaterThan(kl.effect.value!)
    expect(kl.effect.low!).toBeGreaterThan(0)
    const told = verdict!.conditions.find(({ role }) => role === 'prompt')!
    expect(told.sideEffects.find(({ name }) => name === 'firstTokenKl')?.steered).toBeGreaterThan(0)
  }, 120_000)

  test('gives upstream’s tables of its doses, and says so where a cell is not there', async () => {
    const [{ id }] = engine.sweeps.list()
    const tables = await engine.sweeps.tables(id, undefined, never)
    expect(tables.conditions).toHaveLength(3)
    expect(tables.overall[0]).toMatchObject({ episodes, difference: null })
    await expect(engine.sweeps.tables(id, 'x', never)).rejects.toMatchObject({ code: 'invalid_input' })
  })

  test('takes conditions later and plays none of the others again', async () => {
    const before = engine.sweeps.list()[0]
    const steps = before.conditions.map(({ runId }) => engine.runs.get(runId).endedAt)
    await engine.sweeps.extend(before.id, { alphas: [1, 2, 3] })
    const after = await engine.sweeps.ended(before.id)
    expect(after.conditions).toHaveLength(before.conditions.length + 1)
    expect(after.conditions.at(-1)).toMatchObject({ alpha: 2, status: 'done' })
    expect(before.conditions.map(({ runId }) => engine.runs.get(runId).endedAt)).toEqual(steps)
    expect(after.verdict?.conditions).toHaveLength(before.conditions.length)
    await expect(engine.sweeps.extend(before.id, { alphas: [1, 2, 3] })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })

  test('that was widened has a verdict of fewer conditions until it is judged anew', async () => {
    const before = await swept(engine, { alphas: [3] })
    expect(before.isVerdictOutdated).toBe(false)
    const widened = await engine.sweeps.extend(before.id, { alphas: [2] })
    expect(widened.isVerdictOutdated).toBe(true)
    expect(widened.overall?.sentence).toContain(before.verdict!.overall.sentence)
    expect(widened.overall?.sentence).toMatch(
      /Judged before 1 of the \d conditions: .*α = 2 \((queued|running)\)/,
    )
    engine.sweeps.cancel(before.id)
    const cancelled = await engine.sweeps.ended(before.id)
    expect(cancelled).toMatchObject({ status: 'cancelled', isVerdictOutdated: true })
    expect(cancelled.verdict?.missing).toMatchObject([
      { id: cancelled.conditions.at(-1)?.id, reason: 'cancelled' },
    ])
    expect(cancelled.verdict?.overall).toEqual(cancelled.overall)

    // What was given up before keeps nobody from judging what was added and played.
    await engine.sweeps.extend(before.id, { alphas: [4] })
    const after = await engine.sweeps.ended(before.id)
    expect(after).toMatchObject({ isVerdictOutdated: false, error: null })
    expect(after.verdict?.conditions.map(({ alpha }) => alpha)).toContain(4)
    expect(after.verdict?.missing).toMatchObject([{ reason: 'cancelled' }])
    await engine.sweeps.resume(before.id)
    const whole = await engine.sweeps.ended(before.id)
    expect(whole).toMatchObject({ status: 'done', isVerdictOutdated: false, verdict: { missing: [] } })
    engine.sweeps.remove(before.id)
  }, 60_000)

  test('that is left in the middle goes on to the verdict of one that was not', async () => {
    const longer: Partial<SweepInput> = {
      sampling: { maxNewTokens: 40 },
      environment: { name: 'twenty_questions', maxSteps: 6, objects: 'simple' },
    }
    const whole = await opened('whole')
    const expected = (await swept(whole, longer)).verdict
    await whole.close()
    const broken = await opened('broken')
    const { id } = await broken.sweeps.start(settings(longer))
    let seen = 0
    const watching = new AbortController()
    for await (const event of broken.events(watching.signal)) {
      if (event.kind !== 'episode' || ++seen < 5) continue
      if (seen === 5) broken.sweeps.pause(id)
      break
    }
    watching.abort()
    expect((await broken.sweeps.ended(id)).status).toBe('paused')
    await broken.sweeps.resume(id)
    await broken.close() // while it plays
    const again = await open('broken')
    expect(['interrupted', 'paused']).toContain(again.sweeps.get(id).status)
    await again.sweeps.resume(id)
    const ended = await again.sweeps.ended(id)
    expect(ended.error).toBeNull()
    expect(ended.verdict).toEqual(expected)
    await again.close()
  }, 180_000)

  test('that is cancelled keeps what it has played, is not judged, and can be taken up again', async () => {
    const { id } = await engine.sweeps.start(settings({ sampling: { maxNewTokens: 40 } }))
    const watching = new AbortController()
    for await (const event of engine.events(watching.signal)) if (event.kind === 'episode') break
    watching.abort()
    engine.sweeps.cancel(id)
    const cancelled = await engine.sweeps.ended(id)
    expect(cancelled).toMatchObject({ status: 'cancelled', verdict: null, error: null })
    const steps = cancelled.conditions.map((condition) => condition.steps)
    expect(Math.max(...steps)).toBeGreaterThan(0)
    expect(() => engine.sweeps.cancel(id)).toThrow(expect.objectContaining({ code: 'run_not_active' }))
    await engine.sweeps.resume(id)
    const ended = await engine.sweeps.ended(id)
    expect(ended.verdict?.conditions).toHaveLength(ended.conditions.length - 1)
    expect(() => engine.sweeps.cancel(id)).toThrow(expect.objectContaining({ code: 'run_not_active' }))
    engine.sweeps.remove(id)
  }, 60_000)

  test('whose dose breaks the model names that condition, and judges the others', async () => {
    const largest = 3e38 // a number of float32, but not times the value's norm
    const sweep = await swept(engine, {
      alphas: [1, largest],
      unit: 'valueNorm',
      controls: { random: 1, at: 'every' },
    })
    const broken = sweep.conditions.filter(({ status }) => status === 'failed')
    expect(broken.length).toBeGreaterThan(0)
    expect(broken.every(({ alpha }) => Math.abs(alpha!) === largest)).toBe(true)
    expect(engine.runs.get(broken[0].runId).error?.code).toBe('logits_not_finite')
    expect(sweep.verdict?.conditions.map(({ alpha }) => alpha)).toContain(1)
    expect(sweep.verdict?.missing?.map(({ id }) => id)).toEqual(broken.map(({ id }) => id))
    expect(sweep.verdict?.overall.sentence).toContain('have no part in this')
    expect(sweep.verdict?.overall.colour).not.toBe('green')
  })

  test('at a dose of a million says what that does beside the outcome', async () => {
    const sweep = await swept(engine, { alphas: [1e6], controls: { random: 1, negated: false } })
    const condition = sweep.verdict?.conditions.find(({ role }) => role === 'steered')
    expect(condition).toBeDefined()
    expect(condition!.sideEffects.some(({ colour }) => colour === 'red')).toBe(true)
    expect(condition!.colour).not.toBe('green')
  })

  test('widened by the opposite of a dose takes the control for a dose, plays nothing twice, and is judged', async () => {
    const before = await swept(engine, { alphas: [3] })
    const runs = engine.runs.list().length
    await engine.sweeps.extend(before.id, { alphas: [-3] })
    const after = await engine.sweeps.ended(before.id)
    expect(after.error).toBeNull()
    expect(engine.runs.list()).toHaveLength(runs)
    expect(after.settings.alphas).toEqual([3, -3])
    const opposite = after.conditions.find(({ alpha }) => alpha === -3)
    expect(opposite).toMatchObject({ role: 'steered', title: 'α = −3' })
    expect(after.verdict?.doseResponses[0].points.map(({ alpha }) => alpha)).toEqual([-3, 0, 3])
    await expect(engine.sweeps.extend(before.id, { alphas: [3, -3] })).rejects.toThrow(/all of these already/)
  }, 60_000)

  test('that two people widen at once is widened once', async () => {
    const { id, conditions } = await swept(engine, { alphas: [3] })
    const ended = await Promise.allSettled([1, 2].map(() => engine.sweeps.extend(id, { alphas: [2] })))
    expect(ended.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(ended.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'run_busy' } })
    const after = await engine.sweeps.ended(id)
    expect(after.conditions).toHaveLength(conditions.length + 1)
    expect(after.verdict?.conditions).toHaveLength(conditions.length)
  }, 60_000)

  test('keeps its verdict, and is judged from what is stored, when its vector and model are gone', async () => {
    const service = await opened('bereft')
    try {
      const { id, verdict } = await swept(service, { alphas: [3] })
      service.vectors.remove('v1')
      expect((await service.sweeps.judge(id)).verdict?.overall).toEqual(verdict?.overall)
      await service.models.remove('tiny')
      const again = await service.sweeps.judge(id)
      expect(again.error).toBeNull()
      expect(again.verdict?.overall).toEqual(verdict?.overall)
    } finally {
      await service.close()
    }
  }, 60_000)

  test('is removed with its runs', () => {
    const [{ id, conditions }] = engine.sweeps.list()
    engine.sweeps.remove(id)
    for (const { runId } of conditions) expect(() => engine.runs.get(runId)).toThrow()
    expect(() => engine.sweeps.get(id)).toThrow(expect.objectContaining({ code: 'not_found' }))
  })
})

test.each([
  ['a vector that is not there', { vectors: ['v99'] }, 'not_found'],
  ['a layer out of range', { layers: [2] }, 'layer_out_of_range'],
  ['steps that no episode has', { steps: [3, 4] }, 'intervention_never_fired'],
  ['a gate that is not there', { gate: { vector: 'v99', above: 0 } }, 'not_found'],
  ['a dose beyond float32', { alphas: [1, 1e39] }, 'intervention_invalid'],
  ['a direction without itself', { controls: { orthogonalTo: ['v1'] } }, 'vector_lacks'],
  ['the same place twice', { places: [{ kind: 'all' as const }, { kind: 'all' as const }] }, 'invalid_input'],
  ['a change that no rate can make', { verdict: { worthwhile: 2 } }, 'invalid_input'],
  ['a model that is not there', { modelId: 'absent' }, 'not_found'],
  [
    'an outcome that the environment does not have',
    { environment: { name: 'number_hunt' as const }, outcome: { kind: 'invalid' as const } },
    'invalid_input',
  ],
])('%s is refused before anything is stored', async (_name, changes, code) => {
  const runs = engine.runs.list().length
  await expect(engine.sweeps.start(settings(changes))).rejects.toMatchObject({ code })
  await expect(engine.sweeps.estimate(settings(changes), never)).rejects.toMatchObject({ code })
  expect(engine.runs.list()).toHaveLength(runs)
})

test('an estimate tells conditions, time and the smallest effect, and warns without random directions', async () => {
  const estimate = await engine.sweeps.estimate(
    settings({ controls: { random: 0, negated: false, shuffled: false } }),
    never,
  )
  expect(estimate).toMatchObject({ conditions: 3, episodes: 3 * episodes, steps: 9 * episodes })
  expect(estimate.smallestEffect).toBeNull()
  expect(estimate.warnings.join(' ')).toContain('random')
  // No change of a half is large enough for four episodes.
  expect((await engine.sweeps.estimate(settings(), never)).smallestEffect).toBeNull()
  const [few, more] = [20, 60].map((count) =>
    engine.sweeps.estimate(settings({ episodes: count, controls: { random: 5, at: 'largest' } }), never),
  )
  expect((await few).smallestEffect).toBeGreaterThan(0)
  expect((await more).smallestEffect).toBeLessThan((await few).smallestEffect!)
})
