import { describe, expect, test } from 'vitest'
import { wilsonInterval } from './intervals.ts'

describe('Wilson interval', () => {
  // scipy 1.17.1: binomtest(hits, n).proportion_ci(0.95, 'wilson'); 1e-12 allows for rounding in another order.
  test.each([
    [0, 10, 0, 0.27753279986288926],
    [1, 10, 0.017876213095072896, 0.4041500267952385],
    [5, 10, 0.236593090512564, 0.7634069094874361],
    [10, 10, 0.7224672001371109, 1],
    [637, 958, 0.6344309773524613, 0.6941054951629205],
    [1, 1, 0.20654931437723745, 1],
  ])('of %i in %i is as scipy has it', (hits, n, low, high) => {
    const interval = wilsonInterval(hits, n)!
    expect(interval.low).toBeCloseTo(low, 12)
    expect(interval.high).toBeCloseTo(high, 12)
  })

  test('is undefined for no trial', () => {
    expect(wilsonInterval(0, 0)).toBeNull()
  })

  test('stays within 0 and 1 and holds the rate', () => {
    for (let n = 1; n <= 40; n++)
      for (let hits = 0; hits <= n; hits++) {
        const { low, high } = wilsonInterval(hits, n)!
        expect(low >= 0 && low <= hits / n && hits / n <= high && high <= 1).toBe(true)
      }
  })

  test('widens with the confidence asked for', () => {
    const [usual, wide] = [wilsonInterval(3, 9)!, wilsonInterval(3, 9, 2.5758293035489004)!]
    expect(wide.low).toBeLessThan(usual.low)
    expect(wide.high).toBeGreaterThan(usual.high)
  })

  test('refuses counts that cannot be', () => {
    for (const [hits, n] of [
      [2, 1],
      [-1, 3],
      [0.5, 2],
      [NaN, 2],
      [0, -1],
    ])
      expect(() => wilsonInterval(hits, n)).toThrow(TypeError)
  })
})
