import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleHook, samplePrompt, sampleRun, sampleStep } from '../../tests/fixtures/store/sampleRun.ts'
import { Workspace } from './workspace.ts'

let folder: string
let workspace: Workspace
let runId: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-steps-'))
  workspace = Workspace.open(folder)
  runId = workspace.runs.create(sampleRun()).id
  for (const episode of [0, 1])
    workspace.episodes.begin(runId, { episode, task: `task ${episode}`, state: {} })
})

afterEach(() => {
  workspace.close()
  rmSync(folder, { recursive: true })
})

const reopen = (): void => {
  workspace.close()
  workspace = Workspace.open(folder)
}

describe('a stored step', () => {
  test('is read back as it was, also after reopening', () => {
    const steps = [sampleStep(runId, 0, 0), sampleStep(runId, 0, 1, { outcome: 'win' })]
    for (const step of steps) workspace.steps.append(step)
    reopen()
    const expected = steps.map(({ record }) => ({ ...record, capturedHooks: [sampleHook] }))
    expect(workspace.steps.list(runId, 0)).toEqual(expected)
    expect(workspace.steps.list(runId, 1)).toEqual([])
  })

  test('keeps NaN, infinities, negative zero and the smallest numbers bit by bit', () => {
    const step = sampleStep(runId, 0, 0)
    const odd = Float32Array.from([NaN, -Infinity])
    step.record.logProbabilities = odd
    step.record.entropies = Float32Array.from([-0, 2 ** -149])
    step.captures[0].lastPrompt.set([NaN, Infinity, -Infinity, -0])
    workspace.steps.append(step)
    const [read] = workspace.steps.list(runId, 0)
    const bits = (values: Float32Array): number[] => [...new Uint32Array(values.slice().buffer)]
    expect(bits(read.logProbabilities)).toEqual(bits(odd))
    expect(bits(read.entropies)).toEqual(bits(step.record.entropies))
    const { data } = workspace.activations.get({
      runId,
      episode: 0,
      step: 0,
      hook: sampleHook,
      at: 'lastPrompt',
    })
    expect(bits(data)).toEqual(bits(step.captures[0].lastPrompt))
  })

  test('brings what each intervention met, and its run the sums', () => {
    const first = [
      { index: 2, tokens: 3, open: null },
      { index: 0, tokens: 0, open: 0 },
    ]
    const second = [{ index: 2, tokens: 1, open: null }]
    workspace.steps.append(sampleStep(runId, 0, 0, { interventions: first }))
    workspace.steps.append(sampleStep(runId, 0, 1, { interventions: second }))
    workspace.steps.append(sampleStep(runId, 0, 2))
    reopen()
    expect(workspace.steps.list(runId, 0).map(({ interventions }) => interventions)).toEqual([
      first,
      second,
      [],
    ])
    expect(workspace.steps.resumePoint(runId, 0).earlierInterventions).toEqual([first, second, []])
    expect(workspace.runs.get(runId).progress.interventions).toEqual([
      { index: 0, steps: 0, tokens: 0, open: 0 },
      { index: 2, steps: 2, tokens: 4, open: null },
    ])
    workspace.runs.remove(runId)
    expect(workspace.connection.prepare('SELECT * FROM intervention_totals').all()).toEqual([])
  })

  test('names no intervention twice', () => {
    const twice = [0, 0].map((index) => ({ index, tokens: 1, open: null }))
    expect(() => workspace.steps.append(sampleStep(runId, 0, 0, { interventions: twice }))).toThrow(TypeError)
  })

  test('counts in its episode and its run at once', () => {
    workspace.steps.append(sampleStep(runId, 0, 0, { isInvalid: true }))
    workspace.steps.append(sampleStep(runId, 0, 1, { outcome: 'win', isInvalid: false }))
    workspace.steps.append(sampleStep(runId, 1, 0, { isInvalid: false }))
    expect(workspace.episodes.get(runId, 0)).toEqual({
      runId,
      episode: 0,
      task: 'task 0',
      outcome: 'win',
      steps: 2,
      invalid: 1,
      verdicts: 'iw',
      promptTokens: 4 + 7,
      newTokens: 4,
      truncatedSteps: 0,
    })
    expect(workspace.runs.get(runId).progress).toMatchObject({
      episodesDone: 1,
      episodes: 4,
      steps: 3,
      stepsAtMost: 20,
      invalid: 1,
      wins: 1,
      promptTokens: 15,
      newTokens: 6,
      tokensPerSecond: null,
    })
    const statistics = workspace.episodes.statistics(runId)
    expect(statistics).toMatchObject({ step: [0, 1], n: [2, 1], invalid: [1, 0], meanPromptTokens: [4, 7] })
    expect(statistics.invalidLow[0]).toBeCloseTo(0.0945, 3)
    expect(statistics.invalidHigh[0]).toBeCloseTo(0.9055, 3)
  })
})

