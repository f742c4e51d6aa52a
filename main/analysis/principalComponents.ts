// Principal components of rows.
// Owns: PCA, by whichever of the two small matrices is smaller. Not: which rows, or what a picture of them means.
// Method: eigenvectors of XᵀX, or of XXᵀ where there are fewer rows than columns (Jolliffe & Cadima 2016). Sums in float64.
import { checkOptions, type OptionKinds } from '../contract/options.ts'
import { symmetricEigen } from './symmetricEigen.ts'

export interface PrincipalComponents {
  /** What was taken from every row; zeros where `centre` was false. */
  mean: Float64Array
  /** k×D, row-major: unit directions, largest variance first; each one's largest entry is positive, so that a sign is not a matter of chance. */
  components: Float64Array
  /** Sum of squares along each direction ÷ (N − 1), or ÷ N where nothing was centred. */
  variances: Float64Array
  /** Each direction's share of all variance. */
  explained: Float64Array
}

interface ComponentOptions {
  count: number
  /** True where left out. */
  centre?: boolean
}
const componentOptions: OptionKinds<ComponentOptions> = { count: 'number', centre: 'boolean' }

/**
 * The first principal components; fewer than asked for where the rows span fewer directions, none for rows that are all the same.
 * @param rows  N×width, row-major
 * @throws TypeError for an unknown option, and where rows are not whole or hold a value that is not finite
 * Source: docs/methods/steering.md. Checked against NumPy's svd in tests/parity/steering.test.ts.
 */
export function principalComponents(
  rows: Float32Array | Float64Array,
  width: number,
  options: ComponentOptions,
): PrincipalComponents {
  const { count, centre = true } = checkOptions('principalComponents', options, componentOptions)
  const n = rows.length / width
  if (!Number.isInteger(n)) throw new TypeError(`${rows.length} values are no rows of ${width}`)
  const mean = new Float64Array(width)
  if (centre && n > 0) {
    for (let i = 0; i < rows.length; i++) mean[i % width] += rows[i]
    for (let column = 0; column < width; column++) mean[column] /= n
  }
  const centred = Float64Array.from(rows, (value, i) => value - mean[i % width])
  const isWide = n < width
  const size = isWide ? n : width
  const { values, vectors } = symmetricEigen(
    isWide ? rowProducts(centred, width) : columnProducts(centred, width),
    size,
  )
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0)
  // Below this a direction is rounding, not variance.
  const floor = total * size * Number.EPSILON
  const kept = Math.min(count, values.findLastIndex((value) => value > floor) + 1)
  const components = new Float64Array(kept * width)
  for (let k = 0; k < kept; k++) {
    const component = components.subarray(k * width, (k + 1) * width)
    if (!isWide) component.set(vectors.subarray(k * width, (k + 1) * width))
    else
      for (let row = 0; row < n; row++) {
        const weight = vectors[k * n + row] / Math.sqrt(values[k])
        for (let column = 0; column < width; column++)
          component[column] += weight * centred[row * width + column]
      }
    fixSign(component)
  }
  return {
    mean,
    components,
    variances: values.slice(0, kept).map((value) => value / (centre ? n - 1 : n)),
    explained: values.slice(0, kept).map((value) => value / total),
  }
}

/** X·Xᵀ, N×N. @param rows  N×width, row-major */
export function rowProducts(rows: Float64Array, width: number): Float64Array {
  const n = rows.length / width
  const products = new Float64Array(n * n)
  for (let a = 0; a < n; a++)
    for (let b = 0; b <= a; b++) {
      let sum = 0
      for (let column = 0; column < width; column++)
        sum += rows[a * width + column] * rows[b * width + column]
      products[a * n + b] = products[b * n + a] = sum
    }
  return products
}

/** Xᵀ·X, D×D. @param rows  N×width, row-major */
export function columnProducts(rows: Float64Array, width: number): Float64Array {
  const products = new Float64Array(width * width)
  for (let from = 0; from < rows.length; from += width)
    for (let a = 0; a < width; a++) {
      const value = rows[from + a]
      for (let b = 0; b <= a; b++) products[a * width + b] += value * rows[from + b]
    }
  for (let a = 0; a < width; a++)
    for (let b = 0; b < a; b++) products[b * width + a] = products[a * width + b]
  return products
}

function fixSign(component: Float64Array): void {
  let largest = 0
  for (const value of component) if (Math.abs(value) > Math.abs(largest)) largest = value
  if (largest < 0) for (let i = 0; i < component.length; i++) component[i] = -component[i]
}
