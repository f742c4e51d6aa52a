import { describe, expect, it } from 'vitest'
import { seededGenerator } from '../seededGenerator.ts'
import { DenseMatrix } from './denseMatrix.ts'
import { KernelMemory } from './kernelMemory.ts'
import { normalGenerator } from '../normalDraws.ts'
import { principalAxes } from './principalAxes.ts'
import { projectRows, type ProjectionInput } from './projection.ts'

const [rows, width] = [90, 40]
const draw = normalGenerator(seededGenerator('projection'))
const labels = Int32Array.from({ length: rows }, (_, row) => row % 2)
/** Spread 9 along column 3, 4 along column 7, the classes 6 apart along column 11, 1 elsewhere. */
const data = Float32Array.from({ length: rows * width }, (_, i) => {
  const [row, column] = [Math.floor(i / width), i % width]
  const spread = column === 3 ? 9 : column === 7 ? 4 : 1
  return 100 + spread * draw() + (column === 11 ? 6 * labels[row] : 0)
})
const input: ProjectionInput = { data, width, labels }
const quiet = (): void => {}

/** Mean of class 1 less that of class 0, in pooled standard deviations. */
function separation(values: Float32Array): number {
  const of = (label: number): Float32Array => values.filter((_, row) => labels[row] === label)
  const mean = (list: Float32Array): number => list.reduce((a, b) => a + b, 0) / list.length
  const [zero, one] = [of(0), of(1)]
  const spread = (list: Float32Array): number => mean(list.map((value) => (value - mean(list)) ** 2))
  return Math.abs(mean(one) - mean(zero)) / Math.sqrt((spread(zero) + spread(one)) / 2)
}

describe('principal axes', () => {
  const matrix = new DenseMatrix(new KernelMemory(), data, width)
  const moments = matrix.moments(Array.from({ length: rows }, (_, row) => row))
  const all = principalAxes(matrix, moments, width, seededGenerator('a'))

  it('are at right angles, in falling order, and together hold all the variance', () => {
    expect(all.axes).toHaveLength(width)
    all.axes.forEach((axis, k) =>
      all.axes.slice(0, k + 1).forEach((other, j) => {
        const product = axis.reduce((sum, value, d) => sum + value * other[d], 0)
        expect(Math.abs(product - (j === k ? 1 : 0))).toBeLessThan(1e-9)
      }),
    )
    expect(all.variances).toEqual(all.variances.toSorted((a, b) => b - a))
    expect(all.variances.reduce((a, b) => a + b)).toBeCloseTo(all.totalVariance, 8)
  })

  it('have the variance that the rows have along them', () => {
    all.axes.slice(0, 5).forEach((axis, k) => {
      const product = [new Float64Array(rows)]
      matrix.project([axis], product)
      const mean = product[0].reduce((a, b) => a + b) / rows
      const variance = product[0].reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows
      expect(variance).toBeCloseTo(all.variances[k], 9)
    })
  })

  it('are as many as the rows span: two points have one', () => {
    const two = new DenseMatrix(new KernelMemory(), data.subarray(0, 2 * width), width)
    const { axes } = principalAxes(two, two.moments([0, 1]), 5, seededGenerator('b'))
    expect(axes).toHaveLength(1)
    const same = new DenseMatrix(new KernelMemory(), new Float32Array(3 * width).fill(1), width)
    expect(principalAxes(same, same.moments([0, 1, 2]), 2, seededGenerator('c')).axes).toEqual([])
  })
})

describe('a projection', () => {
  it('by principal components shows the largest spread first and says its share', () => {
    const { axes, x, y } = projectRows(input, { method: 'pca', seed: 1 }, quiet)
    const column = Float32Array.from({ length: rows }, (_, row) => data[row * width + 3])
    const mean = column.reduce((a, b) => a + b) / rows
    const apart = Math.abs(x.reduce((sum, value, row) => sum + value * (column[row] - mean), 0))
    const norms = Math.sqrt(
      x.reduce((sum, value) => sum + value * value, 0) * column.reduce((sum, v) => sum + (v - mean) ** 2, 0),
    )
    expect(apart / norms).toBeGreaterThan(0.95)
    expect(axes[0].share!).toBeGreaterThan(axes[1].share!)
    expect(separation(x)).toBeLessThan(2)
    expect(y).toHaveLength(rows)
  })

  it('by the discriminant sets the classes apart that principal components mix', () => {
    const { x, y } = projectRows(input, { method: 'lda', seed: 1 }, quiet)
    expect(separation(x)).toBeGreaterThan(4)
    expect(separation(y)).toBeLessThan(1.5)
  })

  it('by UMAP is the same for the same seed and keeps clusters together', () => {
    const clusters = data.map((value, i) => value + (labels[Math.floor(i / width)] ? 20 : 0))
    const draw = (seed: number) => projectRows({ ...input, data: clusters }, { method: 'umap', seed }, quiet)
    const first = draw(1)
    expect(draw(1)).toEqual(first)
    expect(draw(2).x).not.toEqual(first.x)
    expect(Math.max(separation(first.x), separation(first.y))).toBeGreaterThan(3)
  })

  it.each(['pca', 'lda', 'umap'] as const)(
    'by %s of two rows, or of equal rows, has finite places',
    (method) => {
      const two = projectRows(
        { data: data.subarray(0, 2 * width), width, labels: labels.subarray(0, 2) },
        { method, seed: 1 },
        quiet,
      )
      const same = projectRows({ ...input, data: new Float32Array(rows * width) }, { method, seed: 1 }, quiet)
      for (const { x, y } of [two, same]) expect([...x, ...y].every(Number.isFinite)).toBe(true)
    },
  )

  it('refuses rows that do not fit their labels', () => {
    expect(() => projectRows({ ...input, width: 41 }, { method: 'pca', seed: 1 }, quiet)).toThrow(TypeError)
  })
})
