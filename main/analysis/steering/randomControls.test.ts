import { describe, expect, it } from 'vitest'
import { normalGenerator } from '../normalDraws.ts'
import { seededGenerator } from '../seededGenerator.ts'
import type { Effect } from './effects.ts'
import { compareWithControls } from './randomControls.ts'

const effect = (value: number): Effect => ({ value, resampled: Float64Array.of(value - 1, value, value + 1) })

describe('an effect beside those of random directions', () => {
  it('leads by what it has over their mean, and p is that of one more draw', () => {
    const compared = compareWithControls(effect(10), [1, 2, 3, 4, 5].map(effect), 20)!
    expect(compared).toMatchObject({ directions: 5, meanEffect: 3, advantage: { value: 7, low: 7, high: 7 } })
    // 7 ÷ √(2.5·1.2) = 4.0415 with four degrees of freedom (SciPy 1.17.1, stats.t.sf).
    expect(compared.p).toBeCloseTo(0.0078, 4)
  })

  it('counts the side on which the effect lies: a lead that is behind is none', () => {
    const [down, behind] = [-10, 2].map((value) =>
      compareWithControls(effect(value), [-1, 1, 3, 5, 7].map(effect), 20)!,
    )
    expect(down.p).toBeLessThan(0.05)
    expect(behind.p).toBeGreaterThan(0.5)
  })

  it('has no p for one direction, and is null for none or for an effect that is undefined', () => {
    expect(compareWithControls(effect(1), [effect(0)], 20)).toMatchObject({ directions: 1, p: null })
    expect(compareWithControls(effect(1), [], 20)).toBeNull()
    expect(compareWithControls(effect(NaN), [effect(0)], 20)).toBeNull()
    expect(compareWithControls(effect(1), [effect(NaN), effect(0)], 20)).toBeNull()
  })

  it('has no p where directions do the same in every resample: there is no spread to lie beyond', () => {
    expect(compareWithControls(effect(0.1), [0, 0, 0].map(effect), 20)!.p).toBeNull()
  })

  it('takes the noise of few episodes for the spread of directions that happen to agree', () => {
    const noisy = (seed: number): Effect => {
      const normal = normalGenerator(seededGenerator(`noisy/${seed}`))
      return { value: 0, resampled: Float64Array.from({ length: 2000 }, () => 0.1 * normal()) }
    }
    const of = (value: number) => compareWithControls({ ...noisy(9), value }, [0, 1, 2].map(noisy), 20)!.p!
    // .1 is one standard deviation: t = 1 ÷ √(4/3), two degrees of freedom (SciPy 1.17.1, stats.t.sf: .2388).
    expect(of(0.1)).toBeCloseTo(0.2388, 1)
    expect(of(1e9)).toBeGreaterThan(0)
  })
})
