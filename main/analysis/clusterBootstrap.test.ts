import { describe, expect, it } from 'vitest'
import { bootstrapInterval, clusterResamples } from './clusterBootstrap.ts'
import { normalGenerator } from './normalDraws.ts'
import { seededGenerator } from './seededGenerator.ts'

describe('resamples of clusters', () => {
  it('have as many as there are, each drawn equally often', () => {
    const resamples = clusterResamples(7, 3000, seededGenerator('resamples'))
    const counts = new Array<number>(7).fill(0)
    for (const picks of resamples) for (const pick of picks) counts[pick]++
    expect(resamples.every((picks) => picks.length === 7)).toBe(true)
    // Standard deviation of each count is about 51.
    for (const count of counts) expect(Math.abs(count - 3000)).toBeLessThan(250)
  })
})

describe('bootstrap intervals', () => {
  it('hold the mean of few normal values about as often as they promise, which plain percentiles do not', () => {
    const normal = normalGenerator(seededGenerator('coverage'))
    const covered = { expanded: 0, plain: 0 }
    const trials = 400
    for (let trial = 0; trial < trials; trial++) {
      const values = Array.from({ length: 10 }, normal)
      const means = Float64Array.from(
        clusterResamples(10, 400, seededGenerator(`coverage/${trial}`)),
        (picks) => picks.reduce((sum, pick) => sum + values[pick], 0) / 10,
      )
      const holds = (interval: { low: number; high: number } | null): number =>
        interval && interval.low <= 0 && interval.high >= 0 ? 1 : 0
      covered.expanded += holds(bootstrapInterval(means, 10))
      covered.plain += holds(bootstrapInterval(means, null))
    }
    // Standard error of each share about .011.
    expect(covered.expanded / trials).toBeGreaterThan(0.915)
    expect(covered.expanded / trials).toBeLessThan(0.985)
    expect(covered.plain).toBeLessThan(covered.expanded)
  })

  it('are null below two clusters and where the statistic is mostly undefined', () => {
    expect(bootstrapInterval(new Float64Array(50), 1)).toBeNull()
    expect(bootstrapInterval(new Float64Array(50).fill(NaN), 8)).toBeNull()
    expect(
      bootstrapInterval(
        Float64Array.from({ length: 50 }, (_, i) => (i < 5 ? NaN : 1)),
        8,
      ),
    ).toBeNull()
    expect(
      bootstrapInterval(
        Float64Array.from({ length: 50 }, (_, i) => (i < 2 ? NaN : 1)),
        8,
      ),
    ).toEqual({
      low: 1,
      high: 1,
    })
  })
})
