// Would other episodes have given the same vector?
// Owns: cosines between vectors of random halves, against the number of episodes, and what follows for more. Not: the vector itself.
// Method: E cos = 1 ÷ (1 + c/k) for two vectors of k episodes each, c the noise of one episode over the signal; docs/methods/steering.md.
import type { VectorStability } from '../../contract/contrasts.ts'
import { percentile } from '../clusterBootstrap.ts'
import { shuffled, type UniformGenerator } from '../seededGenerator.ts'
import type { DirectionMaker } from './contrastDirection.ts'
import { rowsByEpisode } from './contrastRows.ts'

const SHARES = [0.25, 0.5, 0.75, 1]
const WANTED_COSINE = 0.9

/**
 * Splits the episodes at random into two halves, many times, and compares the halves' vectors.
 * @returns null below four episodes, or where more than half of the splits leave a half without a class
 */
export function splitHalfStability(
  maker: DirectionMaker,
  { splits, random }: { splits: number; random: UniformGenerator },
): VectorStability | null {
  const episodes = rowsByEpisode(maker.rows.episodes)
  const largest = Math.floor(episodes.length / 2)
  if (largest < 2) return null
  const sizes = [...new Set(SHARES.map((share) => Math.max(2, Math.round(share * largest))))]
  const curve = sizes.flatMap((size) => {
    const cosines: number[] = []
    for (let split = 0; split < splits; split++) {
      const order = shuffled(episodes, random)
      const first = maker.from(order.slice(0, size).flat())
      const second = maker.from(order.slice(size, 2 * size).flat())
      const value = first && second && cosineOf(maker, first, second)
      if (value !== null) cosines.push(value)
    }
    if (cosines.length < splits / 2) return []
    const sorted = Float64Array.from(cosines).sort()
    const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length
    return [{ episodes: size, cosine: mean, low: percentile(sorted, 0.025), high: percentile(sorted, 0.975) }]
  })
  const last = curve.at(-1)
  if (!last) return null
  // Where halves agree no better than chance, neither figure means anything.
  const says = last.low > 0
  const noise = says ? noiseOf(last.cosine, last.episodes) : null
  return {
    curve,
    reliability: noise === null ? null : 1 / (1 + noise / episodes.length),
    episodesNeeded: noise === null ? null : episodesFor(noise),
    episodesNeededLow: last.high > 0 ? episodesFor(noiseOf(last.high, last.episodes)) : null,
    episodesNeededHigh: says ? episodesFor(noiseOf(last.low, last.episodes)) : null,
  }
}

/** c of E cos = 1 ÷ (1 + c/k). */
const noiseOf = (value: number, episodes: number): number => episodes * (1 / value - 1)
const episodesFor = (noise: number): number =>
  Math.max(1, Math.ceil((noise * WANTED_COSINE) / (1 - WANTED_COSINE)))

function cosineOf(maker: DirectionMaker, a: Float64Array, b: Float64Array): number | null {
  const norms = Math.sqrt(maker.product(a, a) * maker.product(b, b))
  return norms > 0 ? Math.max(-1, Math.min(1, maker.product(a, b) / norms)) : null
}
