// Intervals from resampled episodes.
// Owns: the resamples themselves, the same for all that is compared, and their percentiles. Not: what is computed on each.
// Method: percentile bootstrap over groups (Efron & Tibshirani 1993, chapters 8 and 13). Draws as NumPy's RandomState(seed).randint(0, G, (B, G)).
import type { Estimate } from '../../contract/estimates.ts'
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

/** NumPy's percentile with linear interpolation; `sorted` is not empty. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const at = share * (sorted.length - 1)
  const below = Math.floor(at)
  const rest = at - below
  return rest === 0 ? sorted[below] : sorted[below] + rest * (sorted[below + 1] - sorted[below])
}

/** Below this share of defined resamples an interval would speak of lucky ones only. */
const LEAST_DEFINED = 0.5

/**
 * A figure with the 2.5th and 97.5th percentile of its resampled values.
 * @param values  one a resample; null where the figure is undefined there
 * @returns no interval where fewer than half of the resamples define the figure, or there are none
 */
export function estimateOf(value: number | null, values: readonly (number | null)[]): Estimate {
  if (value === null) return { value, low: null, high: null }
  const defined = Float64Array.from(values.filter((v) => v !== null)).sort()
  if (defined.length === 0 || defined.length < LEAST_DEFINED * values.length)
    return { value, low: null, high: null }
  return { value, low: quantile(defined, 0.025), high: quantile(defined, 0.975) }
}
