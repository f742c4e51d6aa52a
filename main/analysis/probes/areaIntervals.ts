// Intervals of areas under the ROC curve that rest on few pairs.
// Owns: counting pairs that share no episode, and what is then said of an area or of two areas' difference. Not: the areas (rankedScores.ts).
// Why: where every pair is ranked rightly each resample says so too, and [1, 1] would be told of three pairs as of three thousand.
// Sources: Wilson 1927; Zou & Donner 2008 (a difference from two intervals). docs/methods/probes.md, “Intervals”.
import type { Estimate } from '../../contract/estimates.ts'
import { wilsonOfShare } from '../intervals.ts'
import type { HeldOut } from './heldOut.ts'
import { indicesBy } from './indicesBy.ts'
import { estimateOf } from './resamples.ts'

/** Below so many independent pairs percentiles of resamples are not trusted alone. */
export const FEW_PAIRS = 10

/**
 * Pairs of class k and another within a fold of which no two share an episode: as many as there are independent looks at the ranking.
 * An episode with both classes holds a pair of its own; of the others two make one.
 */
export function independentPairs(
  { labels, groups, folds }: Pick<HeldOut, 'labels' | 'groups' | 'folds'>,
  k: number,
): number {
  let pairs = 0
  for (const samples of indicesBy(folds).values()) {
    let [inside, outside, both] = [0, 0, 0]
    for (const own of indicesBy(samples.map((sample) => groups[sample])).values()) {
      const hits = own.filter((at) => labels[samples[at]] === k).length
      if (hits === own.length) inside++
      else if (hits === 0) outside++
      else both++
    }
    pairs += both + Math.min(inside, outside)
  }
  return pairs
}

interface Resampled {
  /** Null where it is undefined; the same of each resample. */
  whole: number | null
  resampled: readonly (number | null)[]
  pairs: number
  /** That were resampled. */
  groups: number
}

/** True where percentiles of resamples cannot tell how little is known. */
function isScarce({ whole, pairs }: Resampled, { low, high }: Estimate): boolean {
  if (whole === null || pairs === 0) return false
  if (whole === 0 || whole === 1) return true
  // A predictor that says the same of every row has no error to be unsure of.
  return pairs < FEW_PAIRS && !(low === whole && high === whole)
}

/** An area with its interval: at least as wide as of so many hits and misses where its pairs are few, or ranked all alike. */
export function areaEstimate(area: Resampled): Estimate {
  const plain = estimateOf(area.whole, area.resampled, area.groups)
  if (!isScarce(area, plain)) return plain
  const { low, high } = wilsonOfShare(area.whole!, area.pairs)!
  return { value: area.whole, low: Math.min(low, plain.low ?? low), high: Math.max(high, plain.high ?? high) }
}

/** One area less another on the same resamples; where either is scarce at least as wide as both intervals together allow. */
export function areaAdvantage(area: Resampled, other: Resampled): Estimate {
  const value = area.whole === null || other.whole === null ? null : area.whole - other.whole
  const differences = area.resampled.map((own, index) => {
    const rival = other.resampled[index]
    return own === null || rival === null ? null : own - rival
  })
  const plain = estimateOf(value, differences, Math.min(area.groups, other.groups))
  const scarce = [area, other].some((one) => isScarce(one, estimateOf(one.whole, one.resampled, one.groups)))
  if (value === null || !scarce) return plain
  const [own, rival] = [areaEstimate(area), areaEstimate(other)]
  if (own.low === null || rival.low === null) return plain
  const below = Math.hypot(own.value! - own.low, rival.high! - rival.value!)
  const above = Math.hypot(own.high! - own.value!, rival.value! - rival.low)
  return {
    value,
    low: Math.min(value - below, plain.low ?? Infinity),
    high: Math.max(value + above, plain.high ?? -Infinity),
  }
}
