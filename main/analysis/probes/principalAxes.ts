// Directions of largest variance, exact without ever forming a covariance.
// For matrices too large for principalComponents.ts, which forms a Gram matrix and takes all of its eigenvalues.
// Owns: Lanczos iterations on the centred features. Not: drawing (projection.ts) or the small eigenproblem (symmetricEigen.ts).
// Source: Golub & Van Loan 2013, chapter 10 (Lanczos with full reorthogonalisation).
import type { UniformGenerator } from '../seededGenerator.ts'
import { symmetricEigen } from '../symmetricEigen.ts'
import type { Moments, ProductMatrix } from './productMatrix.ts'

export interface PrincipalAxes {
  /** Of length 1, largest variance first; their largest entry is positive. Fewer than asked for where the rows span fewer. */
  axes: Float64Array[]
  /** Variance (divided by n) along each. */
  variances: number[]
  /** Of all columns. */
  totalVariance: number
}

const MAXIMUM_STEPS = 300
/** Of an axis's residual, relative to the largest variance. */
const TOLERANCE = 1e-8
/** Below this share of the largest variance an axis is rounding. */
const RANK = 1e-12
const CHECK_EVERY = 8

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, d) => sum + value * b[d], 0)

function removeDirections(vector: Float64Array, directions: readonly Float64Array[]): void {
  // Twice, for once leaves what rounding put there.
  for (let pass = 0; pass < 2; pass++)
    for (const direction of directions) {
      const along = dot(vector, direction)
      for (let d = 0; d < vector.length; d++) vector[d] -= along * direction[d]
    }
}

/** Covariance times a vector: Xcᵀ(Xc v) / n. */
function covarianceTimes(matrix: ProductMatrix, mean: Float64Array, vector: Float64Array): Float64Array {
  const product = new Float64Array(matrix.rows)
  matrix.project([vector], [product])
  const offset = dot(mean, vector)
  let total = 0
  for (let row = 0; row < product.length; row++) total += product[row] -= offset
  const sum = new Float64Array(matrix.width)
  matrix.gather([product], [sum])
  for (let d = 0; d < sum.length; d++) sum[d] = (sum[d] - mean[d] * total) / matrix.rows
  return sum
}

/** Eigenpairs of the tridiagonal matrix, largest value first. */
function ritzPairs(diagonal: number[], beside: number[]): { value: number; vector: Float64Array }[] {
  const size = diagonal.length
  const small = new Float64Array(size * size)
  for (let i = 0; i < size; i++) {
    small[i * size + i] = diagonal[i]
    if (i > 0) small[i * size + i - 1] = small[(i - 1) * size + i] = beside[i - 1]
  }
  const { values, vectors } = symmetricEigen(small, size)
  return Array.from(values, (value, k) => ({ value, vector: vectors.subarray(k * size, (k + 1) * size) }))
}

/**
 * The first axes of the centred rows.
 * @param without  directions of length 1, at right angles, that the axes must be at right angles to
 * @param random  draws the first vector
 */
export function principalAxes(
  matrix: ProductMatrix,
  { mean, variance }: Moments,
  count: number,
  random: UniformGenerator,
  without: readonly Float64Array[] = [],
): PrincipalAxes {
  const basis: Float64Array[] = []
  const [diagonal, beside]: number[][] = [[], []]
  let next: Float64Array = Float64Array.from({ length: matrix.width }, () => random() - 0.5)
  let pairs: { value: number; vector: Float64Array }[] = []
  const most = Math.min(MAXIMUM_STEPS, matrix.width - without.length)
  const totalVariance = variance.reduce((a, b) => a + b, 0)
  for (let step = 0; step < most; step++) {
    removeDirections(next, [...without, ...basis])
    const norm = Math.sqrt(dot(next, next))
    // The space is used up: what is found is all there is.
    if (step > 0 && norm <= RANK * totalVariance) break
    if (step > 0) beside.push(norm)
    const vector = next.map((value) => value / norm)
    basis.push(vector)
    next = covarianceTimes(matrix, mean, vector)
    diagonal.push(dot(vector, next))
    if (step % CHECK_EVERY !== CHECK_EVERY - 1 && step !== most - 1) continue
    pairs = ritzPairs(diagonal, beside)
    removeDirections(next, [...without, ...basis])
    const rest = Math.sqrt(dot(next, next))
    const wanted = pairs.slice(0, count)
    if (
      wanted.length === count &&
      wanted.every(({ vector: v }) => rest * Math.abs(v[step]) <= TOLERANCE * pairs[0].value)
    )
      break
  }
  pairs = ritzPairs(diagonal, beside)
  const real = pairs
    .slice(0, count)
    .filter(({ value }) => value > RANK * Math.max(pairs[0].value, Number.MIN_VALUE))
  return {
    variances: real.map(({ value }) => value),
    totalVariance,
    axes: real.map(({ vector }) => {
      const axis = new Float64Array(matrix.width)
      basis.forEach((of, k) => {
        for (let d = 0; d < axis.length; d++) axis[d] += vector[k] * of[d]
      })
      const largest = axis.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0)
      return largest < 0 ? axis.map((value) => -value) : axis
    }),
  }
}
