// Probabilities from scores that are none.
// Owns: the two numbers of Platt's sigmoid. Not: the scores.
// Source: Platt 1999, “Probabilistic outputs for support vector machines”; Lin, Lin & Weng 2007 for the iterations.
import { sigmoid } from './losses.ts'

/**
 * Slope and offset with which sigmoid(slope·score + offset) fits the labels, targets drawn in as Platt does so that
 * separable scores stay finite.
 * @param scores  by row  @param positive  by row: 1 or 0  @param rows  those to learn from
 */
export function plattScaling(
  scores: Float64Array,
  positive: ArrayLike<number>,
  rows: Int32Array,
): { slope: number; offset: number } {
  let [mean, square, hits] = [0, 0, 0]
  for (const row of rows) {
    mean += scores[row] / rows.length
    hits += positive[row] ? 1 : 0
  }
  for (const row of rows) square += (scores[row] - mean) ** 2 / rows.length
  const spread = Math.sqrt(square) || 1
  const [high, low] = [(hits + 1) / (hits + 2), 1 / (rows.length - hits + 2)]
  const loss = (a: number, b: number): number => {
    let sum = 0
    for (const row of rows) {
      const z = a * ((scores[row] - mean) / spread) + b
      const target = positive[row] ? high : low
      sum += Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - target * z
    }
    return sum
  }
  let [a, b] = [0, 0]
  for (let iteration = 0; iteration < 100; iteration++) {
    let [ga, gb, haa, hab, hbb] = [0, 0, 1e-12, 0, 1e-12]
    for (const row of rows) {
      const x = (scores[row] - mean) / spread
      const p = sigmoid(a * x + b)
      const residual = p - (positive[row] ? high : low)
      const curvature = p * (1 - p)
      ga += residual * x
      gb += residual
      haa += curvature * x * x
      hab += curvature * x
      hbb += curvature
    }
    if (Math.max(Math.abs(ga), Math.abs(gb)) < 1e-9) break
    const determinant = haa * hbb - hab * hab
    if (!(determinant > 0)) break
    const [da, db] = [-(hbb * ga - hab * gb) / determinant, -(haa * gb - hab * ga) / determinant]
    const before = loss(a, b)
    let length = 1
    while (length > 1e-10 && loss(a + length * da, b + length * db) > before) length /= 2
    if (length <= 1e-10) break
    a += length * da
    b += length * db
  }
  return { slope: a / spread, offset: b - (a * mean) / spread }
}
