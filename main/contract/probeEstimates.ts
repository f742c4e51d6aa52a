// What a training will roughly take, before it begins.
// Owns: the estimate for the one estimator that is slow. Not: progress of what runs.
import type { EstimatorSettings } from './probes.ts'

/** Of a perceptron no more are made: with 20 p can still fall below .05. */
export const perceptronPermutations = 20

/** Multiplications and additions a second in the probes' kernels, on one core of a few years ago. */
const PER_SECOND = 1e9

/**
 * Seconds for judging a perceptron, permutations included, good to a factor of two or three; null for other estimators, which are quick.
 * @param rows  N  @param width  D
 */
export function perceptronSeconds(
  estimator: EstimatorSettings,
  { rows, width, folds, permutations }: { rows: number; width: number; folds: number; permutations: number },
): number | null {
  if (estimator.kind !== 'mlp') return null
  // Forward and back, for every epoch; the folds once for the probe, once for random features, once a permutation; and the stored probe.
  const fits = folds * (2 + Math.min(permutations, perceptronPermutations)) + 1
  return (2 * rows * width * estimator.hidden * estimator.epochs * fits) / PER_SECOND
}
