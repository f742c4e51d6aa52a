// The smallest effect that a sweep can find.
// Owns: correlation of steps within episodes, the design effect, and the effect that is detectable. Not: power of a whole verdict (simulatedSweep.ts).
// Sources: Kish 1965, section 5.4 (design effect); Donner & Klar 2000, sections 1.3 and 5.2 (analysis-of-variance estimate; sample size).
import { checkOptions, type OptionKinds } from '../../contract/options.ts'
import { studentQuantile } from '../distributions.ts'

/**
 * Correlation between two steps of one episode, from the variance between and within episodes; below 0 it counts as 0.
 * @param episodes  outcomes of each
 * @returns null below two episodes, where no episode has two steps, or where nothing varies
 */
export function clusterCorrelation(episodes: readonly (readonly number[])[]): number | null {
  const clusters = episodes.filter((outcomes) => outcomes.length > 0)
  const sizes = clusters.map((outcomes) => outcomes.length)
  const total = sumOf(sizes)
  if (clusters.length < 2 || total === clusters.length) return null
  const mean = sumOf(clusters.flat()) / total
  const means = clusters.map((outcomes) => sumOf(outcomes) / outcomes.length)
  const between = sumOf(means.map((value, i) => sizes[i] * (value - mean) ** 2)) / (clusters.length - 1)
  const within =
    sumOf(clusters.map((outcomes, i) => sumOf(outcomes.map((value) => (value - means[i]) ** 2)))) /
    (total - clusters.length)
  const size = (total - sumOf(sizes.map((count) => count * count)) / total) / (clusters.length - 1)
  const variance = between + (size - 1) * within
  return variance === 0 ? null : Math.max(0, (between - within) / variance)
}

/** By how much the variance of a mean grows because steps come in episodes: 1 + (m − 1)ρ. */
export const designEffect = (steps: number, correlation: number): number => 1 + (steps - 1) * correlation

export interface EffectDesign {
  episodes: number
  /** Steps of an episode, on average. */
  steps: number
  /** Share of steps with the outcome in the baseline; or give `variance` for any other outcome. */
  rate?: number
  variance?: number
  /** Between steps of one episode: `clusterCorrelation`, or .1 where nothing is known. */
  clusterCorrelation?: number
  /** Between the arms of a pair; 0 says that pairing gains nothing. */
  pairCorrelation?: number
  /** Conditions that Holm's correction is made for. */
  comparisons?: number
  level?: number
  power?: number
}
const designKinds: OptionKinds<EffectDesign> = {
  episodes: 'number',
  steps: 'number',
  rate: 'number',
  variance: 'number',
  clusterCorrelation: 'number',
  pairCorrelation: 'number',
  comparisons: 'number',
  level: 'number',
  power: 'number',
}

/**
 * The smallest difference between two conditions that a two-sided test finds with the given power:
 * (t₁₋α⸝₂ₖ + t_power)·√(2σ²·(1 + (m − 1)ρ)·(1 − r) ÷ nm), both quantiles with n − 1 degrees of freedom, r the correlation of a pair.
 * One test alone: a verdict's claim needs three, see `claimableEffect`.
 * @returns in the outcome's own units, for a rate 0 … 1; null below two episodes
 * @throws TypeError for an unknown key, a rate, correlation, level or power that cannot be
 */
export function detectableEffect(design: EffectDesign): number | null {
  checkOptions('detectableEffect', design, designKinds)
  const { episodes, comparisons = 1, level = 0.05, power = 0.8 } = design
  const error = effectError(design)
  if (episodes < 2) return null
  const quantiles =
    studentQuantile(1 - level / (2 * comparisons), episodes - 1) + studentQuantile(power, episodes - 1)
  return quantiles * error
}

/** Standard error of a difference between two conditions. @throws TypeError for what cannot be */
export function effectError(design: EffectDesign): number {
  const { episodes, steps, rate, clusterCorrelation: rho = 0.1, pairCorrelation: pair = 0 } = design
  const { comparisons = 1 } = design
  const variance = design.variance ?? (rate === undefined ? NaN : rate * (1 - rate))
  if (!(variance >= 0)) throw new TypeError('give a rate within 0 … 1, or a variance')
  if (!(rho >= 0 && rho <= 1 && pair >= 0 && pair <= 1))
    throw new TypeError(`correlations ${rho} and ${pair}`)
  if (!(steps >= 1 && comparisons >= 1)) throw new TypeError(`${steps} steps and ${comparisons} comparisons`)
  return Math.sqrt((2 * variance * designEffect(steps, rho) * (1 - pair)) / (episodes * steps))
}

/** Pearson's correlation; null below three pairs or where either side does not vary. */
export function correlation(a: readonly number[], b: readonly number[]): number | null {
  if (a.length < 3) return null
  const [meanA, meanB] = [sumOf(a) / a.length, sumOf(b) / b.length]
  const product = sumOf(a.map((value, i) => (value - meanA) * (b[i] - meanB)))
  const scale = Math.sqrt(
    sumOf(a.map((value) => (value - meanA) ** 2)) * sumOf(b.map((value) => (value - meanB) ** 2)),
  )
  // Rounding takes arms that are the same a bit beyond 1.
  return scale === 0 ? null : Math.max(-1, Math.min(1, product / scale))
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
