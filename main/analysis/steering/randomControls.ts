// Is a vector more than any direction of its length?
// Owns: comparing one effect with those of random directions: with their mean, and with their spread. Not: drawing directions (controlDirections.ts).
// Method: prediction of one more draw from K, Student's t with K − 1 degrees of freedom (Hahn & Meeker 1991, section 4.7).
import type { ConditionVerdict } from '../../contract/steering.ts'
import { studentCdf } from '../distributions.ts'
import { estimateOf, type Effect } from './effects.ts'

/**
 * Effects that share their resamples.
 * @returns null without controls, or where an effect is undefined
 */
export function compareWithControls(
  effect: Effect,
  controls: readonly Effect[],
  clusters: number,
): NonNullable<ConditionVerdict['random']> | null {
  const values = controls.map(({ value }) => value)
  if (values.length === 0 || ![effect.value, ...values].every(Number.isFinite)) return null
  const mean = meanOf(values)
  const advantage = effect.value - mean
  const resampled = effect.resampled.map(
    (value, index) => value - meanOf(controls.map((control) => control.resampled[index])),
  )
  return {
    directions: values.length,
    meanEffect: mean,
    advantage: estimateOf(advantage, resampled, clusters),
    p: values.length < 2 ? null : predictionTest(Math.sign(effect.value) * advantage, controls),
  }
}

/**
 * P that one more random direction would lie as far on that side of the mean; never 0. The spread holds both directions' differences and the noise of
 * few episodes; where a few directions happen to agree better than that noise alone lets them, the noise counts.
 * @returns null where neither directions nor resamples show any spread
 */
function predictionTest(distance: number, controls: readonly Effect[]): number | null {
  const count = controls.length
  const seen = varianceOf(controls.map(({ value }) => value))
  const resampled = controls[0].resampled.map((_, index) =>
    varianceOf(controls.map((control) => control.resampled[index])),
  )
  // Resampling adds its noise to what is there already.
  const defined = resampled.filter((value) => !Number.isNaN(value))
  const noise = defined.length === 0 ? 0 : meanOf(defined) - seen
  const variance = Math.max(seen, noise)
  if (variance < ROUNDING) return null
  const p = 1 - studentCdf(distance / Math.sqrt(variance * (1 + 1 / count)), count - 1)
  return Math.max(Number.EPSILON, p)
}

/** Of effects that are all the same but for the last bits. */
const ROUNDING = 1e-18

/** With count − 1. */
function varianceOf(values: readonly number[]): number {
  const mean = meanOf(values)
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
}

const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}
