import { describe, expect, it } from 'vitest'
import { normalCdf, normalQuantile, studentCdf, studentQuantile } from './distributions.ts'

describe('quantiles', () => {
  it.each([1e-6, 0.025, 0.5, 0.8, 0.975, 0.9999])('are where the distribution reaches %d', (p) => {
    expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 13)
    for (const freedom of [1, 2, 7, 30])
      expect(studentCdf(studentQuantile(p, freedom), freedom)).toBeCloseTo(p, 12)
  })

  it('are those of the tables', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 13)
    expect(studentQuantile(0.975, 19)).toBeCloseTo(2.0930240544083, 11)
  })

  it('are refused beyond 0 … 1 and for broken degrees of freedom', () => {
    for (const p of [0, 1, -0.1, NaN]) expect(() => normalQuantile(p)).toThrow(TypeError)
    for (const freedom of [0, 1.5, -3]) expect(() => studentCdf(1, freedom)).toThrow(TypeError)
  })

  it('leave the far tails at 0 and 1', () => {
    expect(normalCdf(-40)).toBe(0)
    expect(normalCdf(40)).toBe(1)
  })
})
