// Dense features in kernel memory.
// Owns: their layout (rows padded to four columns, four rows), tiles that stay in a cache, vectors four at a time.
// Not: the inner loops (scripts/probeKernels.ts). The same sums in plain loops: plainMatrix in denseMatrix.test.ts.
import type { KernelMemory, KernelName } from './kernelMemory.ts'
import type { Moments, ProductMatrix } from './productMatrix.ts'
import { rowBlocks, type RowBlock, type RowBlocks, type RowSet } from './rowBlocks.ts'

/** Columns of a tile: four vectors of so many doubles are 64 KB, which the second cache holds. Shorter pieces of a row were slower: each begins with a wait. */
const TILE = 2048
/** Values from which on it pays to lay rows together. */
const ARRANGED_FROM = 2 ** 19
const upTo4 = (count: number): number => Math.ceil(count / 4) * 4

/** Vectors that a block has a part in. */
const activeIn = ({ absent }: RowBlock, count: number, sets: readonly RowSet[]): number[] =>
  Array.from({ length: count }, (_, k) => k).filter((k) => sets.length === 0 || !absent.has(sets[k]))

/** Four at a time. */
const chunksOf = (indices: readonly number[]): number[][] =>
  Array.from({ length: Math.ceil(indices.length / 4) }, (_, k) => indices.slice(4 * k, 4 * k + 4))

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
  /** Null while rows lie in their order. */
  #arranged: RowBlocks | null = null

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

  project(
    vectors: readonly Float64Array[],
    products: readonly Float64Array[],
    sets: readonly RowSet[] = [],
  ): void {
    const rowAt = this.#arranged?.rowAt
    for (const block of this.#blocks()) {
      const active = activeIn(block, vectors.length, sets)
      if (active.length < vectors.length)
        for (let k = 0; k < vectors.length; k++)
          if (!active.includes(k))
            for (let place = block.from; place < block.from + block.count; place++)
              products[k][rowAt ? rowAt[place] : place] = 0
      for (const chunk of chunksOf(active)) {
        const wide = chunk.length > 1 ? 4 : 1
        const perRow = this.#memory.doubles(this.#perRow, wide * upTo4(block.count)).fill(0)
        this.#pack(
          chunk.map((k) => vectors[k]),
          wide,
        )
        this.#run(`project${wide}${this.#element}`, wide, block, true)
        chunk.forEach((k, lane) => {
          const product = products[k]
          for (let i = 0; i < block.count; i++) {
            const place = block.from + i
            product[rowAt ? rowAt[place] : place] = perRow[i * wide + lane]
          }
        })
      }
    }
  }

  gather(
    weights: readonly Float64Array[],
    sums: readonly Float64Array[],
    sets: readonly RowSet[] = [],
  ): void {
    const rowAt = this.#arranged?.rowAt
    for (const sum of sums) sum.fill(0)
    for (const block of this.#blocks())
      for (const chunk of chunksOf(activeIn(block, weights.length, sets))) {
        const wide = chunk.length > 1 ? 4 : 1
        const perRow = this.#memory.doubles(this.#perRow, wide * upTo4(block.count)).fill(0)
        chunk.forEach((k, lane) => {
          const weight = weights[k]
          for (let i = 0; i < block.count; i++) {
            const place = block.from + i
            perRow[i * wide + lane] = weight[rowAt ? rowAt[place] : place]
          }
        })
        this.#memory.doubles(this.#columns, wide * this.#paddedWidth).fill(0)
        this.#run(`gather${wide}${this.#element}`, wide, block, false)
        this.#unpack(
          chunk.map((k) => sums[k]),
          wide,
        )
      }
  }

  arrange(sets: readonly RowSet[]): boolean {
    if (this.rows * this.width < ARRANGED_FROM) return false
    const blocks = rowBlocks(this.rows, sets)
    if (!blocks) return this.#arranged !== null
    this.#move(blocks.rowAt)
    this.#arranged = blocks
    return true
  }

  moments(rows: ArrayLike<number>): Moments {
    const values = this.#view()
    const places = this.#places()
    const mean = new Float64Array(this.width)
    const variance = new Float64Array(this.width)
    for (let i = 0; i < rows.length; i++) {
      const from = (places ? places[rows[i]] : rows[i]) * this.#paddedWidth
      for (let column = 0; column < this.width; column++) mean[column] += values[from + column]
    }
    for (let column = 0; column < this.width; column++) mean[column] /= rows.length
    // Around the mean, for a feature far from zero would lose its spread otherwise.
    for (let i = 0; i < rows.length; i++) {
      const from = (places ? places[rows[i]] : rows[i]) * this.#paddedWidth
      for (let column = 0; column < this.width; column++)
        variance[column] += (values[from + column] - mean[column]) ** 2
    }
    for (let column = 0; column < this.width; column++) variance[column] /= rows.length
    return { mean, variance }
  }

  #blocks(): readonly RowBlock[] {
    return this.#arranged?.blocks ?? [{ from: 0, count: this.rows, absent: new Set() }]
  }

  /** Place of each row; null while they lie in their order. */
  #places(): Int32Array | null {
    if (!this.#arranged) return null
    const places = new Int32Array(this.rows)
    this.#arranged.rowAt.forEach((row, place) => (places[row] = place))
    return places
  }

  /** Brings each row to its place, cycle by cycle, through one row's room. */
  #move(rowAt: Int32Array): void {
    const values = this.#view()
    const places = this.#places()
    const width = this.#paddedWidth
    const sourceOf = (place: number): number => (places ? places[rowAt[place]] : rowAt[place])
    const isDone = new Uint8Array(this.rows)
    for (let first = 0; first < this.rows; first++) {
      if (isDone[first]) continue
      const held = values.slice(first * width, (first + 1) * width)
      let place = first
      for (;;) {
        isDone[place] = 1
        const source = sourceOf(place)
        if (source === first) break
        values.copyWithin(place * width, source * width, (source + 1) * width)
        place = source
      }
      values.set(held, place * width)
    }
  }

  #view(): Float32Array | Float64Array {
    const length = this.#paddedRows * this.#paddedWidth
    return this.#element === 'f32'
      ? this.#memory.floats(this.#features, length)
      : this.#memory.doubles(this.#features, length)
  }

  #run(name: KernelName, wide: number, { from, count }: RowBlock, rowsOut: boolean): void {
    const bytes = this.#element === 'f32' ? 4 : 8
    const kernel = this.#memory.kernels[name]
    for (let column = 0; column < this.#paddedWidth; column += TILE) {
      const pairs = Math.min(TILE, this.#paddedWidth - column) / 2
      const columns = this.#columns + column * wide * 8
      kernel(
        this.#features + (from * this.#paddedWidth + column) * bytes,
        this.#paddedWidth * bytes,
        upTo4(count),
        pairs,
        rowsOut ? columns : this.#perRow,
        rowsOut ? this.#perRow : columns,
      )
    }
  }

  /** Vectors as the kernels read them: pair of columns, vector, column of the pair. */
  #pack(vectors: readonly Float64Array[], wide: number): void {
    const packed = this.#memory.doubles(this.#columns, wide * this.#paddedWidth).fill(0)
    for (let k = 0; k < vectors.length; k++) {
      const vector = vectors[k]
      for (let column = 0; column < this.width; column++)
        packed[(column >> 1) * 2 * wide + 2 * k + (column & 1)] = vector[column]
    }
  }

  /** On top of what is there. */
  #unpack(sums: readonly Float64Array[], wide: number): void {
    const packed = this.#memory.doubles(this.#columns, wide * this.#paddedWidth)
    for (let k = 0; k < sums.length; k++) {
      const sum = sums[k]
      for (let column = 0; column < this.width; column++)
        sum[column] += packed[(column >> 1) * 2 * wide + 2 * k + (column & 1)]
    }
  }
}
