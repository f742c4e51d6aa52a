import { describe, expect, it } from 'vitest'
import { interventionList, type InterventionInput } from '../../main/contract/interventions.ts'
import { actedMarks, metText, summaryOf, totalText } from './interventionText.ts'

const hook = 'blocks.15.hook_resid_post'
const vector = { file: '/data/v.safetensors', tensor: 'v' }
const inWords = (item: InterventionInput): string => summaryOf(interventionList.parse([item])[0]!)

describe('an intervention on one line', () => {
  it.each<[InterventionInput, string]>([
    [
      { kind: 'add', hook, positions: 'lastPrompt', vector, alpha: 4, applyAtSteps: [0, 1, 2] },
      '+4 · v of v.safetensors · blocks.15.hook_resid_post · last prompt token · steps 0-2',
    ],
    [
      { kind: 'add', hook, positions: 'all', vector: { values: [1] }, alpha: -0.1, unit: 'valueNorm' },
      '−0.1 · 1 value (of the norm) · blocks.15.hook_resid_post · every token',
    ],
    [
      {
        kind: 'add',
        hook,
        positions: { generated: 2 },
        vector: { vector: 'v3', variant: { kind: 'random', index: 0 } },
        alpha: 1,
      },
      '+1 · random for v3 · blocks.15.hook_resid_post · first 2 generated tokens',
    ],
    [
      { kind: 'zeroAblate', hook: ['a', 'b'], heads: [3], positions: { first: 5, last: 8 } },
      '0 · a, b · heads 3 · positions 5 … 8',
    ],
    [
      {
        kind: 'clamp',
        hook,
        positions: { tokens: ' cat' },
        vector: { run: 'r7', episode: 3, step: 0, at: 'lastPrompt' },
        low: 0,
        gate: { vector, above: 1.5 },
      },
      '0 … ∞ along lastPrompt of r7, episode 3, step 0 · blocks.15.hook_resid_post · tokens “ cat” · where x · (v of v.safetensors) is above 1.5',
    ],
  ])('says what, where and on which tokens', (item, text) => {
    expect(inWords(item)).toBe(text)
  })
})

describe('what acted in a step', () => {
  const settings = interventionList.parse([
    { kind: 'add', name: 'push', hook, positions: 'lastPrompt', vector, alpha: 3 },
    { kind: 'projectOut', hook, positions: 'all', vector, gate: { vector, above: 0 } },
  ])

  it('is named with its strength and what it met', () => {
    const marks = actedMarks(settings, [
      { index: 0, tokens: 1, open: null },
      { index: 1, tokens: 80, open: 0 },
    ])
    expect(marks.map(({ title, strength, met, hasActed }) => [title, strength, met, hasActed])).toEqual([
      ['push', 'α 3', '1 token', true],
      ['2, projectOut', '', '80 tokens, gate shut', false],
    ])
  })

  it('is nothing where the run’s list does not have it', () => {
    expect(actedMarks([], [{ index: 0, tokens: 1, open: null }])).toEqual([])
  })

  it('is summed over the run', () => {
    expect(metText({ tokens: 2, open: 5 })).toBe('2 tokens, gate open 5 ×')
    expect(totalText({ index: 0, steps: 600, tokens: 600, open: null })).toBe('met 600 tokens in 600 steps')
    expect(totalText(undefined)).toMatch(/not asked/)
  })
})
