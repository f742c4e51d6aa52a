import { describe, expect, it } from 'vitest'
import { kernelFile } from '../../../scripts/probeKernels.ts'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { seededGenerator } from '../seededGenerator.ts'
import { DenseMatrix } from './denseMatrix.ts'
import { fitParts } from './fitParts.ts'
import { KernelMemory } from './kernelMemory.ts'
import type { ProductMatrix } from './productMatrix.ts'

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

describe('rows that are laid together by the folds that learn from them', () => {
  const [rows, width] = [1030, 512]
  const values = Float32Array.from(drawn(rows * width))
  const setOf = (belongs: (row: number) => boolean): Int32Array =>
    Int32Array.from({ length: rows }, (_, row) => row).filter(belongs)
  const folds = [0, 1, 2, 3, 4].map((fold) => setOf((row) => Math.floor(row / 7) % 5 !== fold))
  const halves = [setOf((row) => row % 2 === 0), setOf((row) => row % 2 === 1)]

  function expectRight(matrix: DenseMatrix, sets: readonly Int32Array[]): void {
    const vectors = sets.map(() => drawn(width))
    const weights = sets.map((set) => {
      const all = new Float64Array(rows)
      for (const row of set) all[row] = random() - 0.5
      return all
    })
    const products = sets.map(() => new Float64Array(rows).fill(NaN))
    const sums = empty(sets.length, width)
    matrix.project(vectors, products, sets)
    matrix.gather(weights, sums, sets)
    sets.forEach((set, k) => {
      const plain = plainProducts(values, rows, width, vectors[k])
      expectNear(
        Float64Array.from(set, (row) => products[k][row]),
        Float64Array.from(set, (row) => plain[row]),
      )
      products[k].forEach((value, row) =>
        expect(value === 0 || Math.abs(value - plain[row]) < 1e-12).toBe(true),
      )
      expectNear(sums[k], plainSums(values, rows, width, weights[k]))
    })
  }

  it('give each vector the products of its rows and the sums of its weights, also when they are laid anew', () => {
    const matrix = new DenseMatrix(new KernelMemory(), values, width)
    expect(matrix.arrange(folds)).toBe(true)
    expectRight(matrix, folds)
    expectRight(matrix, folds.slice(1, 3))
    expect(matrix.arrange(halves)).toBe(true)
    expectRight(matrix, halves)
    expectRight(matrix, folds) // sets that it was not told of
  })

  it('give every product and the moments of any rows where no set is named', () => {
    const plain = new DenseMatrix(new KernelMemory(), values, width)
    const before = plain.moments(folds[2])
    const matrix = new DenseMatrix(new KernelMemory(), values, width)
    matrix.arrange(folds)
    const [vector] = [drawn(width)]
    const products = empty(1, rows)
    matrix.project([vector], products)
    expectNear(products[0], plainProducts(values, rows, width, vector))
    expect(matrix.moments(folds[2])).toEqual(before)
  })

  it('stay where they are in a small matrix, and where there is one set alone', () => {
    expect(new DenseMatrix(new KernelMemory(), drawn(200), 2).arrange(folds)).toBe(false)
    expect(new DenseMatrix(new KernelMemory(), values, width).arrange(folds.slice(0, 1))).toBe(false)
  })

  it.each(['liblinear', 'lbfgs'] as const)('give %s the fits that it has without them', (solver) => {
    const parted = Int32Array.from({ length: rows }, (_, row) => Number(values[row * width] + random() > 0.5))
    const groups = Int32Array.from({ length: rows }, (_, row) => row)
    const fitted = (matrix: ProductMatrix) =>
      fitParts(
        matrix,
        folds.map((part) => ({ rows: part, labels: parted, groups })),
        2,
        {
          estimator: { kind: 'logistic', solver, C: 1, tolerance: 1e-9, maxIterations: 1000 },
          ...{ standardize: true, classWeight: 'none', seed: 0 },
        },
      )
    const own = new DenseMatrix(new KernelMemory(), values, width)
    const { project, gather, moments } = own
    const unarranged = {
      ...{ rows, width, project: project.bind(own), gather: gather.bind(own), moments: moments.bind(own) },
    }
    const wanted = fitted(unarranged)
    fitted(new DenseMatrix(new KernelMemory(), values, width)).forEach(({ logOdds, converged }, fold) => {
      expect(converged).toBe(true)
      // Of every row, those that the fold did not learn from too.
      logOdds[0].forEach((odds, row) => expect(odds).toBeCloseTo(wanted[fold].logOdds[0][row], 5))
    })
  })
})
