import { describe, expect, it } from 'vitest'
import { kernelFile } from '../../../scripts/probeKernels.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededGenerator } from '../seededGenerator.ts'
import { DenseMatrix } from './denseMatrix.ts'
import { KernelMemory } from './kernelMemory.ts'

const random = seededGenerator('matrix')
const drawn = (length: number): Float64Array => Float64Array.from({ length }, () => random() - 0.5)
const empty = (count: number, length: number): Float64Array[] =>
  Array.from({ length: count }, () => new Float64Array(length))

/** The same in plain loops. */
function plainProducts(
  values: ArrayLike<number>,
  rows: number,
  width: number,
  vector: Float64Array,
): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0
    for (let column = 0; column < width; column++) sum += values[row * width + column] * vector[column]
    return sum
  })
}
function plainSums(
  values: ArrayLike<number>,
  rows: number,
  width: number,
  weights: Float64Array,
): Float64Array {
  return Float64Array.from({ length: width }, (_, column) => {
    let sum = 0
    for (let row = 0; row < rows; row++) sum += values[row * width + column] * weights[row]
    return sum
  })
}
/** Sums in another order: some thousand roundings of numbers near 1. */
const expectNear = (got: Float64Array, wanted: Float64Array): void =>
  wanted.forEach((value, index) => expect(Math.abs(got[index] - value)).toBeLessThan(1e-12))

describe('products with dense features', () => {
  // Rows and columns that are and are not multiples of four; more columns than a tile; one vector, a block, and more than one.
  it.each([
    [1, 1, 1],
    [3, 5, 2],
    [8, 12, 4],
    [13, 515, 5],
    [6, 2100, 9],
  ])('of %i rows and %i columns with %i vectors are what plain loops give', (rows, width, count) => {
    for (const values of [Float32Array.from(drawn(rows * width)), drawn(rows * width)]) {
      const matrix = new DenseMatrix(new KernelMemory(), values, width)
      const vectors = empty(count, 0).map(() => drawn(width))
      const weights = empty(count, 0).map(() => drawn(rows))
      const [products, sums] = [empty(count, rows), empty(count, width)]
      matrix.project(vectors, products)
      matrix.gather(weights, sums)
      for (let k = 0; k < count; k++) {
        expectNear(products[k], plainProducts(values, rows, width, vectors[k]))
        expectNear(sums[k], plainSums(values, rows, width, weights[k]))
      }
    }
  })

  it('have the same bits whatever other vectors are beside them, from two on', () => {
    const matrix = new DenseMatrix(new KernelMemory(), drawn(7 * 30), 30)
    const vectors = empty(6, 0).map(() => drawn(30))
    const [together, pair] = [empty(6, 7), empty(2, 7)]
    matrix.project(vectors, together)
    matrix.project(vectors.slice(2, 4), pair)
    expect(pair).toEqual(together.slice(2, 4))
  })

  it('can take some of the rows, in another order', () => {
    const values = drawn(10 * 3)
    const matrix = new DenseMatrix(new KernelMemory(), values, 3, [7, 0, 7])
    const product = empty(1, 3)
    matrix.project([Float64Array.of(0, 1, 0)], product)
    expect([...product[0]]).toEqual([values[22], values[1], values[22]])
  })

  it('hold while another matrix makes the memory grow, and room that was freed is used again', () => {
    const memory = new KernelMemory()
    const small = new DenseMatrix(memory, drawn(8), 2)
    const before = empty(1, 4)
    small.project([Float64Array.of(1, 1)], before)
    const large = new DenseMatrix(memory, drawn(100_000), 10)
    const after = empty(1, 4)
    small.project([Float64Array.of(1, 1)], after)
    expect(after).toEqual(before)
    const place = memory.reserve(16)
    memory.release(place)
    large.free()
    expect(memory.reserve(16)).toBeLessThan(place)
  })

  it('mean and variance keep their digits far from zero', () => {
    const values = Float64Array.of(1e8 + 1, 5, 1e8 + 2, 5, 1e8 + 3, 5)
    const { mean, variance } = new DenseMatrix(new KernelMemory(), values, 2).moments([0, 1, 2])
    expect([...mean]).toEqual([1e8 + 2, 5])
    expect(variance[0]).toBeCloseTo(2 / 3, 12)
    expect(variance[1]).toBe(0)
  })

  it('refuses values that are no whole rows, and more than the memory can hold', () => {
    expect(() => new DenseMatrix(new KernelMemory(), new Float64Array(7), 2)).toThrow(TypeError)
    expect(() => new KernelMemory().reserve(2 ** 33)).toThrow(/4294967296/)
  })
})

it('the assembled kernels are those of their source', async () => {
  expect(readFileSync(join(import.meta.dirname, 'kernelBytes.ts'), 'utf8')).toBe(await kernelFile())
})
