// How small an effect a sweep that was run could find.
// Owns: its correlations, taken from its own episodes. Not: the formula (sensitivity.ts).
import type { SweepCondition, VerdictDocument, VerdictSettings } from '../../contract/steering.ts'
import type { JudgedArm } from './conditionVerdict.ts'
import { episodeMeans } from './pairedArm.ts'
import { clusterCorrelation, correlation, designEffect, detectableEffect } from './sensitivity.ts'

/** @param judged  all conditions but the baseline */
export function sensitivityOf(
  baseline: SweepCondition,
  judged: readonly JudgedArm[],
  settings: VerdictSettings,
): VerdictDocument['sensitivity'] {
  const outcomes = baseline.episodes.map((episode) => episode.outcomes).filter((values) => values.length > 0)
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
  const rho = clusterCorrelation(outcomes)
  const steps = values.length / outcomes.length
  return {
    clusterCorrelation: rho,
    designEffect: rho === null ? null : designEffect(steps, rho),
    pairCorrelation,
    smallestEffect:
      rho === null || steered.length === 0
        ? null
        : detectableEffect({
            episodes: Math.max(...steered.map(({ arm }) => arm.pairs)),
            steps,
            variance,
            clusterCorrelation: rho,
            pairCorrelation: pairCorrelation ?? 0,
            comparisons: steered.length,
            level: settings.level,
          }),
  }
}
