// Features that hold nothing, of the size and spread of real ones.
// Owns: drawing them. Not: what is then found in them (judgeProbe.ts).
import type { UniformGenerator } from '../seededGenerator.ts'
import { normalGenerator } from '../normalDraws.ts'
import type { ProductMatrix } from './productMatrix.ts'

/** N×D independent normal numbers, each column with the mean and spread of the real one. */
export function randomFeatures(matrix: ProductMatrix, random: UniformGenerator): Float32Array {
  const { mean, variance } = matrix.moments(Array.from({ length: matrix.rows }, (_, row) => row))
  const spread = variance.map(Math.sqrt)
  const draw = normalGenerator(random)
  const values = new Float32Array(matrix.rows * matrix.width)
  for (let i = 0; i < values.length; i++) {
    const column = i % matrix.width
    values[i] = mean[column] + spread[column] * draw()
  }
  return values
}
