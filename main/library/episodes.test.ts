import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { readSafetensorsHeader } from '../model/safetensors.ts'
import { playEpisode, type PlanStep } from './episodes.ts'
import type { Model } from './model.ts'
import { openModel } from './openModel.ts'
import { openEnvironment } from './shippedEnvironments.ts'
import { Trajectory } from './trajectory.ts'
import { TrajectoryCapture } from './trajectoryCapture.ts'

const hook = 'blocks.1.hook_resid_post'
const keyed = ['blocks.0.attn.hook_pattern', 'blocks.0.attn.hook_attn_scores']
const ones = new Float32Array(16).fill(1)
const environment = openEnvironment({ name: 'number_hunt', maxSteps: 3 })
const settings = { maxNewTokens: 6, seed: 5, task: '7' }

let folder: string
let model: Model
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-episodes-'))
  model = await openModel(await writeTinyModel(join(folder, 'tiny')), { cacheFolder: folder, threads: 1 })
})
afterAll(async () => {
  await model.close()
  await rm(folder, { recursive: true, force: true })
})

const bits = ({ steps }: Awaited<ReturnType<typeof playEpisode>>): unknown =>
  steps.map(({ promptIds, completionIds, logProbabilities }) => [promptIds, completionIds, logProbabilities])

describe('an episode', () => {
  it('is played to its end, the same alone and beside others', async () => {
    const seen: number[] = []
    const alone = await playEpisode(model, environment, {
      ...settings,
      onStep: ({ step }) => seen.push(step),
    })
    expect(alone).toMatchObject({ task: '7', outcome: 'limit' })
    expect(seen).toEqual([0, 1, 2])
    const [beside, other] = await Promise.all([
      playEpisode(model, environment, settings),
      playEpisode(model, environment, { ...settings, episode: 1 }),
    ])
    expect(bits(beside)).toEqual(bits(alone))
    expect(bits(other)).not.toEqual(bits(alone))
  })

  it('takes interventions at the steps they name, or from a function of the situation', async () => {
    const add = { kind: 'add', hook, positions: 'all', vector: ones, alpha: 9 } as const
    const plain = await playEpisode(model, environment, settings)
    const planned = await playEpisode(model, environment, {
      ...settings,
      interventions: [{ ...add, applyAtSteps: [1] }],
    })
    const situations: [number, number][] = []
    const follow: PlanStep = async ({ step, messages }) => {
      await Promise.resolve()
      situations.push([step, messages.length])
      return { interventions: step === 1 ? [add] : [] }
    }
    const chosen = await playEpisode(model, environment, { ...settings, interventions: follow })
    expect(situations.map(([step]) => step)).toEqual([0, 1, 2])
    expect(bits(chosen)).toEqual(bits(planned))
    expect(planned.steps[0].completionIds).toEqual(plain.steps[0].completionIds)
    expect(planned.steps[1].completionIds).not.toEqual(plain.steps[1].completionIds)
  })

  it('takes nothing from such a function for nothing done, and refuses what is no plan', async () => {
    const plain = await playEpisode(model, environment, settings)
    const follow = (said: unknown) =>
      playEpisode(model, environment, {
        ...settings,
        interventions: () => Promise.resolve(said) as Promise<null>,
      })
    for (const nothing of [undefined, null, {}]) expect(bits(await follow(nothing))).toEqual(bits(plain))
    const zero = { kind: 'zeroAblate', hook, positions: 'all' }
    await expect(follow([zero])).rejects.toThrow(/not a list/)
    await expect(follow({ intervention: [zero] })).rejects.toThrow(
      /no option “intervention”; near it: interventions/,
    )
    await expect(follow('zeroAblate')).rejects.toThrow(TypeError)
  })

  it('takes functions at hook points from such a function', async () => {
    let calls = 0
    const follow: PlanStep = ({ step }) => ({
      fwdHooks: step === 0 ? [[hook, ({ data }) => ((calls += 1), data.map(() => 1)), 'prompt']] : [],
    })
    const plain = await playEpisode(model, environment, settings)
    const hooked = await playEpisode(model, environment, { ...settings, interventions: follow })
    expect(calls).toBe(1)
    expect(hooked.steps[0].completionIds).not.toEqual(plain.steps[0].completionIds)
  })

  it('refuses interventions that no step reaches, and settings out of range', async () => {
    const never = { kind: 'zeroAblate', hook, positions: 'all', applyAtSteps: [3] } as const
    await expect(playEpisode(model, environment, { interventions: [never] })).rejects.toMatchObject({
      code: 'intervention_never_fired',
    })
    await expect(playEpisode(model, environment, { topP: 0 })).rejects.toMatchObject({
      code: 'invalid_input',
    })
  })
})

