// The smallest effect that a planned sweep will claim, found by simulating that very sweep.
// Owns: where to look for it. Not: the simulation (simulatedSweep.ts) or the quick formula that it starts from (claimableEffect.ts).
// Method: shares of claims at a few planted effects, as a straight line on the scale of normal quantiles (probit), read at the wanted power.
import { normalQuantile } from '../distributions.ts'
import { claimableEffect } from './claimableEffect.ts'
import { simulatedPower } from './simulatedSweep.ts'

/** A sweep as it is planned, and what is supposed of its outcome. */
export interface SweepDesign {
  episodes: number
  /** Steps of an episode that are counted. */
  steps: number
  /** Of the baseline, 0 … 1. */
  rate: number
  wanted: 'down' | 'up'
  clusterCorrelation: number
  /** Doses of one cell. */
  alphas: readonly number[]
  randomDirections: number
  randomAt: 'every' | 'largest'
  /** Steered conditions of all other cells. */
  further: number
  level: number
}

const POWER = 0.8
const ROUNDS = 3
const TRIALS = 100
/** Without an effect about one sweep in a hundred claims one: a faint point of the line, which keeps it rising. */
const NULL_POINT = { effect: 0, share: 0.01, weight: 0.2 }

/**
 * The change of the rate, at the largest dose of one cell and in proportion at its others, that is claimed in .8 of simulated sweeps; where pairing
 * gains nothing, and random directions and other cells do nothing. The same design gives the same.
 * @returns null where not even the largest change that there can be is claimed so often
 * @throws TypeError as simulatedPower
 */
export function smallestClaim(design: SweepDesign): number | null {
  const { episodes, steps, rate, wanted, clusterCorrelation, alphas, randomDirections } = design
  const limit = wanted === 'down' ? rate : 1 - rate
  const formula = claimableEffect(
    {
      episodes,
      steps,
      rate,
      clusterCorrelation,
      comparisons: alphas.length + design.further,
      level: design.level,
    },
    randomDirections,
  )
  if (formula === null || limit <= 0) return null
  // So many that the smallest p there can be stays far below the level after Holm's correction.
  const permutations = Math.max(499, Math.ceil((4 * (alphas.length + design.further)) / design.level))
  const points = [NULL_POINT]
  let next = formula > 0 ? formula : limit / 2
  for (let round = 0; round < ROUNDS; round++) {
    const effect = Math.min(next, limit)
    const { claims } = simulatedPower(
      {
        ...{ episodes, steps, rate, clusterCorrelation, alphas, randomDirections },
        ...{ randomAt: design.randomAt, isPaired: false },
        effect: wanted === 'down' ? -effect : effect,
      },
      {
        trials: TRIALS,
        seed: round,
        further: design.further,
        settings: { level: design.level, wanted, permutations },
      },
    )
    points.push({ effect, share: Math.min(1 - 0.5 / TRIALS, Math.max(0.5 / TRIALS, claims)), weight: 1 })
    next = effectOfShare(points, POWER)
  }
  return next <= limit ? next : null
}

/** Where the line through the points has a share of claims; weighted least squares. */
function effectOfShare(points: readonly (typeof NULL_POINT)[], share: number): number {
  const total = points.reduce((sum, { weight }) => sum + weight, 0)
  const mean = (of: (point: (typeof points)[number]) => number): number =>
    points.reduce((sum, point) => sum + point.weight * of(point), 0) / total
  const quantileOf = (point: (typeof points)[number]): number => normalQuantile(point.share)
  const [x, y] = [mean(({ effect }) => effect), mean(quantileOf)]
  const slope =
    mean((point) => (point.effect - x) * (quantileOf(point) - y)) / mean(({ effect }) => (effect - x) ** 2)
  return x + (normalQuantile(share) - y) / slope
}
