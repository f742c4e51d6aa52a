import { describe, expect, it } from 'vitest'
import { exponential } from './exponential.ts'

describe('the exponential of numbers up to 0', () => {
  it('agrees with Math.exp to 1e-15', () => {
    let largest = 0
    for (let index = 0; index <= 200_000; index++) {
      const x = -((index / 200_000) ** 3) * 700
      largest = Math.max(largest, Math.abs(exponential(x) / Math.exp(x) - 1))
    }
    expect(largest).toBeLessThan(1e-15)
  })

  it('is exact at 0 and never rises as x falls', () => {
    expect(exponential(0)).toBe(1)
    expect(exponential(-0)).toBe(1)
    let last = 1
    for (let x = 0; x > -20; x -= 0.000_37) {
      expect(exponential(x)).toBeLessThanOrEqual(last)
      last = exponential(x)
    }
  })

  it('is 0 far below, and no number where there is none to give', () => {
    expect(exponential(-701)).toBe(0)
    expect(exponential(-Infinity)).toBe(0)
    expect(exponential(Number.NaN)).toBeNaN()
    expect(exponential(1e-9)).toBeNaN()
  })
})
