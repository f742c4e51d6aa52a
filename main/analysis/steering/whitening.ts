// The direction of a linear discriminant: a mean difference, discounted along axes that vary anyway.
// Owns: the covariance within classes, its shrinkage, and Σ⁻¹ times a vector. Not: other directions (contrastDirection.ts).
// Method: Σ = (1 − λ)S + λμI, S = XᵀX/n of rows centred on their class, μ = tr S/D; λ by Ledoit & Wolf 2004. All from the rows' products with
// each other (Woodbury's identity), so that more dimensions than rows cost nothing.

export interface RowSet {
  /** N×N products of all rows with each other. */
  products: Float64Array
  labels: Int32Array
  width: number
}

/**
 * Coefficients over rows of Σ⁻¹v, v = Σ coefficient·row, Σ that of the chosen rows alone.
 * @param shrinkage  λ above 0, or `auto`
 * @returns one for every row, 0 for those not chosen; null where the chosen do not vary within classes
 * Checked against scikit-learn's ledoit_wolf in tests/parity/steering.test.ts.
 */
export function whitenedCoefficients(
  set: RowSet,
  chosen: readonly number[],
  coefficients: Float64Array,
  shrinkage: number | 'auto',
): Float64Array | null {
  const n = chosen.length
  const all = set.labels.length
  const within = productsWithinClasses(set, chosen)
  const trace = chosen.reduce((sum, _, i) => sum + within[i * n + i], 0)
  const scale = chosen.reduce((sum, row) => sum + set.products[row * all + row], 0)
  // Less is what rounding leaves of rows that are all alike.
  if (trace <= scale * n * Number.EPSILON) return null
  const lambda = shrinkage === 'auto' ? ledoitWolf(within, set.width) : shrinkage
  const ridge = (lambda * trace) / n / set.width
  const result = coefficients.map((value) => value / ridge)
  if (lambda === 1) return result
  const along = Float64Array.from(chosen, (row) =>
    chosen.reduce((sum, other) => sum + set.products[row * all + other] * coefficients[other], 0),
  )
  const solved = solvePositive(within, (ridge * n) / (1 - lambda), centred(set, chosen, along))
  centred(set, chosen, solved).forEach((value, i) => (result[chosen[i]] -= value / ridge))
  return result
}

/**
 * Ledoit & Wolf 2004, lemma 3.2 to theorem 3.2, for rows whose mean is 0. Σᵢⱼ(XᵀX)ᵢⱼ² equals that of XXᵀ, so the rows' products suffice.
 * @param products  n×n, of n centred rows of `width` values
 * @returns λ; 1 where no direction varies more than another
 */
export function ledoitWolf(products: Float64Array, width: number): number {
  const n = Math.sqrt(products.length)
  let [trace, fourth] = [0, 0]
  for (let i = 0; i < n; i++) {
    trace += products[i * n + i]
    fourth += products[i * n + i] ** 2
  }
  const mean = trace / n / width
  const squares = products.reduce((sum, value) => sum + value * value, 0) / (n * n)
  const distance = (squares - mean * mean * width) / width
  const error = (fourth / n - squares) / (width * n)
  return distance > 0 ? Math.min(1, Math.max(0, error / distance)) : 1
}

/** Products of the chosen rows without their class's mean. */
function productsWithinClasses(set: RowSet, chosen: readonly number[]): Float64Array {
  const n = chosen.length
  const all = set.labels.length
  const within = new Float64Array(n * n)
  chosen.forEach((row, i) => {
    const values = Float64Array.from(chosen, (other) => set.products[row * all + other])
    within.set(centred(set, chosen, values), i * n)
  })
  // Rows are centred; columns too, by turning the matrix over.
  for (let column = 0; column < n; column++) {
    const values = Float64Array.from({ length: n }, (_, row) => within[row * n + column])
    centred(set, chosen, values).forEach((value, row) => (within[row * n + column] = value))
  }
  return within
}

/** Values of the chosen rows without the mean of their class. */
function centred({ labels }: RowSet, chosen: readonly number[], values: Float64Array): Float64Array {
  const sums = [0, 0]
  const counts = [0, 0]
  chosen.forEach((row, i) => {
    sums[labels[row]] += values[i]
    counts[labels[row]]++
  })
  return values.map((value, i) => value - sums[labels[chosen[i]]] / counts[labels[chosen[i]]])
}

/** (M + κI)⁻¹·v by Cholesky's factors. @param matrix  n×n, positive semi-definite; κ is above 0 */
function solvePositive(matrix: Float64Array, kappa: number, vector: Float64Array): Float64Array {
  const n = vector.length
  const factor = Float64Array.from(matrix)
  for (let row = 0; row < n; row++)
    for (let column = 0; column <= row; column++) {
      const [a, b] = [row * n, column * n]
      let sum = factor[a + column] + (row === column ? kappa : 0)
      for (let k = 0; k < column; k++) sum -= factor[a + k] * factor[b + k]
      factor[a + column] = row === column ? Math.sqrt(sum) : sum / factor[b + column]
    }
  const solved = Float64Array.from(vector)
  for (let row = 0; row < n; row++) {
    for (let k = 0; k < row; k++) solved[row] -= factor[row * n + k] * solved[k]
    solved[row] /= factor[row * n + row]
  }
  for (let row = n - 1; row >= 0; row--) {
    solved[row] /= factor[row * n + row]
    for (let k = 0; k < row; k++) solved[k] -= factor[row * n + k] * solved[row]
  }
  return solved
}
