import { describe, expect, it } from 'vitest'
import { normalGenerator } from '../normalDraws.ts'
import { rowProducts } from '../principalComponents.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { whitenedCoefficients, type RowSet } from './whitening.ts'

const normal = normalGenerator(seededGenerator('whitening'))
const draw = (n: number, width: number): Float64Array => Float64Array.from({ length: n * width }, normal)
const setOf = (data: Float64Array, width: number, labels: number[]): RowSet => ({
  products: rowProducts(data, width),
  labels: Int32Array.from(labels),
  width,
})
const sumOf = (data: Float64Array, width: number, coefficients: Float64Array): number[] =>
  Array.from({ length: width }, (_, column) =>
    coefficients.reduce((sum, value, row) => sum + value * data[row * width + column], 0),
  )

/** (1 − λ)S + λμI times a vector, S that of the chosen rows within their classes, written out. */
function covarianceTimes(
  data: Float64Array,
  labels: number[],
  chosen: number[],
  lambda: number,
  vector: number[],
): number[] {
  const width = vector.length
  const at = (row: number, column: number): number => data[row * width + column]
  const rows = chosen.map((row) => {
    const mates = chosen.filter((other) => labels[other] === labels[row])
    return vector.map(
      (_, column) =>
        at(row, column) - mates.reduce((sum, other) => sum + at(other, column), 0) / mates.length,
    )
  })
  const mean = rows.flat().reduce((sum, value) => sum + value * value, 0) / rows.length / width
  const along = rows.map((row) => row.reduce((sum, value, column) => sum + value * vector[column], 0))
  return vector.map(
    (value, column) =>
      ((1 - lambda) * rows.reduce((sum, row, i) => sum + row[column] * along[i], 0)) / rows.length +
      lambda * mean * value,
  )
}

describe('whitening', () => {
  it.each([
    { n: 12, width: 30, lambda: 0.3 },
    { n: 40, width: 6, lambda: 0.01 },
    { n: 12, width: 30, lambda: 1 },
  ])('solves Σw = v with Σ of the chosen rows: $n rows of $width, λ $lambda', ({ n, width, lambda }) => {
    const data = draw(n, width)
    const labels = Array.from({ length: n }, (_, row) => (row % 3 === 0 ? 1 : 0))
    const chosen = [...labels.keys()].filter((row) => row % 4 !== 1)
    const coefficients = Float64Array.from(labels, (_, row) => (chosen.includes(row) ? normal() : 0))
    const whitened = whitenedCoefficients(setOf(data, width, labels), chosen, coefficients, lambda)!
    expect(whitened.filter((value, row) => value !== 0 && !chosen.includes(row)).length).toBe(0)
    const back = covarianceTimes(data, labels, chosen, lambda, sumOf(data, width, whitened))
    sumOf(data, width, coefficients).forEach((value, column) => expect(back[column]).toBeCloseTo(value, 9))
  })

  it('is not possible where no class varies', () => {
    const labels = [0, 1, 0, 1]
    const data = Float64Array.of(1, 2, 5, 6, 1, 2, 5, 6)
    expect(
      whitenedCoefficients(setOf(data, 2, labels), [0, 1, 2, 3], Float64Array.of(1, 1, 1, 1), 'auto'),
    ).toBeNull()
  })
})
