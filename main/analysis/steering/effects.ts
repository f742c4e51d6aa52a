// What a condition changes, and whether chance alone could have.
// Owns: effect, its interval, the swap test, Holm's correction, and episodes moved the wrong way. Not: comparisons with controls.
// Sources: Davison & Hinkley 1997 (cluster bootstrap); Phipson & Smyth 2010 (p from permutations); Holm 1979.
import type { Estimate } from '../../contract/estimates.ts'
import { bootstrapInterval } from '../clusterBootstrap.ts'
import { wilsonInterval } from '../intervals.ts'
import type { UniformGenerator } from '../seededGenerator.ts'
import { effectOf, type PairedArm } from './pairedArm.ts'

export interface Effect {
  /** Condition − baseline; NaN without a pair. */
  value: number
  /** One a resample of the baseline's objects. */
  resampled: Float64Array
}

export function resampledEffect(arm: PairedArm, resamples: readonly Int32Array[]): Effect {
  return { value: effectOf(arm), resampled: Float64Array.from(resamples, (picks) => effectOf(arm, picks)) }
}

/** A figure with its interval; nulls where it is undefined. @param clusters  objects that were resampled */
export function estimateOf(value: number, resampled: Float64Array, clusters: number): Estimate {
  if (!Number.isFinite(value)) return { value: null, low: null, high: null }
  const interval = bootstrapInterval(resampled, clusters)
  return { value, low: interval?.low ?? null, high: interval?.high ?? null }
}

/**
 * Two-sided p of the hypothesis that condition and baseline are exchangeable within each pair: how often an effect is as large when the arms of
 * random pairs are swapped, all pairs of one object together. (1 + as large) ÷ (1 + permutations), which is never 0.
 * @returns null without a pair
 */
export function swapTest(arm: PairedArm, permutations: number, random: UniformGenerator): number | null {
  if (arm.pairs === 0) return null
  const ofObjects = (values: Float64Array): Float64Array =>
    Float64Array.from(arm.objects, (pairs) => pairs.reduce((sum, i) => sum + values[i], 0))
  const [sums, steps] = [ofObjects(arm.sums), ofObjects(arm.steps)]
  const [baselineSums, baselineSteps] = [ofObjects(arm.baselineSums), ofObjects(arm.baselineSteps)]
  // A tie in exact numbers must not be lost to rounding.
  const observed = Math.abs(effectOf(arm)) - 1e-12
  let asLarge = 0
  for (let permutation = 0; permutation < permutations; permutation++) {
    let [a, aSteps, b, bSteps] = [0, 0, 0, 0]
    for (let i = 0; i < sums.length; i++)
      if (random() < 0.5) {
        a += sums[i]
        aSteps += steps[i]
        b += baselineSums[i]
        bSteps += baselineSteps[i]
      } else {
        a += baselineSums[i]
        aSteps += baselineSteps[i]
        b += sums[i]
        bSteps += steps[i]
      }
    if (Math.abs(a / aSteps - b / bSteps) >= observed) asLarge++
  }
  return (1 + asLarge) / (1 + permutations)
}

/** Holm's correction; what is null stays null and does not count. */
export function holm(values: readonly (number | null)[]): (number | null)[] {
  const order = values
    .flatMap((value, index) => (value === null ? [] : [{ value, index }]))
    .sort((a, b) => a.value - b.value)
  const adjusted: (number | null)[] = values.map(() => null)
  let largest = 0
  order.forEach(({ value, index }, rank) => {
    largest = Math.max(largest, Math.min(1, value * (order.length - rank)))
    adjusted[index] = largest
  })
  return adjusted
}

/** Objects, one episode each as a rule, whose mean outcome moved against what was wanted, of those that moved; null where none did. */
export function movedWrongWay(
  arm: PairedArm,
  wanted: 'down' | 'up',
): { moved: number; wrong: number; share: number; low: number; high: number } | null {
  const rateOf = (pairs: readonly number[], sums: Float64Array, steps: Float64Array): number =>
    pairs.reduce((sum, i) => sum + sums[i], 0) / pairs.reduce((sum, i) => sum + steps[i], 0)
  const changes = arm.objects
    .map((of) => rateOf(of, arm.sums, arm.steps) - rateOf(of, arm.baselineSums, arm.baselineSteps))
    .filter((change) => Math.abs(change) > 1e-12)
  const wrong = changes.filter((change) => (wanted === 'down' ? change > 0 : change < 0)).length
  const interval = wilsonInterval(wrong, changes.length)
  return interval && { moved: changes.length, wrong, share: wrong / changes.length, ...interval }
}
