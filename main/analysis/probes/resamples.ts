// Intervals from resampled episodes.
// Owns: the resamples themselves, the same for all that is compared. Not: what is computed on each, or percentiles.
// Method: percentile bootstrap over groups, percentiles as clusterBootstrap.ts takes them. Draws as NumPy's RandomState(seed).randint(0, G, (B, G)).
import type { Estimate } from '../../contract/estimates.ts'
import { bootstrapInterval } from '../clusterBootstrap.ts'
import { RandomState } from './mersenneTwister.ts'

/**
 * How often each group was drawn, for each resample: G counts.
 * @param drawn  the groups to draw from, those that are judged
 * @param groups  G
 */
export function groupResamples(
  drawn: readonly number[],
  groups: number,
  count: number,
  seed: number,
): Uint16Array[] {
  const random = new RandomState(seed)
  return Array.from({ length: count }, () => {
    const counts = new Uint16Array(groups)
    for (let draw = 0; draw < drawn.length; draw++) counts[drawn[random.interval(drawn.length - 1)]]++
    return counts
  })
}

/**
 * A figure with the interval of its resampled values.
 * @param values  one a resample; null where the figure is undefined there
 * @param groups  how many were resampled
 * @returns no interval where bootstrapInterval gives none
 */
export function estimateOf(
  value: number | null,
  values: readonly (number | null)[],
  groups: number,
): Estimate {
  const interval =
    value === null
      ? null
      : bootstrapInterval(
          Float64Array.from(values, (each) => each ?? NaN),
          groups,
        )
  return { value, low: interval?.low ?? null, high: interval?.high ?? null }
}
