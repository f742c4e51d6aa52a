// What is fitted and what comes of it, whatever the estimator.
// Owns: parts of the data to learn from, class weights, scaling, and the way back to raw units. Not: any estimator.
import type { Scaling } from './newton.ts'
import type { Moments, ProductMatrix } from './productMatrix.ts'

/** Rows to learn from, with the labels that hold for this fit (permuted ones in a control). */
export interface Part {
  rows: Int32Array
  /** By row of the matrix: class 0 … C − 1. */
  labels: ArrayLike<number>
  /** By row of the matrix: folds within the part hold whole groups together. */
  groups: ArrayLike<number>
}

export interface Fit {
  /** By row of the matrix, those that were not learnt from included. Two classes: one array, for class 1; else one a class, against the rest. */
  logOdds: Float64Array[]
  /** For raw features; one array for each of `logOdds`. Null where the fit is not linear. Softmax: scores, not log odds. */
  coefficients: Float64Array[] | null
  intercepts: Float64Array
  /** Inverse penalty of a logistic fit. */
  C: number | null
  converged: boolean
}

export function classCounts(part: Part, classes: number): Float64Array {
  const counts = new Float64Array(classes)
  for (const row of part.rows) counts[part.labels[row]]++
  return counts
}

/** Weight of every sample: 1, or n / (C · n of its class) as scikit-learn's `balanced`. */
export function sampleWeights(part: Part, classes: number, classWeight: 'none' | 'balanced'): Float64Array {
  if (classWeight === 'none') return new Float64Array(part.rows.length).fill(1)
  const counts = classCounts(part, classes)
  return Float64Array.from(part.rows, (row) => part.rows.length / (classes * counts[part.labels[row]]))
}

/** Log odds of each class against the rest, or of class 1 of two, among weighted training rows. */
export function priorOdds(part: Part, classes: number, classWeight: 'none' | 'balanced'): Float64Array {
  const weights = sampleWeights(part, classes, classWeight)
  const sums = new Float64Array(classes)
  part.rows.forEach((row, i) => (sums[part.labels[row]] += weights[i]))
  const total = sums.reduce((a, b) => a + b, 0)
  const odds = sums.map((sum) => Math.log(sum / (total - sum)))
  return classes === 2 ? odds.slice(1) : odds
}

/** Scaling and the mean square of scaled features. A feature without spread keeps its scale. */
export function scaled(
  { mean, variance }: Moments,
  standardize: boolean,
): { scaling: Scaling | null; meanSquare: Float64Array } {
  if (!standardize) return { scaling: null, meanSquare: mean.map((m, d) => m * m + variance[d]) }
  const scale = variance.map((v) => (v > 0 ? Math.sqrt(v) : 1))
  return { scaling: { shift: mean, scale }, meanSquare: variance.map((v, d) => v / scale[d] ** 2) }
}

/** Moments of the rows of each part; parts that share their rows share the work. */
export function partMoments(matrix: ProductMatrix): (part: Part) => Moments {
  const known = new Map<Int32Array, Moments>()
  return ({ rows }) => {
    const found = known.get(rows) ?? matrix.moments(rows)
    known.set(rows, found)
    return found
  }
}

/** Coefficients and intercept for raw features from those for scaled ones. */
export function rawUnits(
  coefficients: Float64Array,
  intercept: number,
  scaling: Scaling | null,
): { coefficients: Float64Array; intercept: number } {
  if (!scaling) return { coefficients, intercept }
  const raw = coefficients.map((w, d) => w / scaling.scale[d])
  return {
    coefficients: raw,
    intercept: intercept - raw.reduce((sum, w, d) => sum + w * scaling.shift[d], 0),
  }
}

/** Log odds of each class against the rest, from scores whose softmax are the probabilities. */
export function oddsAgainstRest(scores: readonly Float64Array[]): Float64Array[] {
  const rows = scores[0].length
  const odds = scores.map(() => new Float64Array(rows))
  for (let row = 0; row < rows; row++)
    for (let k = 0; k < scores.length; k++) {
      let highest = -Infinity
      for (let j = 0; j < scores.length; j++) if (j !== k) highest = Math.max(highest, scores[j][row])
      let rest = 0
      for (let j = 0; j < scores.length; j++) if (j !== k) rest += Math.exp(scores[j][row] - highest)
      odds[k][row] = scores[k][row] - highest - Math.log(rest)
    }
  return odds
}