describe('a capture of an episode', () => {
  const play = async (): Promise<{ trajectory: Trajectory; prompts: Int32Array[] }> => {
    const capture = new TrajectoryCapture(model, { names: [hook, ...keyed] })
    const { steps } = await playEpisode(model, environment, { ...settings, capture })
    return { trajectory: await capture.trajectory(), prompts: steps.map(({ promptIds }) => promptIds) }
  }

  it('has every position of every step, those too that were computed in the step before', async () => {
    const capture = new TrajectoryCapture(model, { names: [hook, ...keyed] })
    const { steps } = await playEpisode(model, environment, { ...settings, capture })
    const trajectory = await capture.trajectory()
    expect(steps[1].reusedTokens).toBeGreaterThan(20)
    for (const [step, { promptIds, completionIds }] of steps.entries()) {
      const length = promptIds.length + completionIds.length
      expect(trajectory.activation(step, hook).shape).toEqual([1, length, 16])
      // The whole of it at once; the engine is free to sum in another order there.
      const ids = Int32Array.from([...promptIds, ...completionIds])
      const { cache } = await model.runWithCache(ids, { names: [hook, ...keyed] })
      for (const name of [hook, ...keyed]) {
        const [caught, whole] = [trajectory.activation(step, name), cache.get(name)]
        expect(caught.shape).toEqual(whole.shape)
        caught.data.forEach((value, index) => {
          if (value !== whole.data[index]) expect(value).toBeCloseTo(whole.data[index], 4)
        })
      }
    }
    expect(trajectory.acrossTrajectory(hook)).toHaveLength(3)
    expect(trajectory.step(2).metadata).toMatchObject({ step: 2, isInvalid: true, isWin: false, reward: -1 })
  })

  it('keeps apart what is played at the same time', async () => {
    const captures = [0, 1].map(() => new TrajectoryCapture(model, { names: hook }))
    const played = await Promise.all(
      captures.map((capture, episode) => playEpisode(model, environment, { ...settings, episode, capture })),
    )
    for (const [index, capture] of captures.entries()) {
      const { steps } = await capture.trajectory()
      expect(steps.map(({ completionIds }) => completionIds)).toEqual(
        played[index].steps.map(({ completionIds }) => completionIds),
      )
    }
  })

  it('is read back from its folder as it was', async () => {
    const { trajectory } = await play()
    const saved = join(folder, 'episode-0')
    await trajectory.save(saved)
    expect((await readdir(saved)).sort()).toEqual([
      'step-0000.safetensors',
      'step-0001.safetensors',
      'step-0002.safetensors',
      'trajectory.json',
    ])
    expect(await Trajectory.load(saved)).toEqual(trajectory)
    const { metadata } = await readSafetensorsHeader(join(saved, 'step-0000.safetensors'))
    expect(JSON.parse(metadata.axes)).toMatchObject({ [hook]: 'B S D' })
    expect(metadata.compute_dtype).toBe('float32')
    // What was saved serves as a source of interventions.
    const source = { file: join(saved, 'step-0000.safetensors'), tensor: hook }
    const interventions = [{ kind: 'meanAblate', hook, positions: 'lastPrompt', source } as const]
    expect((await model.forward('ab', { interventions })).shape).toEqual([1, 2, 259])
    await expect(trajectory.save(saved)).rejects.toThrow(/holds something already/)
  })

  it('is no source for the model where the same weights were rounded', async () => {
    const { trajectory } = await play()
    const rounded = new Trajectory(
      { ...trajectory.model, computeDtype: 'int8' },
      trajectory.steps.map((step) => ({
        ...step,
        tensors: new Map(
          [...step.tensors].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]),
        ),
      })),
    )
    const saved = join(folder, 'rounded')
    await rounded.save(saved)
    const held = (await Trajectory.load(saved)).activation(0, hook)
    for (const source of [
      { file: join(saved, 'step-0000.safetensors'), tensor: hook },
      held,
      rounded.activation(0, hook),
    ]) {
      const interventions = [{ kind: 'meanAblate', hook, positions: 'lastPrompt', source } as const]
      await expect(model.forward('ab', { interventions })).rejects.toMatchObject({
        code: 'intervention_foreign',
      })
    }
  })

  it.each<[string, (saved: string) => Promise<void>]>([
    ['no trajectory', (saved) => rm(join(saved, 'trajectory.json'))],
    ['another format', (saved) => writeFile(join(saved, 'trajectory.json'), '{"format":2}')],
    ['no JSON', (saved) => writeFile(join(saved, 'trajectory.json'), '{')],
    ['a step too few', (saved) => rm(join(saved, 'step-0001.safetensors'))],
    [
      'a step cut short',
      async (saved) => {
        const file = join(saved, 'step-0001.safetensors')
        await writeFile(file, (await readFile(file)).subarray(0, -8))
      },
    ],
  ])('refuses a folder with %s', async (name, spoil) => {
    const { trajectory } = await play()
    const saved = join(folder, name)
    await trajectory.save(saved)
    await spoil(saved)
    await expect(Trajectory.load(saved)).rejects.toMatchObject({ code: 'trajectory_malformed' })
  })
})

