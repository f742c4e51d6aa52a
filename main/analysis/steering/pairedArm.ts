// Two conditions of a sweep, episode by episode: the same hidden object, the same seed.
// Owns: which episodes are a pair, their sums, and the effect over any pick of them. Not: intervals or tests (effects.ts).
import type { SweepEpisode } from '../../contract/steering.ts'
import { episodesByObject } from './objectResamples.ts'

/** Everything by index of the baseline's episodes; 0 and null where there is no pair, so that sums need not ask. */
export interface PairedArm {
  /** Sum of the outcomes of an episode, and how many steps it has. */
  sums: Float64Array
  steps: Float64Array
  baselineSums: Float64Array
  baselineSteps: Float64Array
  episodes: (SweepEpisode | null)[]
  baselineEpisodes: readonly SweepEpisode[]
  pairs: number
  /** Pairs of each hidden object, by index. What is resampled and swapped: episodes of one object are not independent. */
  objects: readonly (readonly number[])[]
  /** Episodes of the condition that the baseline does not have, or that have no step on either side. */
  unpaired: number
}

const keyOf = ({ task, seed }: SweepEpisode): string => `${seed}/${task}`

/** @throws TypeError where one condition has an object and seed twice, or an outcome is not finite */
export function pairedArm(baseline: readonly SweepEpisode[], condition: readonly SweepEpisode[]): PairedArm {
  const own = byKey(condition)
  byKey(baseline)
  const episodes = baseline.map((episode) => {
    const other = own.get(keyOf(episode))
    return other && other.outcomes.length > 0 && episode.outcomes.length > 0 ? other : null
  })
  const pairs = episodes.filter((episode) => episode !== null).length
  const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
  const ofPair = (act: (own: SweepEpisode, other: SweepEpisode) => number): Float64Array =>
    Float64Array.from(episodes, (episode, i) => (episode ? act(episode, baseline[i]) : 0))
  return {
    sums: ofPair((episode) => sumOf(episode.outcomes)),
    steps: ofPair((episode) => episode.outcomes.length),
    baselineSums: ofPair((_, other) => sumOf(other.outcomes)),
    baselineSteps: ofPair((_, other) => other.outcomes.length),
    episodes,
    baselineEpisodes: baseline,
    pairs,
    objects: episodesByObject(baseline).flatMap((of) => {
      const paired = of.filter((index) => episodes[index] !== null)
      return paired.length > 0 ? [paired] : []
    }),
    unpaired: condition.length - pairs,
  }
}

function byKey(episodes: readonly SweepEpisode[]): Map<string, SweepEpisode> {
  const found = new Map<string, SweepEpisode>()
  for (const episode of episodes) {
    const key = keyOf(episode)
    if (found.has(key))
      throw new TypeError(`a condition has object “${episode.task}” with seed ${episode.seed} twice`)
    if (!episode.outcomes.every(Number.isFinite))
      throw new TypeError(`an outcome of “${episode.task}” is not finite`)
    found.set(key, episode)
  }
  return found
}

/** Mean outcome over the steps of the condition and of the baseline, minus each other; NaN without a pair. @param picks  baseline episodes, with repetition */
export function effectOf(arm: PairedArm, picks?: Int32Array): number {
  let [sum, steps, baselineSum, baselineSteps] = [0, 0, 0, 0]
  const count = picks ? picks.length : arm.sums.length
  for (let k = 0; k < count; k++) {
    const i = picks ? picks[k] : k
    sum += arm.sums[i]
    steps += arm.steps[i]
    baselineSum += arm.baselineSums[i]
    baselineSteps += arm.baselineSteps[i]
  }
  return sum / steps - baselineSum / baselineSteps
}

/** Mean outcome of each paired episode, condition and baseline. */
export function episodeMeans(arm: PairedArm): { own: number[]; baseline: number[] } {
  const paired = Array.from(arm.steps.keys()).filter((i) => arm.steps[i] > 0)
  return {
    own: paired.map((i) => arm.sums[i] / arm.steps[i]),
    baseline: paired.map((i) => arm.baselineSums[i] / arm.baselineSteps[i]),
  }
}
