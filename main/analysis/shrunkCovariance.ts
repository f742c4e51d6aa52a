// A covariance that can be inverted although there are more dimensions than rows.
// Owns: Ledoit and Wolf's shrinkage and the product of the inverse with a vector. Not: which rows, or what it is used for.
// Method: Σ = (1 − λ)S + λμI, S = XᵀX/N, μ = tr S/D; λ by Ledoit & Wolf 2004. Only the smaller of XXᵀ and XᵀX is formed (Woodbury's identity).
import { columnProducts, rowProducts } from './principalComponents.ts'
import { symmetricEigen } from './symmetricEigen.ts'

export interface ShrunkInverse {
  /** λ. */
  shrinkage: number
  /** Σ⁻¹v. @param vector  D @returns D */
  apply(vector: Float64Array): Float64Array
}

/**
 * Inverse of the shrunk covariance of rows that are centred already (on their class's mean, for a discriminant).
 * @param rows  N×width, row-major @param shrinkage  λ in 0 … 1, or `auto`
 * @returns null where it cannot be inverted: no variance at all, or λ = 0 and fewer rows than dimensions
 * Checked against scikit-learn's ledoit_wolf in tests/parity/steering.test.ts.
 */
export function shrunkInverse(
  rows: Float64Array,
  width: number,
  shrinkage: number | 'auto' = 'auto',
): ShrunkInverse | null {
  const n = rows.length / width
  const squares = rows.reduce((sum, value) => sum + value * value, 0)
  if (n === 0 || squares === 0) return null
  const mean = squares / n / width
  const isWide = n < width
  const size = isWide ? n : width
  const products = isWide ? rowProducts(rows, width) : columnProducts(rows, width)
  const lambda = shrinkage === 'auto' ? ledoitWolf(rows, width, products, mean) : shrinkage
  const { values, vectors } = symmetricEigen(products, size)
  const ridge = lambda * mean
  const variances = values.map((value) => ((1 - lambda) * Math.max(0, value)) / n)
  const smallest = isWide ? ridge : variances[size - 1] + ridge
  if (smallest <= variances[0] * size * Number.EPSILON) return null
  const apply = isWide
    ? (vector: Float64Array) => applyWide(rows, vector, { values, vectors, variances, ridge })
    : (vector: Float64Array) => applyTall(vector, { vectors, variances, ridge })
  return { shrinkage: lambda, apply }
}

/** Ledoit & Wolf 2004, lemma 3.2 to theorem 3.2, for rows whose mean is 0. Σᵢⱼ(XᵀX)ᵢⱼ² equals that of XXᵀ, so either matrix serves. */
function ledoitWolf(rows: Float64Array, width: number, products: Float64Array, mean: number): number {
  const n = rows.length / width
  let fourth = 0
  for (let from = 0; from < rows.length; from += width) {
    let square = 0
    for (let column = 0; column < width; column++) square += rows[from + column] ** 2
    fourth += square * square
  }
  const squaredSum = products.reduce((sum, value) => sum + value * value, 0) / (n * n)
  const distance = (squaredSum - mean * mean * width) / width
  const error = (fourth / n - squaredSum) / (width * n)
  return distance > 0 ? Math.min(1, Math.max(0, error / distance)) : 1
}

interface Decomposed {
  vectors: Float64Array
  variances: Float64Array
  ridge: number
}

function applyTall(vector: Float64Array, { vectors, variances, ridge }: Decomposed): Float64Array {
  const width = vector.length
  const result = new Float64Array(width)
  for (let k = 0; k < width; k++) {
    const weight = dotAt(vectors, k * width, vector) / (variances[k] + ridge)
    for (let column = 0; column < width; column++) result[column] += weight * vectors[k * width + column]
  }
  return result
}

/** Beyond the rows' span the covariance is the ridge alone; within it, each direction has its own variance. */
function applyWide(
  rows: Float64Array,
  vector: Float64Array,
  { values, vectors, variances, ridge }: Decomposed & { values: Float64Array },
): Float64Array {
  const width = vector.length
  const n = rows.length / width
  const along = new Float64Array(n)
  for (let row = 0; row < n; row++) along[row] = dotAt(rows, row * width, vector)
  const weights = new Float64Array(n)
  for (let k = 0; k < n; k++) {
    if (variances[k] <= variances[0] * n * Number.EPSILON) continue
    const factor = (1 / (variances[k] + ridge) - 1 / ridge) / values[k]
    const product = factor * dotAt(vectors, k * n, along)
    for (let row = 0; row < n; row++) weights[row] += product * vectors[k * n + row]
  }
  const result = vector.map((value) => value / ridge)
  for (let row = 0; row < n; row++)
    for (let column = 0; column < width; column++) result[column] += weights[row] * rows[row * width + column]
  return result
}

function dotAt(data: Float64Array, from: number, vector: Float64Array): number {
  let sum = 0
  for (let column = 0; column < vector.length; column++) sum += data[from + column] * vector[column]
  return sum
}
