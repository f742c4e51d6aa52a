import { expect, test } from 'vitest'
import { divergence } from './divergence.ts'

const row = (...values: number[]): Float32Array => Float32Array.from(values)

test('a distribution does not diverge from itself, however its logits are shifted', () => {
  expect(divergence(row(1, 2, 3), row(1, 2, 3))).toBe(0)
  expect(divergence(row(1, 2, 3), row(101, 102, 103))).toBeCloseTo(0, 6)
})

test('the divergence of two coins is what the formula says, and depends on which comes first', () => {
  const [fair, bent] = [row(0, 0), row(Math.log(9), 0)]
  expect(divergence(fair, bent)).toBeCloseTo(0.5 * Math.log(0.5 / 0.9) + 0.5 * Math.log(0.5 / 0.1), 6)
  expect(divergence(bent, fair)).toBeCloseTo(0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5), 6)
})

test('tokens that cannot come count for nothing, those that only the second forbids are infinitely far', () => {
  expect(divergence(row(0, -Infinity), row(0, 0))).toBeCloseTo(Math.log(2), 6)
  expect(divergence(row(0, 0), row(0, -Infinity))).toBe(Infinity)
})

test('logits that are no numbers have no divergence', () => {
  expect(divergence(row(NaN, 0), row(0, 0))).toBeNaN()
  expect(divergence(row(0, 0), row(0, NaN))).toBeNaN()
})
