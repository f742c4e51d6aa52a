import { expect, test } from 'vitest'
import { cosines, decisionValues, probabilitiesOf } from './readProbe.ts'

test('a probe of two classes gives the second’s probability of each row', () => {
  const probe = { coefficients: [[1, -2]], intercept: [0.5] }
  const found = probabilitiesOf(probe, Float32Array.of(0, 0, 2, 1))
  expect(found[0]).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 12)
  expect(found[1]).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 12)
})

test('several classes share one probability, also where scores are large', () => {
  const probe = { coefficients: [[1], [2], [3]], intercept: [0, 0, 0] }
  const found = probabilitiesOf(probe, Float32Array.of(0, 1000))
  expect([...found.subarray(0, 3)]).toEqual([1 / 3, 1 / 3, 1 / 3])
  expect([...found.subarray(3)]).toEqual([0, 0, 1])
})

test('what is not linear, or of another width, is a fault of the caller', () => {
  expect(() => probabilitiesOf({ coefficients: [], intercept: [] }, new Float32Array(2))).toThrow(TypeError)
  expect(() => decisionValues(new Float32Array(3), [1, 2])).toThrow(TypeError)
})

test('likeness is the cosine, and 0 where there is no length', () => {
  const rows = Float32Array.of(1, 0, 0, 2, -3, 0, 0, 0)
  expect([...cosines(rows, Float32Array.of(2, 0))]).toEqual([1, 0, -1, 0])
})
