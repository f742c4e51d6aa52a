import { describe, expect, it } from 'vitest'
import { RankedScores } from './rankedScores.ts'
import { estimateOf, groupResamples } from './resamples.ts'

const positive = [1, 0, 1, 1, 0, 0, 1, 0]
const scores = [0.9, 0.8, 0.8, 0.7, 0.5, 0.5, 0.5, 0.1]
const each = [0, 1, 2, 3, 4, 5, 6, 7]
const single = each.map(() => 0)
const ranked = new RankedScores(scores, positive, each, single)

function areaUnder(curve: ReturnType<RankedScores['curve']>): number {
  let area = 0
  curve.slice(1).forEach((point, index) => {
    const before = curve[index]
    const width = point.falsePositiveRate - before.falsePositiveRate
    area += (width * (point.truePositiveRate + before.truePositiveRate)) / 2
  })
  return area
}

describe('ranked scores', () => {
  // scikit-learn 1.9.1: roc_auc_score, average_precision_score
  it('have the areas that scikit-learn has, ties included', () => {
    const { auroc, auprc } = ranked.figures(null)!
    expect(auroc).toBeCloseTo(0.78125, 15)
    expect(auprc).toBeCloseTo(0.7470238095238095, 15)
  })

  it('and with weights', () => {
    const { auroc, auprc } = ranked.figures([1, 2, 1, 3, 1, 0, 2, 1])!
    expect(auroc).toBeCloseTo(0.5714285714285714, 15)
    expect(auprc).toBeCloseTo(0.7204081632653061, 15)
  })

  it('a group drawn twice counts as if it stood there twice', () => {
    const both = <T>(values: T[]): T[] => [...values, ...values]
    const twice = new RankedScores(both(scores), both(positive), both(each), both(single))
    const [a, b] = [ranked.figures(each.map(() => 2))!, twice.figures(null)!]
    expect(a).toEqual(b)
  })

  it('have no figures where a class is missing', () => {
    expect(ranked.figures([1, 0, 1, 1, 0, 0, 1, 0])).toBeNull()
    expect(new RankedScores([1, 2], [0, 0], [0, 1], [0, 0]).curve()).toEqual([])
  })

  it('catch as much as 1 and 5 of a hundred false alarms allow, and no more', () => {
    // Scores fall from 100; the ones sit after 0, 1, 5 and 6 of a hundred zeros.
    const zeros = Array.from({ length: 100 }, (_, index) => 100 - index)
    const ones = [100.5, 99.5, 95.5, 94.5]
    const { tprAt1, tprAt5 } = new RankedScores(
      [...zeros, ...ones],
      [...zeros.map(() => 0), ...ones.map(() => 1)],
      [...zeros, ...ones].map(() => 0),
      [...zeros, ...ones].map(() => 0),
    ).figures(null)!
    expect([tprAt1, tprAt5]).toEqual([0.5, 0.75])
  })

  it('the curve goes from corner to corner with area equal to the figure', () => {
    const curve = ranked.curve()
    expect(curve[0]).toMatchObject({ falsePositiveRate: 0, truePositiveRate: 0 })
    expect(curve.at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 })
    expect(areaUnder(curve)).toBeCloseTo(0.78125, 15)
  })

  it('of several folds rank the pairs within each, and no fold against another', () => {
    // Each fold ranks its rows perfectly; all of the first fold's scores lie above the second's.
    const perfect = new RankedScores([9, 8, 2, 1], [1, 0, 1, 0], [0, 1, 2, 3], [0, 0, 1, 1])
    expect(perfect.figures(null)!.auroc).toBe(1)
    // Each fold's rows are equal: nothing is told, whatever the folds' classes are.
    const constant = new RankedScores([9, 9, 9, 2, 2, 2], [1, 1, 0, 1, 0, 0], single, [0, 0, 0, 1, 1, 1])
    expect(constant.figures(null)!.auroc).toBe(0.5)
    // No fold has both classes.
    expect(new RankedScores([9, 2], [1, 0], [0, 1], [0, 1]).figures(null)).toBeNull()
  })

  it('the curve of several folds has the area of the figure too', () => {
    const folds = [0, 1, 0, 1, 0, 1, 1, 0]
    const parted = new RankedScores(scores, positive, each, folds)
    expect(areaUnder(parted.curve())).toBeCloseTo(parted.figures(null)!.auroc, 14)
    expect(parted.curve().at(-1)).toMatchObject({ falsePositiveRate: 1, truePositiveRate: 1 })
  })
})

describe('resampled figures', () => {
  it('draw groups with replacement, as many as there are, the same for the same seed', () => {
    const resamples = groupResamples([2, 5, 9], 12, 50, 7)
    for (const counts of resamples) {
      expect(counts.reduce((a, b) => a + b)).toBe(3)
      expect(counts.every((count, group) => count === 0 || [2, 5, 9].includes(group))).toBe(true)
    }
    expect(groupResamples([2, 5, 9], 12, 50, 7)).toEqual(resamples)
    expect(new Set(resamples.map(String)).size).toBeGreaterThan(5)
  })

  it('have no interval where more than 5 % of the resamples leave the figure undefined', () => {
    const none = { low: null, high: null }
    const nearlyAll = Array.from({ length: 100 }, (_, i) => (i < 95 ? i / 100 : null))
    expect(estimateOf(0.5, [0.4, ...nearlyAll.slice(1, 10), null], 9)).toEqual({ value: 0.5, ...none })
    expect(estimateOf(null, [0.4, 0.5], 9)).toEqual({ value: null, ...none })
    expect(estimateOf(0.5, [], 9)).toEqual({ value: 0.5, ...none })
    expect(estimateOf(0.5, nearlyAll, 9).low).not.toBeNull()
  })

  it('are wider the fewer the episodes that were resampled, and undefined with one', () => {
    const values = Array.from({ length: 200 }, (_, i) => i / 200)
    const width = (groups: number): number => {
      const { low, high } = estimateOf(0.5, values, groups)
      return high! - low!
    }
    expect(width(5)).toBeGreaterThan(width(30))
    expect(width(30)).toBeGreaterThan(0.95 * (199 / 200))
    expect(estimateOf(0.5, values, 1).low).toBeNull()
  })
})
