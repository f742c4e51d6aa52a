import { expect, it } from 'vitest'
import { distinctPairs, repeatedRuns } from './completionFigures.ts'

it('an answer that goes in circles has few distinct pairs and many repeated runs', () => {
  const circle = Int32Array.from({ length: 40 }, (_, i) => i % 2)
  expect(distinctPairs(circle)).toBeCloseTo(2 / 39, 12)
  expect(repeatedRuns(circle)).toBeCloseTo(1 - 2 / 37, 12)
  const line = Int32Array.from({ length: 40 }, (_, i) => i)
  expect(distinctPairs(line)).toBe(1)
  expect(repeatedRuns(line)).toBe(0)
})

it('tokens are told apart whole: 1, 23 is not 12, 3', () => {
  expect(distinctPairs([1, 23, 12, 3])).toBe(1)
})

it('too short an answer has no figure', () => {
  expect(distinctPairs([7])).toBeNull()
  expect(repeatedRuns([7, 8, 9])).toBeNull()
  expect(distinctPairs([])).toBeNull()
})
