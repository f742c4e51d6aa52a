// What a learned direction does, on what it was searched on and on what it was not.
// Owns: rates, their paired difference, and the sentences about them. Not: playing (directionTrials.ts).
import { seededGenerator } from '../../analysis/seededGenerator.ts'
import { estimateOf, resampledEffect } from '../../analysis/steering/effects.ts'
import { objectResamples } from '../../analysis/steering/objectResamples.ts'
import { pairedArm } from '../../analysis/steering/pairedArm.ts'
import type { LearnedEffect } from '../../contract/vectors.ts'
import type { TrialEpisode } from './directionTrials.ts'

const RESAMPLES = 2000

/** Over all steps; null without one. */
export function rateOf(episodes: readonly TrialEpisode[]): number | null {
  const outcomes = episodes.flatMap((episode) => episode.outcomes)
  return outcomes.length === 0 ? null : outcomes.reduce((sum, value) => sum + value, 0) / outcomes.length
}

/** Paired by object and seed; interval from resampled objects. */
export function learnedEffect(
  baseline: readonly TrialEpisode[],
  steered: readonly TrialEpisode[],
  seed: number,
): LearnedEffect {
  const full = (episodes: readonly TrialEpisode[]) => episodes.map((each) => ({ ...each, sideEffects: {} }))
  const arm = pairedArm(full(baseline), full(steered))
  const resamples = objectResamples(baseline, RESAMPLES, seededGenerator(`learned/${seed}`))
  const effect = resampledEffect(arm, resamples)
  return {
    episodes: baseline.length,
    baseline: rateOf(baseline),
    steered: rateOf(steered),
    effect: estimateOf(effect.value, effect.resampled, arm.objects.length),
  }
}

/** Whole sentences: what holds on objects that the search has not seen, and that it is not yet a control. */
export function flagsOfLearned(
  { train, heldOut, looks }: { train: LearnedEffect; heldOut: LearnedEffect; looks: number },
  wanted: 'down' | 'up',
): string[] {
  const { low, high } = heldOut.effect
  const holds = low !== null && high !== null && (wanted === 'down' ? high < 0 : low > 0)
  return [
    `On the ${train.episodes} objects it was searched on the rate changes by ${words(train)}, on ${heldOut.episodes} others by ${words(heldOut)}${holds ? '' : ': it does not hold there'}.`,
    ...(looks > 1
      ? [
          `${looks} searches were judged on these held-out objects: the best of several looks good by chance, and none of them is a first look any more.`,
        ]
      : []),
    'It was chosen for its effect: judge it in a sweep beside random directions of its length, on further objects.',
  ]
}

const points = (value: number | null): string =>
  value === null ? '–' : `${value > 0 ? '+' : ''}${(100 * value).toFixed(1)}`

const words = ({ effect: { value, low, high } }: LearnedEffect): string =>
  low === null || high === null
    ? `${points(value)} points`
    : `${points(value)} points [${points(low)}, ${points(high)}]`
