// How small an effect a sweep that was run could find.
// Owns: its correlations, taken from its own episodes. Not: the formula (claimableEffect.ts).
import type { SweepCondition, VerdictDocument, VerdictSettings } from '../../contract/steering.ts'
import { episodesByObject } from './objectResamples.ts'
import { episodeMeans } from './pairedArm.ts'
import { claimableEffect } from './claimableEffect.ts'
import { clusterCorrelation, correlation, designEffect } from './sensitivity.ts'
import { isBeside, type JudgedArm } from './sweepClaims.ts'

/** @param judged  all conditions but the baseline */
export function sensitivityOf(
  baseline: SweepCondition,
  judged: readonly JudgedArm[],
  settings: VerdictSettings,
): VerdictDocument['sensitivity'] {
  const outcomes = episodesByObject(baseline.episodes)
    .map((of) => of.flatMap((index) => baseline.episodes[index].outcomes))
    .filter((values) => values.length > 0)
  const values = outcomes.flat()
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
  const steered = judged.filter(({ condition }) => condition.role === 'steered')
  const pairs = steered.flatMap(({ arm }) => {
    const { own, baseline: other } = episodeMeans(arm)
    return correlation(own, other) ?? []
  })
  const pairCorrelation = pairs.length
    ? Math.max(0, pairs.reduce((sum, value) => sum + value, 0) / pairs.length)
    : null
  const steps = values.length / outcomes.length
  // One number an object: nothing can correlate, and nothing needs to be known of it.
  const isSingle = outcomes.length >= 2 && values.length === outcomes.length
  const rho = isSingle ? null : clusterCorrelation(outcomes)
  const design = isSingle ? 1 : rho === null ? null : designEffect(steps, rho)
  const objects = steered.flatMap(({ arm }) => arm.objects.length || [])
  // The dose with most of them is the one that can be claimed most easily.
  const directions = Math.max(
    0,
    ...steered.map(
      ({ condition }) =>
        judged.filter(({ condition: other }) => other.role === 'random' && isBeside(other, condition)).length,
    ),
  )
  return {
    clusterCorrelation: rho,
    designEffect: design,
    pairCorrelation,
    smallestEffect:
      design === null || objects.length === 0
        ? null
        : claimableEffect(
            {
              episodes: Math.min(...objects),
              steps,
              variance,
              clusterCorrelation: rho ?? 0,
              pairCorrelation: pairCorrelation ?? 0,
              comparisons: steered.length,
              level: settings.level,
            },
            directions,
          ),
  }
}
