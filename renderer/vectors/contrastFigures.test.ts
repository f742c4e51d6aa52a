import { describe, expect, it } from 'vitest'
import { contrastDocument } from '../../main/contract/contrasts.ts'
import { inventContrast } from '../testing/inventedSteering.ts'
import { placesOf, richestOf, stabilityOf } from './contrastFigures.ts'
import { flagsTitle, neededTitle, placeText, stepsText } from './vectorText.ts'

const perStep = inventContrast('perStep', 0.8)
const pooled = inventContrast('pooled', 0.8)

describe('a contrast as figures', () => {
  it('is one that the contract would take', () => {
    for (const document of [perStep, pooled])
      expect(contrastDocument.safeParse(document).error).toBeUndefined()
  })
  it('keeps a place for a step without a vector, and why', () => {
    const [first, second] = placesOf(perStep)
    expect(first).toMatchObject({ label: '0', norm: null })
    expect(first?.refusal).toMatch(/nothing between the classes/)
    expect(second?.refusal).toBeNull()
    expect(placesOf(pooled).map(({ label }) => label)).toEqual(['all'])
  })
  it('shows the stability of the vector with the most rows, never of one that is refused', () => {
    expect(stabilityOf(perStep, richestOf(perStep))?.points.length).toBeGreaterThan(0)
    expect(stabilityOf(perStep, 0)).toBeNull()
    expect(richestOf({ ...perStep, vectors: perStep.vectors.slice(0, 1) })).toBe(-1)
    expect(stabilityOf(pooled, 0)?.of).toBe('all steps')
  })
})

describe('where a vector is, in words', () => {
  const row = (hook: string, steps: [number, number | null] | null = null) => ({ hook, steps, norm: 1 })
  it('is its layers, or the hook point where it has none', () => {
    expect(
      placeText([row('blocks.8.hook_resid_post', [0, 0]), row('blocks.8.hook_resid_post', [1, 1])]),
    ).toBe('layer 8')
    expect(placeText([row('blocks.3.hook_resid_post'), row('blocks.4.hook_resid_post')])).toBe('layers 3,4')
    expect(placeText([row('blocks.3.hook_mlp_out')])).toBe('blocks.3.hook_mlp_out')
    expect(placeText([row('blocks.3.hook_mlp_out'), row('hook_embed')])).toBe('2 hook points')
  })
  it('is its steps, or all', () => {
    expect([null, [3, 3], [4, 7], [8, null]].map((steps) => stepsText(steps as never))).toEqual([
      'all',
      '3',
      '4–7',
      '8–end',
    ])
  })
})

it('says that nothing speaks against a vector only where something was examined', () => {
  expect(flagsTitle([], false)).toBe('Not examined')
  expect(flagsTitle([], true)).toBe('Nothing speaks against it')
  expect(flagsTitle(['Too few rows.'], false)).toBe('Before you steer with it')
})

it('says of which episodes so many are needed', () => {
  expect(neededTitle({ kind: 'pooled' })).toBe('for .9')
  expect(neededTitle(perStep.settings.scope)).toBe('reaching it, for .9')
})
