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
    p: values.length < 2 ? null : predictionTest(Math.sign(effect.value) * advantage, values),
  }
}

/** P that one more random direction would lie as far on that side of the mean. The spread holds both directions' differences and the noise of few episodes. */
function predictionTest(distance: number, values: readonly number[]): number {
  const mean = meanOf(values)
  const count = values.length
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (count - 1)
  if (variance === 0) return distance > 0 ? 0 : 1
  return 1 - studentCdf(distance / Math.sqrt(variance * (1 + 1 / count)), count - 1)
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
