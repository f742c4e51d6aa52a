import { expect, it } from 'vitest'
import { normalGenerator } from './normalDraws.ts'
import { seededGenerator } from './seededGenerator.ts'

it('normal draws have mean 0, variance 1 and no skew, and their seed decides them', () => {
  const draws = (seed: string, n: number): number[] =>
    Array.from({ length: n }, normalGenerator(seededGenerator(seed)))
  const values = draws('normal', 100_000)
  const moment = (power: number): number =>
    values.reduce((sum, value) => sum + value ** power, 0) / values.length
  // Standard errors: .0032, .0045, .012, .031.
  expect(Math.abs(moment(1))).toBeLessThan(0.013)
  expect(Math.abs(moment(2) - 1)).toBeLessThan(0.018)
  expect(Math.abs(moment(3))).toBeLessThan(0.05)
  expect(Math.abs(moment(4) - 3)).toBeLessThan(0.13)
  expect(draws('a', 5)).toEqual(draws('a', 5))
  expect(draws('a', 5)).not.toEqual(draws('b', 5))
})