describe('an episode that was cut off', () => {
  test('goes on from its last stored step', () => {
    workspace.steps.append(sampleStep(runId, 0, 0))
    workspace.steps.append(sampleStep(runId, 0, 1))
    reopen()
    expect(workspace.steps.resumePoint(runId, 0)).toEqual({
      episode: 0,
      task: 'task 0',
      outcome: 'running',
      step: 2,
      state: sampleStep(runId, 0, 1).state,
      earlierPrompts: [samplePrompt(0, 0), samplePrompt(0, 1)],
      earlierInterventions: [[], []],
    })
  })

  test('goes on from its first state when no step was stored', () => {
    workspace.episodes.begin(runId, { episode: 2, task: 'x', state: { low: 1, nested: [{ a: null }] } })
    expect(workspace.steps.resumePoint(runId, 2)).toMatchObject({
      step: 0,
      earlierPrompts: [],
      state: { low: 1, nested: [{ a: null }] },
    })
  })

  test('is unknown before it began', () => {
    expect(() => workspace.steps.resumePoint(runId, 3)).toThrow(/no episode “r1 3”/)
    expect(() => workspace.steps.resumePoint('r77', 0)).toThrow(/no episode/)
  })
})

describe('a step is refused', () => {
  test('a second time, out of order, or after the end, and nothing of it is counted', () => {
    const { steps } = workspace
    steps.append(sampleStep(runId, 0, 0))
    expect(() => steps.append(sampleStep(runId, 0, 0))).toThrow('r1, episode 0, step 0 is stored already')
    expect(() => steps.append(sampleStep(runId, 0, 2))).toThrow('comes before step 1')
    steps.append(sampleStep(runId, 0, 1, { outcome: 'limit' }))
    expect(() => steps.append(sampleStep(runId, 0, 2))).toThrow('follows on a limit')
    expect(workspace.runs.get(runId).progress.steps).toBe(2)
  })

  test('of an episode that has not begun or a run that does not exist', () => {
    expect(() => workspace.steps.append(sampleStep(runId, 3, 0))).toThrow(/no episode/)
    expect(() => workspace.steps.append(sampleStep('r9', 0, 0))).toThrow(/no episode/)
    expect(() => workspace.steps.append(sampleStep('nonsense', 0, 0))).toThrow(/no run “nonsense”/)
  })

  const refused = (change: (step: ReturnType<typeof sampleStep>) => void): (() => void) => {
    const step = sampleStep(runId, 0, 0)
    change(step)
    return () => workspace.steps.append(step)
  }

  test('with arrays of unequal length or numbers that are none', () => {
    expect(refused((s) => (s.record.ranks = new Int32Array(3)))).toThrow('ranks has 3 values, not 2')
    expect(refused((s) => (s.record.topIds = new Int32Array(2)))).toThrow('topIds has 2 values, not 10')
    expect(refused((s) => (s.record.reward = NaN))).toThrow('reward is NaN')
    expect(refused((s) => (s.captures[0].lastPrompt = new Float32Array(3)))).toThrow('3 values, not 8')
    expect(refused((s) => (s.captures = [s.captures[0], s.captures[0]]))).toThrow('captured twice')
    expect(workspace.steps.list(runId, 0)).toEqual([])
  })

  test('with a state or labels that JSON would change', () => {
    for (const state of [
      { a: undefined },
      { a: NaN },
      { a: new Map() },
      { a: new Float32Array(2) },
      { a: 1n },
    ])
      expect(refused((s) => (s.state = state))).toThrow('not plain JSON')
    expect(refused((s) => (s.record.labels = { a: Infinity }))).toThrow('not plain JSON')
    expect(workspace.runs.get(runId).progress.steps).toBe(0)
  })
})
