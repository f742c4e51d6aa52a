import { describe, expect, it } from 'vitest'
import { seededGenerator } from './seededGenerator.ts'
import { symmetricEigen } from './symmetricEigen.ts'

describe('eigenvectors of a symmetric matrix', () => {
  it('are orthonormal and belong to their values, for a matrix of 60 with equal values among them', () => {
    const size = 60
    const random = seededGenerator('eigen')
    const rows = Array.from({ length: 20 }, () => Float64Array.from({ length: size }, () => random() - 0.5))
    // Rank 20, and so 40 values of 1.
    const matrix = Float64Array.from({ length: size * size }, (_, i) => {
      const [row, column] = [Math.floor(i / size), i % size]
      return rows.reduce((sum, each) => sum + each[row] * each[column], row === column ? 1 : 0)
    })
    const { values, vectors } = symmetricEigen(matrix, size)
    expect([...values]).toEqual([...values].sort((a, b) => b - a))
    for (let k = 0; k < size; k++) {
      const vector = vectors.subarray(k * size, (k + 1) * size)
      for (let row = 0; row < size; row++) {
        const product = vector.reduce((sum, value, column) => sum + matrix[row * size + column] * value, 0)
        expect(Math.abs(product - values[k] * vector[row])).toBeLessThan(1e-12)
      }
      for (let other = 0; other <= k; other++) {
        const dot = vector.reduce((sum, value, i) => sum + value * vectors[other * size + i], 0)
        expect(Math.abs(dot - (other === k ? 1 : 0))).toBeLessThan(1e-12)
      }
    }
  })

  it('exist for one number and for none', () => {
    expect(symmetricEigen(Float64Array.of(-3), 1)).toEqual({
      values: Float64Array.of(-3),
      vectors: Float64Array.of(1),
    })
    expect(symmetricEigen(new Float64Array(0), 0).values.length).toBe(0)
  })

  it('do not change the matrix', () => {
    const matrix = Float64Array.of(2, 1, 1, 2)
    symmetricEigen(matrix, 2)
    expect([...matrix]).toEqual([2, 1, 1, 2])
  })

  it('are refused where the matrix is not square or not finite', () => {
    expect(() => symmetricEigen(new Float64Array(5), 2)).toThrow(TypeError)
    expect(() => symmetricEigen(Float64Array.of(1, NaN, NaN, 1), 2)).toThrow('not finite')
  })
})
