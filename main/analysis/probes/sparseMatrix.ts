// Features of which most are zero: counts of words.
// Owns: their rows, compressed, and products with them. Not: what the features are (bagOfWords.ts).
import type { Moments, ProductMatrix } from './productMatrix.ts'

export class SparseMatrix implements ProductMatrix {
  readonly rows: number
  readonly width: number
  readonly #starts: Uint32Array
  readonly #columns: Uint32Array
  readonly #values: Float64Array

  /** Row r has entries starts[r] … starts[r + 1] − 1 of `columns` and `values`. */
  constructor(width: number, starts: Uint32Array, columns: Uint32Array, values: Float64Array) {
    this.rows = starts.length - 1
    this.width = width
    this.#starts = starts
    this.#columns = columns
    this.#values = values
  }

  project(vectors: readonly Float64Array[], products: readonly Float64Array[]): void {
    vectors.forEach((vector, k) => {
      for (let row = 0; row < this.rows; row++) {
        let sum = 0
        for (let i = this.#starts[row]; i < this.#starts[row + 1]; i++)
          sum += this.#values[i] * vector[this.#columns[i]]
        products[k][row] = sum
      }
    })
  }

  gather(weights: readonly Float64Array[], sums: readonly Float64Array[]): void {
    weights.forEach((weight, k) => {
      const sum = sums[k].fill(0)
      for (let row = 0; row < this.rows; row++) {
        if (weight[row] === 0) continue
        for (let i = this.#starts[row]; i < this.#starts[row + 1]; i++)
          sum[this.#columns[i]] += this.#values[i] * weight[row]
      }
    })
  }

  moments(rows: ArrayLike<number>): Moments {
    const mean = new Float64Array(this.width)
    const square = new Float64Array(this.width)
    for (let r = 0; r < rows.length; r++)
      for (let i = this.#starts[rows[r]]; i < this.#starts[rows[r] + 1]; i++) {
        mean[this.#columns[i]] += this.#values[i] / rows.length
        square[this.#columns[i]] += this.#values[i] ** 2 / rows.length
      }
    return { mean, variance: square.map((value, d) => Math.max(0, value - mean[d] ** 2)) }
  }
}
