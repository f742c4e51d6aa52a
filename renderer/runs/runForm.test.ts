import { flushSync } from 'svelte'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { RunEstimate } from '../../main/contract/api.ts'
import { collectSettings, type CollectSettings } from '../../main/contract/runs.ts'
import type { Engine } from '../client.ts'
import { inventedModels, inventRun } from '../testing/invented.ts'
import { Workspace } from '../workspace.svelte.ts'
import { draftOf } from './runDraft.ts'
import { RunForm } from './runForm.svelte.ts'

const estimate = (steps: number): RunEstimate => ({
  memoryBytes: 1,
  freeMemoryBytes: 2,
  diskBytes: 3,
  steps,
  batch: 30,
  seconds: null,
  warnings: [],
})

function formOn(runs: Partial<Engine['runs']>) {
  const engine = { runs } as Engine
  const workspace = new Workspace(engine)
  workspace.models = inventedModels
  return { form: new RunForm(engine, workspace), workspace }
}

afterEach(() => void vi.useRealTimers())

describe('RunForm', () => {
  it('chooses the middle layer of the model, and again of the next one', () => {
    const { form } = formOn({})
    form.chooseModel('smollm2-135m-instruct')
    expect(form.draft.layers).toBe('15')
    form.chooseModel('llama-3.2-1b-instruct')
    expect(form.draft.layers).toBe('8')
  })
  it('leaves layers that were chosen by hand, and says when the next model has not so many', () => {
    const { form } = formOn({})
    form.chooseModel('smollm2-135m-instruct')
    form.draft.layers = '0,29'
    form.chooseModel('llama-3.2-1b-instruct')
    flushSync()
    expect(form.draft.layers).toBe('0,29')
    expect(form.faults.layers).toContain('0 to 15')
    expect(form.settings).toBeNull()
  })
  it('takes the next game’s usual number of steps, and keeps one that was chosen', () => {
    const { form } = formOn({})
    form.chooseGame('number_hunt')
    expect(form.draft).toMatchObject({ environment: 'number_hunt', maxSteps: 10 })
    form.draft.maxSteps = 7
    form.chooseGame('twenty_questions')
    expect(form.draft).toMatchObject({ environment: 'twenty_questions', maxSteps: 7 })
    form.draft.maxSteps = null
    form.chooseGame('number_hunt')
    expect(form.draft.maxSteps).toBeNull()
  })
  it('counts every single thing to correct, and remembers that a start was tried', async () => {
    const { form } = formOn({})
    form.chooseModel('smollm2-135m-instruct')
    expect([form.faultCount, form.wasTried]).toEqual([0, false])
    form.draft.episodes = null
    const patch = { kind: 'patch', hook: 'blocks.3.hook_resid_post', positions: 'lastPrompt' }
    form.draft.interventions = JSON.stringify([{ ...patch, source: { file: '', tensor: '' } }])
    expect(form.faultCount).toBe(3)
    expect(await form.start()).toBeNull()
    expect(form.wasTried).toBe(true)
    form.fill({ ...form.draft, interventions: '' })
    expect([form.faultCount, form.wasTried]).toEqual([1, false])
  })
  it('asks for one estimate after the last of several changes, and ignores an answer that comes too late', async () => {
    vi.useFakeTimers()
    const answers: ((value: RunEstimate) => void)[] = []
    const ask = vi.fn((_: CollectSettings) => new Promise<RunEstimate>((resolve) => answers.push(resolve)))
    const { form } = formOn({ estimate: ask as unknown as Engine['runs']['estimate'] })
    form.chooseModel('smollm2-135m-instruct')
    form.estimateSoon(form.settings)
    form.estimateSoon(form.settings)
    await vi.advanceTimersByTimeAsync(500)
    expect(ask).toHaveBeenCalledTimes(1)
    form.draft.episodes = 31
    form.estimateSoon(form.settings)
    await vi.advanceTimersByTimeAsync(500)
    answers[1]?.(estimate(620))
    await vi.advanceTimersByTimeAsync(0)
    answers[0]?.(estimate(600))
    await vi.advanceTimersByTimeAsync(0)
    expect(form.estimate?.steps).toBe(620)
  })
  it('takes the estimate away when the settings are no longer valid', async () => {
    vi.useFakeTimers()
    const { form } = formOn({
      estimate: (() => Promise.resolve(estimate(1))) as unknown as Engine['runs']['estimate'],
    })
    form.chooseModel('smollm2-135m-instruct')
    form.estimateSoon(form.settings)
    await vi.advanceTimersByTimeAsync(500)
    expect(form.estimate).not.toBeNull()
    form.draft.episodes = null
    form.estimateSoon(form.settings)
    expect(form.estimate).toBeNull()
  })
  it('starts once, puts the run into the list, and says why where it did not start', async () => {
    const run = inventRun('new', 'queued')
    const start = vi
      .fn()
      .mockResolvedValueOnce(run)
      .mockRejectedValueOnce(errors.selectionEmpty({ selection: ':9', available: 3 }))
    const { form, workspace } = formOn({ start: start as unknown as Engine['runs']['start'] })
    form.chooseModel('smollm2-135m-instruct')
    const both = await Promise.all([form.start(), form.start()])
    expect(both).toEqual([run, null])
    expect(workspace.runs?.[0]).toEqual(run)
    expect(await form.start()).toBeNull()
    expect(form.faults.selection).toMatch(/:9/)
    expect(form.isStarting).toBe(false)
  })
  it('says beside its field what the engine refused, until that field or the model changes', async () => {
    const refused = errors.invalidInput({
      field: 'sampling.maxNewTokens',
      reason: 'leaves no room for a prompt',
    })
    const { form } = formOn({
      start: vi.fn().mockRejectedValue(refused) as unknown as Engine['runs']['start'],
    })
    form.chooseModel('smollm2-135m-instruct')
    expect(await form.start()).toBeNull()
    expect(form.faults).toEqual({ maxNewTokens: 'Leaves no room for a prompt.' })
    expect(form.error).toBeNull()
    form.draft.seed = 5
    expect(form.faults).toHaveProperty('maxNewTokens')
    form.draft.maxNewTokens = 32
    expect(form.faults).toEqual({})
  })
  it('does not start with a fault', async () => {
    const start = vi.fn()
    const { form } = formOn({ start: start as unknown as Engine['runs']['start'] })
    form.chooseModel('smollm2-135m-instruct')
    form.draft.maxSteps = 0
    expect(await form.start()).toBeNull()
    expect(start).not.toHaveBeenCalled()
  })
  it('fills in a run’s settings, and the first model where they name none', () => {
    const { form } = formOn({})
    const settings = collectSettings.parse({ ...inventRun('a', 'done').settings, episodes: 7, seed: 3 })
    form.fill({ ...draftOf(settings), modelId: '' })
    expect(form.draft).toMatchObject({ episodes: 7, seed: 3, modelId: 'smollm2-135m-instruct' })
  })
})
