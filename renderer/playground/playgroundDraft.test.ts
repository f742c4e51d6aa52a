import { describe, expect, it } from 'vitest'
import { intervention, type InterventionInput } from '../../main/contract/interventions.ts'
import { playgroundSettings } from '../../main/contract/playground.ts'
import { inventRun } from '../testing/invented.ts'
import { checkFork, forkDraftOf } from './forkDraft.ts'
import { draftFrom, interventionsOf, newDraft, obstacleOf, settingsOf } from './playgroundDraft.ts'
import { interventionOf, placeNames, sliderOf, type SliderPlace, type VectorSlider } from './sliders.ts'

const slider = (change: Partial<VectorSlider> = {}): VectorSlider => ({
  vectorId: 'v1',
  hook: 'blocks.3.hook_resid_post',
  alpha: 4,
  unit: 'vector',
  place: 'lastPrompt',
  count: 8,
  isOn: true,
  ...change,
})
const add = (change: Partial<Extract<InterventionInput, { kind: 'add' }>> = {}) =>
  intervention.parse({
    kind: 'add',
    hook: 'blocks.3.hook_resid_post',
    positions: 'lastPrompt',
    vector: { vector: 'v1' },
    alpha: 4,
    ...change,
  })

describe('a slider', () => {
  it('says the same as its intervention, at every place and unit', () => {
    for (const place of Object.keys(placeNames) as SliderPlace[])
      for (const unit of ['vector', 'valueNorm'] as const) {
        const one = slider({ place, unit, count: place === 'firstGenerated' ? 3 : 8 })
        expect(intervention.parse(interventionOf(one))).toEqual(interventionOf(one))
        expect(sliderOf(interventionOf(one))).toEqual(one)
      }
  })
  it('stands for no intervention that says more', () => {
    const more = [
      add({ gate: { vector: { vector: 'v2' }, above: 0.5 } }),
      add({ hook: ['blocks.3.hook_resid_post', 'blocks.4.hook_resid_post'] }),
      add({ hook: 'blocks.{3..4}.hook_resid_post' }),
      add({ vector: { vector: 'v1', variant: { kind: 'shuffled' } } }),
      add({ vector: { values: [1, 2] } }),
      add({ normMatched: true }),
      add({ positions: { at: -1 } }),
      intervention.parse({
        kind: 'projectOut',
        hook: 'blocks.3.hook_resid_post',
        positions: 'all',
        vector: { vector: 'v1' },
      }),
    ]
    expect(more.map(sliderOf)).toEqual(more.map(() => null))
  })
})

describe('the playground’s draft', () => {
  it('asks with the system prompt first, and with what is switched on and has a strength', () => {
    const draft = {
      ...newDraft('m'),
      system: 'Be brief.',
      turns: [{ role: 'user' as const, content: 'Hi' }],
      sliders: [slider(), slider({ isOn: false }), slider({ alpha: 0 })],
      probeId: 'p1',
    }
    const settings = settingsOf(draft)
    expect(playgroundSettings.parse(settings)).toEqual(settings)
    expect(settings.messages.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(settings.interventions).toHaveLength(1)
    expect(settings.probeId).toBe('p1')
  })
  it('says what keeps it from being asked', () => {
    const ready = { ...newDraft('m'), turns: [{ role: 'user' as const, content: 'Hi' }] }
    expect(obstacleOf(ready)).toBeNull()
    expect(obstacleOf({ ...ready, modelId: '' })).toContain('model')
    expect(obstacleOf({ ...ready, turns: [{ role: 'user', content: ' ' }] })).toContain('Write')
    expect(obstacleOf({ ...ready, turns: [{ role: 'assistant', content: 'Hi' }] })).toContain('last turn')
    expect(obstacleOf({ ...ready, sliders: [slider({ vectorId: '' })] })).toContain('vector')
    expect(obstacleOf({ ...ready, sliders: [slider({ alpha: Number.NaN })] })).toContain('numbers')
    expect(obstacleOf({ ...ready, sampling: { ...ready.sampling, temperature: Number.NaN } })).toContain(
      'temperature',
    )
  })
  it('takes a stored step over: vectors as sliders, the rest as it is, without its own rule for steps', () => {
    const settings = playgroundSettings.parse({
      modelId: 'm',
      messages: [
        { role: 'system', content: 'S' },
        { role: 'user', content: 'Q' },
      ],
      interventions: [
        add({ applyAtSteps: [7] }),
        { kind: 'zeroAblate', hook: 'blocks.0.hook_mlp_out', positions: 'lastPrompt', applyAtSteps: [7] },
      ],
      step: 7,
      seed: '3/1/7',
    })
    const draft = draftFrom(settings, { run: 'r1', episode: 1, step: 7 })
    expect(draft).toMatchObject({
      system: 'S',
      turns: [{ role: 'user', content: 'Q' }],
      step: 7,
      seed: '3/1/7',
    })
    expect(draft.sliders).toEqual([slider()])
    expect(interventionsOf(draft).map(({ kind, applyAtSteps }) => [kind, applyAtSteps])).toEqual([
      ['add', undefined],
      ['zeroAblate', undefined],
    ])
  })
})

describe('a fork', () => {
  const run = inventRun('a', 'done', {}, { seed: 5, interventions: [add()] })
  const from = { episode: 2, step: 4 }
  it('asks for nothing that is as it was', () => {
    expect(checkFork(forkDraftOf(run, from.step), run, from)).toEqual({
      input: { runId: 'a', episode: 2, step: 4, name: '', changes: {} },
      faults: {},
      changes: [],
    })
  })
  it('asks for what was changed, no interventions at all included', () => {
    const draft = { ...forkDraftOf(run, from.step), temperature: 0, interventions: '', name: ' other ' }
    const { input, changes } = checkFork(draft, run, from)
    expect(changes).toEqual(['temperature', 'interventions'])
    expect(input).toMatchObject({ name: 'other', changes: { temperature: 0, interventions: [] } })
  })
  it('is refused field by field', () => {
    const draft = { ...forkDraftOf(run, from.step), temperature: -1, seed: 1.5, interventions: '[{}]' }
    const { input, faults } = checkFork(draft, run, from)
    expect(input).toBeNull()
    expect(Object.keys(faults)).toEqual(['temperature', 'seed', 'interventions'])
  })
  it('begins with what acts from its step on, and leaves what stands for earlier steps to those', () => {
    const older = inventRun(
      'b',
      'done',
      {},
      {
        interventions: [
          add({ applyAtSteps: [0, 1] }),
          add({ alpha: 2, applyAtSteps: [3, 4, 5] }),
          add({ alpha: 1 }),
        ],
      },
    )
    const draft = forkDraftOf(older, from.step)
    const items = JSON.parse(draft.interventions) as { alpha: number; applyAtSteps?: number[] }[]
    expect(items.map(({ alpha, applyAtSteps }) => [alpha, applyAtSteps])).toEqual([
      [2, [4, 5]],
      [1, undefined],
    ])
    expect(checkFork(draft, older, from).changes).toEqual([])
  })
})
