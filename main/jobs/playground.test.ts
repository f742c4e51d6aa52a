import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { playgroundSettings, type PlaygroundInput, type PlaygroundItem } from '../contract/playground.ts'
import { collectSettings, type RunRecord } from '../contract/runs.ts'
import { resourcesFolder } from '../resourcesFolder.ts'
import { openEngine, type EngineService } from './engineService.ts'

const hook = 'blocks.1.hook_resid_post'
const ignore = (): void => {}
const never = new AbortController().signal
const push = (alpha: number, further: object = {}) => ({
  kind: 'add' as const,
  name: 'push',
  hook,
  positions: 'lastPrompt' as const,
  vector: { values: Array.from({ length: 16 }, (_, i) => Math.cos(i)) },
  alpha,
  ...further,
})

let folder: string
let engine: EngineService
let run: RunRecord

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-playground-'))
  await writeTinyModel(join(folder, 'tiny'))
  engine = await openEngine({
    workspaceFolder: join(folder, 'workspace'),
    cacheFolder: join(folder, 'cache'),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
  await engine.models.add(join(folder, 'tiny'), ignore, never)
  const settings = collectSettings.parse({
    modelId: 'tiny',
    environment: { name: 'twenty_questions', maxSteps: 3, objects: 'simple' },
    oracle: { kind: 'kb' },
    episodes: 2,
    seed: 7,
    sampling: { maxNewTokens: 8 },
    capture: {},
    interventions: [push(3), push(5, { name: 'late', applyAtSteps: [2] })],
  })
  run = await engine.runs.ended((await engine.runs.start(settings)).id)
}, 60_000)
afterAll(async () => {
  await engine.close()
  await rm(folder, { recursive: true, force: true })
})

async function played(asked: Partial<PlaygroundInput> = {}, signal = never): Promise<PlaygroundItem[]> {
  const items: PlaygroundItem[] = []
  const settings = playgroundSettings.parse({
    modelId: 'tiny',
    messages: [{ role: 'user', content: 'Is it alive?' }],
    interventions: [push(4)],
    sampling: { maxNewTokens: 8 },
    ...asked,
  })
  await engine.play(settings, (item) => items.push(item), signal)
  return items
}
const of = <K extends PlaygroundItem['kind']>(items: PlaygroundItem[], kind: K) =>
  items.filter((item): item is Extract<PlaygroundItem, { kind: K }> => item.kind === kind)
const idsOf = (items: PlaygroundItem[], answer: string) =>
  of(items, 'token')
    .filter((item) => item.answer === answer)
    .map(({ token }) => token.id)

