import { describe, expect, it } from 'vitest'
import { clusterCorrelation, correlation, designEffect, detectableEffect } from './sensitivity.ts'

describe('the correlation within episodes', () => {
  it('is that of a worked example: mean squares 2 and .5 with three values each', () => {
    // Groups with means 1, 2, 3 and values mean ± .5√2, mean: between = 3·1, within = .5.
    const spread = Math.SQRT1_2
    const groups = [1, 2, 3].map((mean) => [mean - spread, mean, mean + spread])
    expect(clusterCorrelation(groups)).toBeCloseTo((3 - 0.5) / (3 + 2 * 0.5), 12)
  })

  it('is 1 where episodes are all alike within, and 0 where they differ less than chance', () => {
    expect(
      clusterCorrelation([
        [1, 1, 1],
        [0, 0],
        [1, 1],
      ]),
    ).toBe(1)
    expect(
      clusterCorrelation([
        [1, 0],
        [0, 1],
        [1, 0],
      ]),
    ).toBe(0)
  })

  it('is null where it cannot be known', () => {
    expect(clusterCorrelation([[1, 0, 1]])).toBeNull()
    expect(clusterCorrelation([[1], [0], [1]])).toBeNull()
    expect(
      clusterCorrelation([
        [1, 1],
        [1, 1],
      ]),
    ).toBeNull()
    expect(clusterCorrelation([[], []])).toBeNull()
  })
})

describe('the smallest effect that can be found', () => {
  const design = { episodes: 20, steps: 20, rate: 0.69, clusterCorrelation: 0.1 }

  it('is that of the formula', () => {
    // t₀.₉₇₅,₁₉ + t₀.₈,₁₉ = 2.0930 + .8610; variance 2·.2139·2.9 ÷ 400
    expect(designEffect(20, 0.1)).toBeCloseTo(2.9, 12)
    expect(detectableEffect(design)).toBeCloseTo(2.954 * Math.sqrt((2 * 0.2139 * 2.9) / 400), 4)
  })

  it('shrinks with episodes and pairing, grows with correlation and comparisons', () => {
    const plain = detectableEffect(design)!
    expect(detectableEffect({ ...design, episodes: 80 })).toBeLessThan(plain / 2 + 0.001)
    expect(detectableEffect({ ...design, pairCorrelation: 0.5 })).toBeCloseTo(plain * Math.SQRT1_2, 12)
    expect(detectableEffect({ ...design, clusterCorrelation: 0.3 })).toBeGreaterThan(plain)
    expect(detectableEffect({ ...design, comparisons: 4 })).toBeGreaterThan(plain)
    // Steps of one episode that all agree are worth one.
    expect(detectableEffect({ ...design, clusterCorrelation: 1 })).toBeCloseTo(
      detectableEffect({ ...design, clusterCorrelation: 1, steps: 1 })!,
      12,
    )
  })

  it('is not known from one episode, and refused for what cannot be', () => {
    expect(detectableEffect({ ...design, episodes: 1 })).toBeNull()
    expect(() => detectableEffect({ ...design, rate: 1.2 })).toThrow(TypeError)
    expect(() => detectableEffect({ ...design, rate: undefined })).toThrow(TypeError)
    expect(() => detectableEffect({ ...design, clusterCorrelation: -1 })).toThrow(TypeError)
    expect(() => detectableEffect({ ...design, power: 1 })).toThrow(TypeError)
  })
})

it('a correlation is null without variation and 1 for a line', () => {
  expect(correlation([1, 2, 3], [2, 4, 6])).toBeCloseTo(1, 12)
  // 1.0000000000000002 by the formula, which no design takes.
  expect(correlation([5, 4, 2], [2, 1.6, 0.8])).toBe(1)
  expect(correlation([1, 2, 3], [2, 2, 2])).toBeNull()
  expect(correlation([1, 2], [2, 3])).toBeNull()
})
