import { describe, expect, it } from 'vitest'
import { wilsonInterval } from '../intervals.ts'
import { areaAdvantage, areaEstimate, independentPairs } from './areaIntervals.ts'

const rows = (labels: number[], groups: number[], folds = labels.map(() => 0)) => ({
  labels: Int32Array.from(labels),
  groups: Int32Array.from(groups),
  folds: Int32Array.from(folds),
})

describe('independent pairs', () => {
  it('share no episode: one with both classes is a pair, of the others two make one', () => {
    expect(independentPairs(rows([1, 0, 1, 0], [0, 0, 0, 0]), 1)).toBe(1)
    expect(independentPairs(rows([1, 1, 0, 0, 0], [0, 1, 2, 3, 4]), 1)).toBe(2)
    expect(independentPairs(rows([1, 0, 1, 0], [0, 0, 1, 2]), 1)).toBe(2)
  })
  it('lie within a fold', () => {
    expect(independentPairs(rows([1, 0, 1, 0], [0, 1, 2, 3], [0, 1, 1, 0]), 1)).toBe(2)
    expect(independentPairs(rows([1, 1, 0, 0], [0, 1, 2, 3], [0, 0, 1, 1]), 1)).toBe(0)
  })
  it('of several classes are of one against the rest', () => {
    expect(independentPairs(rows([2, 0, 1], [0, 1, 2]), 2)).toBe(1)
  })
})

const area = (whole: number | null, resampled: (number | null)[], pairs: number, groups = 30) => ({
  whole,
  resampled,
  pairs,
  groups,
})
const ones = new Array<number>(100).fill(1)
const spread = Array.from({ length: 101 }, (_, i) => 0.6 + (0.3 * i) / 100)

describe('the interval of an area', () => {
  it('where all pairs are ranked rightly is that of as many independent hits, not [1, 1]', () => {
    for (const pairs of [1, 4, 40]) {
      const { low, high } = areaEstimate(area(1, ones, pairs))
      expect([low, high]).toEqual([wilsonInterval(pairs, pairs)!.low, 1])
    }
    const { low, high } = areaEstimate(area(0, new Array<number>(100).fill(0), 4))
    expect(low).toBe(0)
    expect(high!).toBeGreaterThan(0.4)
  })
  it('of few pairs is at least as wide as theirs, and there where resamples gave none', () => {
    const few = areaEstimate(area(0.75, spread, 3))
    expect(few.low!).toBeLessThan(0.4)
    const undefinedOften = areaEstimate(area(0.75, [0.7, null, null, 0.8], 3))
    expect(undefinedOften).toEqual({ ...few, high: undefinedOften.high })
    expect(undefinedOften.high!).toBeLessThanOrEqual(few.high!)
  })
  it('of many pairs is that of the resamples', () => {
    const { low, high } = areaEstimate(area(0.75, spread, 300))
    expect(low!).toBeGreaterThan(0.59)
    expect(high!).toBeLessThan(0.91)
  })
  it('of a predictor that says the same of every row stays without width', () => {
    expect(areaEstimate(area(0.5, new Array<number>(100).fill(0.5), 3))).toEqual({
      value: 0.5,
      low: 0.5,
      high: 0.5,
    })
  })
})

describe('the advantage of an area', () => {
  const chance = area(0.5, new Array<number>(100).fill(0.5), 4)
  it('over one that knows nothing is no surer than the area itself', () => {
    const { value, low } = areaAdvantage(area(1, ones, 4), chance)
    expect(value).toBe(0.5)
    expect(low).toBeCloseTo(wilsonInterval(4, 4)!.low - 0.5, 12)
  })
  it('is that of the paired resamples where there are many pairs', () => {
    const own = area(0.75, spread, 300)
    const rival = area(
      0.7,
      spread.map((value) => value - 0.05),
      300,
    )
    const { low, high } = areaAdvantage(own, rival)
    expect(low).toBeCloseTo(0.05, 12)
    expect(high).toBeCloseTo(0.05, 12)
  })
  it('is undefined where either area is', () => {
    expect(areaAdvantage(area(null, [null], 0), chance).value).toBeNull()
  })
})