describe('a capture of one’s own loop', () => {
  it('keeps what the model does between start and end, and observes nothing else', async () => {
    const capture = new TrajectoryCapture(model, { names: hook })
    await model.generate('not in a step', { maxNewTokens: 1 })
    capture.startStep()
    const { completionIds } = await model.generate('ab', { maxNewTokens: 2, names: 'hook_embed' })
    capture.recordStepMetadata({ reward: 1, note: 'kept' })
    capture.endStep()
    capture.recordStepMetadata({ note: 'changed' })
    capture.startStep()
    await model.forward('abc')
    capture.endStep()
    const trajectory = await capture.trajectory()
    expect(trajectory.length).toBe(2)
    expect(trajectory.activation(0, hook).shape).toEqual([1, 2 + completionIds.length, 16])
    expect(trajectory.activation(1, hook).shape).toEqual([1, 3, 16])
    expect(trajectory.steps.map(({ metadata }) => metadata)).toEqual([{ reward: 1, note: 'changed' }, {}])
    expect(() => trajectory.activation(2, hook)).toThrow(/2 steps, counted from 0/)
    expect(() => trajectory.activation(0, 'hook_embed')).toThrow(/was not kept/)
    capture.clear()
    expect(capture.steps).toBe(0)
    expect(trajectory.length).toBe(2)
  })

  it('refuses steps without a run, with two, and metadata that JSON cannot say', async () => {
    const capture = new TrajectoryCapture(model, { names: hook })
    expect(() => capture.endStep()).toThrow(/no step is open/)
    expect(() => capture.recordStepMetadata({})).toThrow(/no step yet/)
    capture.startStep()
    expect(() => capture.startStep()).toThrow(/end it first/)
    expect(() => capture.endStep()).toThrow(/ran 0 times/)
    capture.startStep()
    await Promise.all([model.forward('a'), model.forward('b')])
    for (const value of [NaN, undefined, new Date(0), () => 0])
      expect(() => capture.recordStepMetadata({ value } as never)).toThrow(
        expect.objectContaining({ code: 'invalid_input' }),
      )
    expect(() => capture.endStep()).toThrow(/ran 2 times/)
    expect(capture.steps).toBe(0)
    expect(() => new TrajectoryCapture(model, { names: 'none' })).toThrow(/not a hook point/)
  })

  it('leaves the model alone when it is dropped in the middle of a step', async () => {
    {
      using capture = new TrajectoryCapture(model, { names: hook })
      capture.startStep()
    }
    const { cache } = await model.runWithCache('ab', { names: 'hook_embed' })
    expect(cache.keys).toEqual(['hook_embed'])
  })
})

describe('an environment that ships', () => {
  it('is made of its settings, with the knowledge base as oracle', async () => {
    const twenty = openEnvironment({ name: 'twenty_questions', maxSteps: 2, objects: 'simple' })
    const task = twenty.taskOf(0, 0)
    const state = twenty.reset(task)
    const message = { text: 'Is it alive?', stopText: '' }
    const context = { runId: '', episode: 0, step: 0, signal: new AbortController().signal }
    expect(['Yes.', 'No.']).toContain((await twenty.step(state, message, context)).answer)
  })

  it('takes an oracle of one’s own, and refuses settings that are wrong', async () => {
    const oracle = {
      description: 'always yes',
      judge: () => Promise.resolve({ verdict: 'yes' as const, confidence: 1, reason: 'always' }),
    }
    const twenty = openEnvironment({ name: 'twenty_questions', objects: ['Stone'] }, oracle)
    const context = { runId: '', episode: 0, step: 0, signal: new AbortController().signal }
    const { answer } = await twenty.step(
      twenty.reset('Stone'),
      { text: 'Is it soft?', stopText: '' },
      context,
    )
    expect(answer).toBe('Yes.')
    expect(() => openEnvironment({ name: 'number_hunt', maxSteps: 0 })).toThrow(/maxSteps/)
  })
})
