import { expect, test } from 'vitest'
import type { ModelShape } from '../contract/models.ts'
import { BoundInterventions } from './interventionBinding.ts'
import { makeIntervention, type Intervention, type InterventionDraft } from './interventions.ts'

const shape: ModelShape = {
  layers: 2,
  residualWidth: 8,
  heads: 2,
  keyValueHeads: 2,
  headWidth: 4,
  mlpWidth: 16,
  vocabulary: 32,
  contextLength: 2048,
}
const hook = 'blocks.1.hook_resid_post'
const zero = (
  positions: InterventionDraft['positions'],
  more: Partial<InterventionDraft> = {},
): Intervention =>
  makeIntervention(
    {
      name: 'zero',
      hook,
      heads: null,
      positions,
      phase: 'prompt',
      gate: null,
      leavesSink: false,
      ifAbsent: 'error',
      change: { kind: 'zero' },
      ...more,
    },
    shape,
  )
const prompt = Int32Array.from({ length: 600 }, (_, position) => position % 32)
const stages = (interventions: Intervention[]): number | undefined =>
  new BoundInterventions(interventions, prompt, 4).points.get(hook)?.stages

test('a graph has room for what one token meets, however many interventions there are at others', () => {
  const apart = Array.from(prompt, (_, position) => zero({ at: [position] }))
  expect(stages(apart)).toBe(1)
  expect(stages([...apart, zero('lastPrompt'), zero({ first: 3, last: 5 })])).toBe(2)
  expect(stages([zero('lastPrompt'), zero('lastPrompt'), zero({ at: [-1, 0] }), zero({ at: [0] })])).toBe(3)
})

test('of tokens that are not yet written it is known at most who may meet them', () => {
  const written = [
    zero('everyGenerated', { phase: 'decode' }),
    zero({ generated: 2 }, { phase: 'decode' }),
    zero('all', { phase: 'both' }),
  ]
  expect(stages(written)).toBe(3)
  expect(stages([zero({ at: [0] }), zero({ at: [0] }), ...written])).toBe(3)
})

test('more interventions at one token than a graph can be loaded with are refused at once', () => {
  const many = Array.from({ length: 5000 }, () => zero('lastPrompt'))
  expect(stages(many.slice(0, 128))).toBe(128)
  expect(() => stages(many)).toThrow(expect.objectContaining({ code: 'interventions_too_many' }))
})
