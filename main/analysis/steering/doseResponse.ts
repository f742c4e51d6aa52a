// Does more of the vector do more?
// Owns: the slope over α, and its test against permuted doses and against random directions. Not: single conditions.
// Method: linear contrast in each episode; doses permuted within episodes, ranks as scores (Page 1963; Good 2005, section 7.3).
import type { DoseResponse } from '../../contract/steering.ts'
import { shuffled, type UniformGenerator } from '../seededGenerator.ts'
import { estimateOf } from './effects.ts'
import type { PairedArm } from './pairedArm.ts'

export interface Dose {
  alpha: number
  arm: PairedArm
  /** Random directions at this very α: those at −α beside them would make every slope of theirs 0. */
  randoms: readonly PairedArm[]
}

export type DoseFigures = Omit<DoseResponse, 'cell' | 'colour' | 'sentence'>

/**
 * @param doses  of one cell, with α ≠ 0; the baseline stands at 0
 * @returns null below three doses (baseline included) or two episodes that all of them have
 * @throws TypeError where two conditions have the same α
 */
export function doseFigures(
  doses: readonly Dose[],
  {
    resamples,
    permutations,
    random,
  }: { resamples: readonly Int32Array[]; permutations: number; random: UniformGenerator },
): DoseFigures | null {
  const sorted = doses.toSorted((a, b) => a.alpha - b.alpha)
  const alphas = [...sorted.map(({ alpha }) => alpha), 0].sort((a, b) => a - b)
  if (new Set(alphas).size !== alphas.length)
    throw new TypeError(`two conditions of one cell have the same α: ${alphas.join(', ')}`)
  const arms = sorted.flatMap(({ arm, randoms }) => [arm, ...randoms])
  const episodes = Array.from(arms[0]?.steps.keys() ?? []).filter((i) =>
    arms.every(({ steps }) => steps[i] > 0),
  )
  if (alphas.length < 3 || episodes.length < 2) return null
  const meanOutcomes = (at: readonly number[], armsAt: (dose: Dose) => readonly PairedArm[]): number[][] =>
    episodes.map((i) =>
      at.map((alpha) => {
        const dose = sorted.find((entry) => entry.alpha === alpha)
        if (!dose) return sorted[0].arm.baselineSums[i] / sorted[0].arm.baselineSteps[i]
        const chosen = armsAt(dose)
        return chosen.reduce((sum, { sums, steps }) => sum + sums[i] / steps[i] / chosen.length, 0)
      }),
    )
  const own = meanOutcomes(alphas, ({ arm }) => [arm])
  const slopes = slopesOf(own, alphas)
  const controlled = alphas.filter(
    (alpha) => alpha === 0 || sorted.some((dose) => dose.alpha === alpha && dose.randoms.length > 0),
  )
  const others =
    controlled.length < 3
      ? null
      : slopesOf(
          meanOutcomes(controlled, ({ randoms }) => randoms),
          controlled,
        )
  const beside =
    others &&
    slopesOf(
      meanOutcomes(controlled, ({ arm }) => [arm]),
      controlled,
    )
  const place = new Map(episodes.map((episode, index) => [episode, index]))
  const resampled = (values: readonly number[]): Float64Array =>
    Float64Array.from(resamples, (picks) => {
      const found = [...picks].flatMap((pick) => place.get(pick) ?? [])
      return meanOf(found.map((index) => values[index]))
    })
  const advantages = others && beside && beside.map((slope, i) => slope - others[i])
  return {
    points: alphas.map((alpha, k) => ({ alpha, rate: meanOf(own.map((row) => row[k])) })),
    episodes: episodes.length,
    slope: estimateOf(meanOf(slopes), resampled(slopes), episodes.length),
    randomSlope: others && meanOf(others),
    advantage: advantages && estimateOf(meanOf(advantages), resampled(advantages), episodes.length),
    p: permutedDoses(own, permutations, random),
  }
}

/** Least-squares slope of each row over α. */
const slopesOf = (rows: readonly number[][], alphas: readonly number[]): number[] =>
  rows.map((row) => contrast(row, alphas) / contrast(alphas, alphas))

/** Two-sided p of the rank contrast when the doses of every episode are shuffled. */
function permutedDoses(rows: readonly number[][], permutations: number, random: UniformGenerator): number {
  const ranks = rows[0].map((_, rank) => rank)
  const observed = Math.abs(rows.reduce((sum, row) => sum + contrast(row, ranks), 0)) - 1e-12
  let asLarge = 0
  for (let permutation = 0; permutation < permutations; permutation++) {
    const sum = rows.reduce((total, row) => total + contrast(shuffled(row, random), ranks), 0)
    if (Math.abs(sum) >= observed) asLarge++
  }
  return (1 + asLarge) / (1 + permutations)
}

/** Σ (score − mean score)·value. */
function contrast(values: readonly number[], scores: readonly number[]): number {
  const mean = meanOf(scores)
  return values.reduce((sum, value, index) => sum + (scores[index] - mean) * value, 0)
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