describe('the playground', () => {
  test('plays both answers with the same draws, token by token, and says what each intervention met', async () => {
    const items = await played()
    expect(of(items, 'prompt')).toHaveLength(1)
    expect(idsOf(items, 'steered')).toHaveLength(8)
    expect(idsOf(items, 'plain')).toHaveLength(8)
    expect(of(items, 'compared').map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    const ends = of(items, 'end')
    expect(ends.find(({ answer }) => answer === 'steered')?.interventions).toEqual([
      { name: 'push', tokens: 1, open: null },
    ])
    expect(ends.find(({ answer }) => answer === 'plain')?.interventions).toEqual([])
    expect(idsOf(await played(), 'steered')).toEqual(idsOf(items, 'steered'))
    expect(idsOf(await played({ seed: 'other' }), 'steered')).not.toEqual(idsOf(items, 'steered'))
  })

  test('an intervention that changes nothing gives the same answer twice, with no divergence', async () => {
    const items = await played({ interventions: [push(0)] })
    expect(idsOf(items, 'steered')).toEqual(idsOf(items, 'plain'))
    for (const { divergence } of of(items, 'compared')) expect(divergence).toBe(0)
  })

  test('without interventions there is one answer', async () => {
    const items = await played({ interventions: [] })
    expect(new Set(of(items, 'token').map(({ answer }) => answer))).toEqual(new Set(['plain']))
    expect(of(items, 'end')).toHaveLength(1)
    expect(of(items, 'compared')).toEqual([])
  })

  test('stops when it is aborted', async () => {
    const stop = new AbortController()
    const playing = engine.play(
      playgroundSettings.parse({
        modelId: 'tiny',
        messages: [{ role: 'user', content: 'Is it alive?' }],
        interventions: [push(4)],
        sampling: { maxNewTokens: 500 },
      }),
      (item) => item.kind === 'token' && item.index === 2 && stop.abort(),
      stop.signal,
    )
    await expect(playing).rejects.toMatchObject({ name: 'AbortError' })
  })

  test('refuses before it loads anything what does not fit the model, and what never acts', async () => {
    await expect(played({ interventions: [push(1, { hook: 'nowhere' })] })).rejects.toMatchObject({
      code: 'hook_unknown',
    })
    await expect(played({ interventions: [push(1, { applyAtSteps: [4] })] })).rejects.toMatchObject({
      code: 'intervention_never_fired',
    })
    await expect(played({ modelId: 'nobody' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(played({ probeId: 'p1' })).rejects.toMatchObject({ code: 'not_found' })
    await expect(played({ interventions: [push(3e38), push(3e38)] })).rejects.toMatchObject({
      code: 'logits_not_finite',
    })
  })

  test('goes on from a stored step with the answer that it had', async () => {
    for (const step of [0, 2]) {
      const settings = engine.playgroundOf({ runId: run.id, episode: 1, step })
      expect(settings.interventions.map(({ name }) => name)).toEqual(step === 2 ? ['push', 'late'] : ['push'])
      const items = await played(settings)
      const record = engine.episodes.steps(run.id, 1)[step]
      expect(idsOf(items, 'steered')).toEqual([...record.completionIds])
    }
    expect(() => engine.playgroundOf({ runId: run.id, episode: 1, step: 9 })).toThrow(/9/)
  })
})

describe('a step beside other runs', () => {
  const inspect = (runIds: string[], step = 1) =>
    engine.episodes.inspect({ runIds, episode: 1, step }, ignore, never)

  test('has its tokens with and without interventions, and where it differs', async () => {
    const settings = { ...run.settings, interventions: [] }
    const baseline = await engine.runs.ended((await engine.runs.start(settings)).id)
    const { runs } = await inspect([baseline.id, run.id, baseline.id])
    const [plain, steered] = runs.map(({ message }) => message!)
    const record = engine.episodes.steps(run.id, 1)[1]
    expect(steered.tokens.map(({ id }) => id)).toEqual([...record.completionIds])
    expect(steered.logProbabilities).toEqual(record.logProbabilities)
    expect(plain.plain).toEqual(plain.logProbabilities)
    expect(steered.plain).toHaveLength(record.completionIds.length)
    expect(steered.plain).not.toEqual(steered.logProbabilities)
    for (const value of steered.plain!) expect(value).toBeLessThanOrEqual(0)
    expect(steered.isSteered).toBe(true)
    expect(plain.isSteered).toBe(false)
    expect(plain.firstDifference).toBeNull()
    expect(steered.tokens[steered.firstDifference!].id).not.toBe(plain.tokens[steered.firstDifference!]?.id)
    expect(runs[2].message).toMatchObject({ firstDifference: null })
  })

  test('what was not done has the log-probabilities that it had', async () => {
    const zero = { ...run.settings, interventions: [{ ...run.settings.interventions[0], alpha: 0 }] }
    const idle = await engine.runs.ended((await engine.runs.start(collectSettings.parse(zero))).id)
    const [{ message }] = (await inspect([idle.id], 2)).runs
    message!.plain!.forEach((value, i) => expect(value).toBeCloseTo(message!.logProbabilities[i], 4))
  })

  test('is missing, in words, where a run has none', async () => {
    const { runs } = await inspect([run.id], 50)
    expect(runs[0]).toMatchObject({ message: null, missing: expect.stringMatching(/has 3 steps/) as string })
    await expect(inspect(['r77'])).rejects.toMatchObject({ code: 'not_found' })
  })

  test('is shown as it was drawn where the model is gone, and says why there is no more', async () => {
    await engine.models.remove('tiny')
    const [{ message }] = (await inspect([run.id])).runs
    expect(message).toMatchObject({ plain: null, refusal: { code: 'replay_refused' } })
    expect(message!.logProbabilities.length).toBeGreaterThan(0)
  })
})
