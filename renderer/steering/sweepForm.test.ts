import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { SweepSettings } from '../../main/contract/sweeps.ts'
import { inventedModels, inventRun } from '../testing/invented.ts'
import { inventDataSet } from '../testing/inventedProbes.ts'
import { inventSweep, inventVector } from '../testing/inventedSteering.ts'
import { Workspace } from '../workspace.svelte.ts'
import { SweepForm } from './sweepForm.svelte.ts'

const run = inventRun('r', 'done', {}, { episodes: 12, seed: 3 })
const dataSet = inventDataSet([run], { runIds: ['r'] })
const model = inventedModels[0]!
const models = [{ name: model.name, hash: model.hash }]
const vector = inventVector('v1', { ...dataSet, models })
const estimate = {
  conditions: 7,
  episodes: 140,
  steps: 2800,
  seconds: 60,
  diskBytes: 1,
  smallestEffect: 0.2,
  warnings: [],
}

const opening = {
  ...{
    probeId: 'p1',
    hook: 'blocks.15.hook_resid_post',
    pooling: 'lastPrompt' as const,
    opensFor: 'invalid',
  },
  ...{ truePositiveRate: 0.6, probability: 0.8, above: 1.2 },
}

function made() {
  const where = new Workspace({} as never)
  Object.assign(where, {
    models: inventedModels,
    runs: [run],
    dataSets: [dataSet],
    vectors: [vector],
    probes: [],
  })
  const start = vi.fn(async (settings: SweepSettings) => inventSweep('s', settings, null).record)
  const calls = { estimate: vi.fn(async () => estimate) }
  const gate = vi.fn(async (asked: { id: string; falsePositiveRate: number }) => ({ ...opening, ...asked }))
  const form = new SweepForm({ calls, gates: { gate }, where, sweeps: { start } as never })
  return { where, start, calls, gate, form }
}
beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('one press', () => {
  it('starts a Quick sweep with the vector, played like its run', async () => {
    const { form, start } = made()
    expect((await form.quick(vector))?.id).toBe('s')
    expect(start.mock.calls[0]?.[0]).toMatchObject({
      ...{ vectors: ['v1'], alphas: [1, 4], episodes: 20, seed: 4, modelId: model.id },
      controls: { random: 5, shuffled: true, negated: true, at: 'largest' },
    })
  })
  it('keeps the fields and says why where the engine refuses', async () => {
    const { form, start } = made()
    start.mockRejectedValueOnce(errors.vectorWidth({ name: 'v1', hook: 'h', expected: 128, actual: 576 }))
    expect(await form.quick(vector)).toBeNull()
    expect(form.error?.code).toBe('vector_width')
    expect(form.draft.vectors).toEqual(['v1'])
    expect(form.isStarting).toBe(false)
  })
  it('is what its settings told before, whatever the fields hold by then', async () => {
    const { form, start } = made()
    const told = form.quickSettings(vector)
    form.fillFor(vector)
    form.draft.episodes = 99
    expect(form.quickSettings(vector)).toEqual(told)
    await form.quick(vector)
    expect(start.mock.calls[0]?.[0]).toEqual(told)
  })
  it('that was refused says so still when the fields have told what it would take', async () => {
    const { form, start } = made()
    start.mockRejectedValueOnce(errors.vectorWidth({ name: 'v1', hook: 'h', expected: 128, actual: 576 }))
    await form.quick(vector)
    form.estimateSoon(form.settings)
    await vi.advanceTimersByTimeAsync(300)
    expect(form.estimate?.conditions).toBe(7)
    expect(form.error?.code).toBe('vector_width')
  })
  it('is not to be had with a vector of a model that is not here', () => {
    const { form } = made()
    expect(form.obstacleOf(vector)).toBeNull()
    const stranger = { ...vector, model: { name: 'Qwen3-0.6B', hash: 'other' } }
    expect(form.obstacleOf(stranger)).toMatch(/Qwen3-0.6B, is not in this workspace/)
  })
})

describe('the form', () => {
  it('warns where it would judge on the episodes that the vector was made from', () => {
    const { form } = made()
    form.fillFor(vector)
    expect(form.isJudgedOnItsOwn).toBe(false)
    form.draft.seed = 3
    expect(form.isJudgedOnItsOwn).toBe(true)
  })
  it('asks what it would take a moment after the last change, and drops answers that come too late', async () => {
    const { form, calls } = made()
    form.fillFor(vector)
    form.estimateSoon(form.settings)
    form.draft.episodes = 50
    form.estimateSoon(form.settings)
    await vi.advanceTimersByTimeAsync(300)
    expect(calls.estimate).toHaveBeenCalledTimes(1)
    expect(form.estimate?.conditions).toBe(7)
    form.draft.alphas = ''
    form.estimateSoon(form.settings)
    expect(form.estimate).toBeNull()
  })
  it('offers vectors of the same model and width beside the first', () => {
    const { form, where } = made()
    const beside = inventVector('v2', { ...dataSet, models })
    const wider = { ...inventVector('v3', { ...dataSet, models }), width: 2048 }
    const foreign = inventVector('v4', { ...dataSet, models: [{ name: 'x', hash: 'y' }] })
    where.vectors = [vector, beside, wider, foreign]
    form.fillFor(vector)
    expect(form.fitting.map(({ id }) => id)).toEqual(['v1', 'v2'])
  })
  it('takes over what another run was played with, and nothing that its game does not have', () => {
    const { form, where } = made()
    const hunt = inventRun(
      'hunt',
      'done',
      {},
      { environment: { name: 'number_hunt' }, sampling: { temperature: 0.2 } },
    )
    where.runs = [run, hunt]
    form.fillFor(vector)
    form.playLike('hunt')
    expect(form.draft).toMatchObject({ temperature: 0.2, maxSteps: 10, outcome: 'won' })
    expect(form.settings?.environment.name).toBe('number_hunt')
  })
  it('tells what a probe’s alarm would open for, and only of the rate that stands there now', async () => {
    const { form, gate } = made()
    form.fillFor(vector)
    await form.readGate()
    expect(gate).not.toHaveBeenCalled()
    Object.assign(form.draft, { isGated: true, gateBy: 'probe', gateProbe: 'p1', gateRate: 1 })
    const early = form.readGate()
    form.draft.gateRate = 10
    await Promise.all([early, form.readGate()])
    expect(form.gate?.falsePositiveRate).toBe(0.1)
    gate.mockRejectedValueOnce(errors.probeNotLinear({ id: 'p2', estimator: 'mlp' }))
    form.draft.gateProbe = 'p2'
    await form.readGate()
    expect([form.gate, form.gateProblem?.code]).toEqual([null, 'probe_not_linear'])
  })
  it('shows a sweep as it was asked for', () => {
    const { form } = made()
    const { record } = inventSweep('s', { alphas: [0.5, 2], seed: 9, episodes: 33 }, null)
    form.fillLike(record.settings)
    expect(form.settings).toMatchObject({ alphas: [0.5, 2], seed: 9, episodes: 33 })
  })
})
