// A trained linear probe on activations that it has not seen.
// Owns: decision values, probabilities, and likeness of rows. Not: training or judging (judgeProbe.ts).
import type { ProbeDocument } from '../../contract/probes.ts'

/**
 * direction · row, without intercept.
 * @param rows  N×D, row-major  @param direction  D  @returns N values, summed in float64
 */
export function decisionValues(rows: Float32Array, direction: ArrayLike<number>): Float64Array {
  const width = direction.length
  if (width === 0 || rows.length % width !== 0)
    throw new TypeError(`${rows.length} values are no rows of ${width}`)
  const values = new Float64Array(rows.length / width)
  for (let row = 0; row < values.length; row++) {
    let sum = 0
    const at = row * width
    for (let column = 0; column < width; column++) sum += rows[at + column] * direction[column]
    values[row] = sum
  }
  return values
}

/**
 * @param rows  N×D, row-major, in the units that the probe learnt from
 * @returns two classes: N probabilities of the second; more: N×C, row-major
 * @throws TypeError for a probe without coefficients or rows of another width
 */
export function probabilitiesOf(
  { coefficients, intercept }: Pick<ProbeDocument, 'coefficients' | 'intercept'>,
  rows: Float32Array,
): Float64Array {
  if (coefficients.length === 0) throw new TypeError('the probe is not linear')
  const scores = coefficients.map((direction, k) => {
    const values = decisionValues(rows, direction)
    return values.map((value) => value + intercept[k])
  })
  const [first] = scores
  if (scores.length === 1) return first.map((value) => 1 / (1 + Math.exp(-value)))
  const found = new Float64Array(first.length * scores.length)
  for (let row = 0; row < first.length; row++) {
    const highest = Math.max(...scores.map((values) => values[row]))
    const powers = scores.map((values) => Math.exp(values[row] - highest))
    const total = powers.reduce((sum, power) => sum + power, 0)
    powers.forEach((power, k) => (found[row * scores.length + k] = power / total))
  }
  return found
}

/**
 * Cosine of each row with `own`; 0 where either has no length.
 * @param rows  N×D, row-major  @param own  D
 */
export function cosines(rows: Float32Array, own: Float32Array): Float64Array {
  const length = Math.sqrt(decisionValues(own, own)[0])
  return decisionValues(rows, own).map((product, row) => {
    const vector = rows.subarray(row * own.length, (row + 1) * own.length)
    const both = length * Math.sqrt(decisionValues(vector, vector)[0])
    return both === 0 ? 0 : product / both
  })
}
