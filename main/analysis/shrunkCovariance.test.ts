import { describe, expect, it } from 'vitest'
import { normalGenerator } from './normalDraws.ts'
import { seededGenerator } from './seededGenerator.ts'
import { shrunkInverse } from './shrunkCovariance.ts'

const normal = normalGenerator(seededGenerator('covariance'))
const rows = (n: number, width: number): Float64Array => Float64Array.from({ length: n * width }, normal)

/** (1 − λ)XᵀX/N + λμI times a vector. */
function covarianceTimes(
  data: Float64Array,
  width: number,
  shrinkage: number,
  vector: Float64Array,
): number[] {
  const n = data.length / width
  const mean = data.reduce((sum, value) => sum + value * value, 0) / n / width
  const along = Array.from({ length: n }, (_, row) =>
    vector.reduce((sum, value, i) => sum + data[row * width + i] * value, 0),
  )
  return Array.from(vector, (value, i) => {
    const product = along.reduce((sum, each, row) => sum + each * data[row * width + i], 0) / n
    return (1 - shrinkage) * product + shrinkage * mean * value
  })
}

describe('the inverse of a shrunk covariance', () => {
  it.each([
    { n: 30, width: 8, shrinkage: 'auto' },
    { n: 8, width: 30, shrinkage: 'auto' },
    { n: 8, width: 30, shrinkage: 0.01 },
    { n: 30, width: 8, shrinkage: 0 },
    { n: 8, width: 30, shrinkage: 1 },
  ] as const)('undoes it: $n rows of $width, shrinkage $shrinkage', ({ n, width, shrinkage }) => {
    const data = rows(n, width)
    const vector = rows(1, width)
    const inverse = shrunkInverse(data, width, shrinkage)!
    const back = covarianceTimes(data, width, inverse.shrinkage, inverse.apply(vector))
    back.forEach((value, i) => expect(value).toBeCloseTo(vector[i], 10))
  })

  it('does not exist without variance, nor without shrinkage for more dimensions than rows', () => {
    expect(shrunkInverse(new Float64Array(12), 4)).toBeNull()
    expect(shrunkInverse(new Float64Array(0), 4)).toBeNull()
    expect(shrunkInverse(rows(3, 9), 9, 0)).toBeNull()
    expect(shrunkInverse(Float64Array.of(1, 0, -1, 0, 2, 0), 2, 0)).toBeNull()
  })
})
