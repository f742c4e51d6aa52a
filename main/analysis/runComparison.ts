// A figure of one run beside that of another, episode by episode where they are alike.
// Owns: pairing, the difference and its interval. Not: which figures (jobs/compareRuns.ts) or verdicts on steering (steering/).
// Method: ratios of sums over episodes, resampled by episode; paired ones share their resamples.
import type { Estimate } from '../contract/estimates.ts'
import { bootstrapInterval, clusterResamples } from './clusterBootstrap.ts'
import { seededGenerator } from './seededGenerator.ts'

/** What one episode gives to a mean: Σ sum ÷ Σ weight. */
export interface EpisodeShare {
  /** Episodes of two runs with the same key are a pair. */
  key: string
  sum: number
  weight: number
}

/** Null without any weight. */
export function ratioOf(episodes: readonly EpisodeShare[]): number | null {
  const weight = episodes.reduce((total, each) => total + each.weight, 0)
  return weight === 0 ? null : episodes.reduce((total, each) => total + each.sum, 0) / weight
}

/**
 * Ratio of `other` minus ratio of `reference`: over the pairs alone where at least two episodes have one, else over all of both.
 * @param bootstraps  resamples of episodes behind the interval
 * @throws TypeError where a run has a key twice
 */
export function compareEpisodes(
  reference: readonly EpisodeShare[],
  other: readonly EpisodeShare[],
  { bootstraps, seed }: { bootstraps: number; seed: string },
): { difference: Estimate; pairs: number; isPaired: boolean } {
  const known = byKey(reference)
  byKey(other)
  const paired = other.flatMap((own) => {
    const first = known.get(own.key)
    return first ? [{ own, first }] : []
  })
  const isPaired = paired.length >= 2
  const [own, first] = isPaired
    ? [paired.map((pair) => pair.own), paired.map((pair) => pair.first)]
    : [other, reference]
  const draw = (side: string, count: number): Int32Array[] =>
    clusterResamples(count, bootstraps, seededGenerator(`comparison/${seed}/${side}`))
  const ownPicks = draw('own', own.length)
  const firstPicks = isPaired ? ownPicks : draw('first', first.length)
  const resampled = Float64Array.from(
    ownPicks,
    (picks, i) => pickedRatio(own, picks) - pickedRatio(first, firstPicks[i]),
  )
  const [mine, theirs] = [ratioOf(own), ratioOf(first)]
  const value = mine === null || theirs === null ? null : mine - theirs
  const interval = value === null ? null : bootstrapInterval(resampled, Math.min(own.length, first.length))
  return {
    difference: { value, low: interval?.low ?? null, high: interval?.high ?? null },
    pairs: paired.length,
    isPaired,
  }
}

function byKey(episodes: readonly EpisodeShare[]): Map<string, EpisodeShare> {
  const found = new Map(episodes.map((episode) => [episode.key, episode]))
  if (found.size !== episodes.length) throw new TypeError('a run has two episodes of one key')
  return found
}

/** NaN without any weight. */
function pickedRatio(episodes: readonly EpisodeShare[], picks: Int32Array): number {
  let [sum, weight] = [0, 0]
  for (const pick of picks) {
    sum += episodes[pick].sum
    weight += episodes[pick].weight
  }
  return sum / weight
}
