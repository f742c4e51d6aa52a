// Intervals that resample whole clusters (episodes), since what happens within one is not independent.
// Owns: the resamples and the interval from them. Not: the statistic that is resampled.
// Sources: Davison & Hinkley 1997, section 3.8; expanded percentiles: Hesterberg 2015, “What teachers should know about the bootstrap”, section 5.3.
import { normalCdf, studentQuantile } from './distributions.ts'
import type { Interval } from './intervals.ts'
import type { UniformGenerator } from './seededGenerator.ts'

/** Resamples of clusters 0 … clusters − 1 with replacement; statistics that share them can be compared resample by resample. */
export function clusterResamples(clusters: number, count: number, random: UniformGenerator): Int32Array[] {
  return Array.from({ length: count }, () =>
    Int32Array.from({ length: clusters }, () => Math.floor(random() * clusters)),
  )
}

/** At most this share of resamples may leave a statistic undefined. */
const MOST_UNDEFINED = 0.05

/**
 * Percentile interval of a resampled statistic.
 * @param values  one a resample; NaN where the statistic is undefined in it
 * @param clusters  how many were resampled: percentiles are widened as Student's t and n/(n − 1) demand of so few. Null takes plain percentiles
 * @returns null below two clusters, or where more than 5 % of the resamples are undefined
 */
export function bootstrapInterval(
  values: Float64Array,
  clusters: number | null,
  level = 0.95,
): Interval | null {
  const defined = values.filter((value) => !Number.isNaN(value)).sort()
  if (defined.length === 0 || defined.length < values.length * (1 - MOST_UNDEFINED)) return null
  let tail = (1 - level) / 2
  if (clusters !== null) {
    if (clusters < 2) return null
    tail = normalCdf(Math.sqrt(clusters / (clusters - 1)) * studentQuantile(tail, clusters - 1))
  }
  return { low: percentile(defined, tail), high: percentile(defined, 1 - tail) }
}

/** Linear between neighbours, as NumPy's default. @param sorted  ascending, not empty */
export function percentile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const above = Math.min(sorted.length - 1, below + 1)
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below)
}
