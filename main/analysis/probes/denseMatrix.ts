// Dense features in kernel memory.
// Owns: their layout (rows padded to four columns, four rows), tiles that stay in a cache, vectors four at a time.
// Not: the inner loops (scripts/probeKernels.ts). The same sums in plain loops: plainMatrix in denseMatrix.test.ts.
import type { KernelMemory, KernelName } from './kernelMemory.ts'
import type { Moments, ProductMatrix } from './productMatrix.ts'

/** Columns of a tile: four vectors of so many doubles are 64 KB, which the second cache holds. Shorter pieces of a row were slower: each begins with a wait. */
const TILE = 2048
const upTo4 = (count: number): number => Math.ceil(count / 4) * 4

export class DenseMatrix implements ProductMatrix {
  readonly rows: number
  readonly width: number
  readonly #memory: KernelMemory
  readonly #element: 'f32' | 'f64'
  readonly #paddedRows: number
  readonly #paddedWidth: number
  readonly #features: number
  readonly #columns: number
  readonly #perRow: number
  readonly #start: number

  /**
   * Copies features into the memory.
   * @param values  row-major, D to a row; float32 stays float32, and all sums are in float64
   * @param rows  which rows, in this order; null for all
   * @throws TypeError where values are no whole number of rows; probeTooLarge
   */
  constructor(
    memory: KernelMemory,
    values: Float32Array | Float64Array,
    width: number,
    rows: ArrayLike<number> | null = null,
  ) {
    const available = values.length / width
    if (!Number.isInteger(available) || width < 1)
      throw new TypeError(`${values.length} values are no rows of ${width}`)
    this.rows = rows ? rows.length : available
    this.width = width
    this.#memory = memory
    this.#element = values instanceof Float32Array ? 'f32' : 'f64'
    this.#paddedRows = upTo4(this.rows)
    this.#paddedWidth = upTo4(width)
    const bytes = values.BYTES_PER_ELEMENT
    this.#columns = this.#start = memory.reserve(4 * this.#paddedWidth * 8)
    this.#perRow = memory.reserve(4 * this.#paddedRows * 8)
    this.#features = memory.reserve(this.#paddedRows * this.#paddedWidth * bytes)
    const target = this.#view()
    target.fill(0)
    for (let row = 0; row < this.rows; row++) {
      const from = (rows ? rows[row] : row) * width
      target.set(values.subarray(from, from + width), row * this.#paddedWidth)
    }
  }

  /** Gives the room back; matrices are freed in the reverse order of their making. */
  free(): void {
    this.#memory.release(this.#start)
  }

  project(vectors: readonly Float64Array[], products: readonly Float64Array[]): void {
    for (let from = 0; from < vectors.length;) {
      const wide = vectors.length - from > 1 ? 4 : 1
      const perRow = this.#memory.doubles(this.#perRow, wide * this.#paddedRows).fill(0)
      this.#pack(vectors, from, wide)
      this.#run(`project${wide}${this.#element}`, wide, true)
      for (let k = 0; k < wide && from + k < vectors.length; k++) {
        const product = products[from + k]
        for (let row = 0; row < this.rows; row++) product[row] = perRow[row * wide + k]
      }
      from += wide
    }
  }

  gather(weights: readonly Float64Array[], sums: readonly Float64Array[]): void {
    for (let from = 0; from < weights.length;) {
      const wide = weights.length - from > 1 ? 4 : 1
      const perRow = this.#memory.doubles(this.#perRow, wide * this.#paddedRows).fill(0)
      for (let k = 0; k < wide && from + k < weights.length; k++) {
        const weight = weights[from + k]
        for (let row = 0; row < this.rows; row++) perRow[row * wide + k] = weight[row]
      }
      this.#memory.doubles(this.#columns, wide * this.#paddedWidth).fill(0)
      this.#run(`gather${wide}${this.#element}`, wide, false)
      this.#unpack(sums, from, wide)
      from += wide
    }
  }

  moments(rows: ArrayLike<number>): Moments {
    const values = this.#view()
    const mean = new Float64Array(this.width)
    const variance = new Float64Array(this.width)
    for (let i = 0; i < rows.length; i++) {
      const from = rows[i] * this.#paddedWidth
      for (let column = 0; column < this.width; column++) mean[column] += values[from + column]
    }
    for (let column = 0; column < this.width; column++) mean[column] /= rows.length
    // Around the mean, for a feature far from zero would lose its spread otherwise.
    for (let i = 0; i < rows.length; i++) {
      const from = rows[i] * this.#paddedWidth
      for (let column = 0; column < this.width; column++)
        variance[column] += (values[from + column] - mean[column]) ** 2
    }
    for (let column = 0; column < this.width; column++) variance[column] /= rows.length
    return { mean, variance }
  }

  #view(): Float32Array | Float64Array {
    const length = this.#paddedRows * this.#paddedWidth
    return this.#element === 'f32'
      ? this.#memory.floats(this.#features, length)
      : this.#memory.doubles(this.#features, length)
  }

  #run(name: KernelName, wide: number, rowsOut: boolean): void {
    const bytes = this.#element === 'f32' ? 4 : 8
    const kernel = this.#memory.kernels[name]
    for (let column = 0; column < this.#paddedWidth; column += TILE) {
      const pairs = Math.min(TILE, this.#paddedWidth - column) / 2
      const columns = this.#columns + column * wide * 8
      kernel(
        this.#features + column * bytes,
        this.#paddedWidth * bytes,
        this.#paddedRows,
        pairs,
        rowsOut ? columns : this.#perRow,
        rowsOut ? this.#perRow : columns,
      )
    }
  }

  /** Vectors as the kernels read them: pair of columns, vector, column of the pair. */
  #pack(vectors: readonly Float64Array[], from: number, wide: number): void {
    const packed = this.#memory.doubles(this.#columns, wide * this.#paddedWidth).fill(0)
    for (let k = 0; k < wide && from + k < vectors.length; k++) {
      const vector = vectors[from + k]
      for (let column = 0; column < this.width; column++)
        packed[(column >> 1) * 2 * wide + 2 * k + (column & 1)] = vector[column]
    }
  }

  #unpack(sums: readonly Float64Array[], from: number, wide: number): void {
    const packed = this.#memory.doubles(this.#columns, wide * this.#paddedWidth)
    for (let k = 0; k < wide && from + k < sums.length; k++) {
      const sum = sums[from + k]
      for (let column = 0; column < this.width; column++)
        sum[column] = packed[(column >> 1) * 2 * wide + 2 * k + (column & 1)]
    }
  }
}
