// Does more of the vector do more?
// Owns: the slope over α, and its test against permuted doses and against random directions. Not: single conditions.
// Method: linear contrast in each episode; doses permuted within episodes, ranks as scores (Page 1963; Good 2005, section 7.3).
import type { DoseResponse } from '../../contract/steering.ts'
import { shuffled, type UniformGenerator } from '../seededGenerator.ts'
import { estimateOf, type Effect } from './effects.ts'
import { episodesByObject } from './objectResamples.ts'
import type { PairedArm } from './pairedArm.ts'
import { compareWithControls } from './randomControls.ts'

export interface Dose {
  alpha: number
  arm: PairedArm
  /** Random directions at this very α: those at −α beside them would make every slope of theirs 0. Each has the same name at every dose. */
  randoms: readonly RandomArm[]
}

export interface RandomArm {
  direction: string
  arm: PairedArm
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
  const { directions, controlled } = wholeDirections(sorted)
  const arms = sorted.flatMap(({ arm, randoms }) => [
    arm,
    ...randoms.flatMap((other) => (directions.includes(other.direction) ? other.arm : [])),
  ])
  const episodes = Array.from(arms[0]?.steps.keys() ?? []).filter((i) =>
    arms.every(({ steps }) => steps[i] > 0),
  )
  if (alphas.length < 3 || episodes.length < 2) return null
  const owners = episodesByObject(episodes.map((i) => sorted[0].arm.baselineEpisodes[i]))
  const objects = owners.length
  const meanOutcomes = (at: readonly number[], armAt: (dose: Dose) => PairedArm): number[][] =>
    episodes.map((i) =>
      at.map((alpha) => {
        const dose = sorted.find((entry) => entry.alpha === alpha)
        if (!dose) return sorted[0].arm.baselineSums[i] / sorted[0].arm.baselineSteps[i]
        const { sums, steps } = armAt(dose)
        return sums[i] / steps[i]
      }),
    )
  const own = meanOutcomes(alphas, ({ arm }) => arm)
  const place = new Map(episodes.map((episode, index) => [episode, index]))
  const drawn = resamples.map((picks) => [...picks].flatMap((pick) => place.get(pick) ?? []))
  const slopeOver = (at: readonly number[], rows: readonly number[][]): Effect => {
    const slopes = slopesOf(rows, at)
    return {
      value: meanOf(slopes),
      resampled: Float64Array.from(drawn, (found) => meanOf(found.map((index) => slopes[index]))),
    }
  }
  const slope = slopeOver(alphas, own)
  const beside = [...controlled, 0].sort((a, b) => a - b)
  const compared =
    controlled.length < 2
      ? null
      : compareWithControls(
          slopeOver(
            beside,
            meanOutcomes(beside, ({ arm }) => arm),
          ),
          directions.map((direction) =>
            slopeOver(
              beside,
              meanOutcomes(
                beside,
                ({ randoms }) => randoms.find((other) => other.direction === direction)!.arm,
              ), // it stands at every one of these doses
            ),
          ),
          objects,
        )
  return {
    points: alphas.map((alpha, k) => ({ alpha, rate: meanOf(own.map((row) => row[k])) })),
    episodes: episodes.length,
    slope: estimateOf(slope.value, slope.resampled, objects),
    directions: compared?.directions ?? 0,
    randomSlope: compared?.meanEffect ?? null,
    advantage: compared?.advantage ?? null,
    randomP: compared?.p ?? null,
    p: permutedDoses(own, owners, { permutations, random }),
  }
}

/** Least-squares slope of each row over α. */
const slopesOf = (rows: readonly number[][], alphas: readonly number[]): number[] =>
  rows.map((row) => contrast(row, alphas) / contrast(alphas, alphas))

/** The doses at which random directions were played, and the directions that stand at every one of them. */
function wholeDirections(doses: readonly Dose[]): { directions: string[]; controlled: number[] } {
  const played = doses.filter(({ randoms }) => randoms.length > 0)
  const names = [...new Set(played.flatMap(({ randoms }) => randoms.map(({ direction }) => direction)))]
  return {
    directions: names.filter((name) =>
      played.every(({ randoms }) => randoms.some(({ direction }) => direction === name)),
    ),
    controlled: played.map(({ alpha }) => alpha),
  }
}

/** Two-sided p of the rank contrast when doses are shuffled within episodes, alike in those of one object. */
function permutedDoses(
  rows: readonly number[][],
  owners: readonly (readonly number[])[],
  { permutations, random }: { permutations: number; random: UniformGenerator },
): number {
  const ranks = rows[0].map((_, rank) => rank)
  const observed = Math.abs(rows.reduce((sum, row) => sum + contrast(row, ranks), 0)) - 1e-12
  let asLarge = 0
  for (let permutation = 0; permutation < permutations; permutation++) {
    const sum = owners.reduce((total, of) => {
      const order = shuffled(ranks, random)
      return of.reduce(
        (part, i) =>
          part +
          contrast(
            order.map((rank) => rows[i][rank]),
            ranks,
          ),
        total,
      )
    }, 0)
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
