import { describe, expect, it } from 'vitest'
import { seededGenerator, shuffled } from './seededGenerator.ts'

describe('seeded random numbers', () => {
  it('are the same for the same seed and others for another', () => {
    const draw = (seed: string): number[] => Array.from({ length: 20 }, seededGenerator(seed))
    expect(draw('7/0/3')).toEqual(draw('7/0/3'))
    expect(draw('7/0/3')).not.toEqual(draw('7/0/4'))
  })

  it('never change from one version to the next, or stored runs could not be repeated', () => {
    const next = seededGenerator('innerview')
    expect([next(), next(), next()]).toMatchInlineSnapshot(`
      [
        0.5998994328192544,
        0.5893891060712496,
        0.1360699567723248,
      ]
    `)
  })

  it('are uniform in [0, 1)', () => {
    const next = seededGenerator('uniform')
    const count = 100_000
    const bins = new Float64Array(10)
    for (let i = 0; i < count; i++) {
      const value = next()
      expect(value >= 0 && value < 1).toBe(true)
      bins[Math.floor(value * 10)]++
    }
    const expected = count / 10
    const chiSquare = bins.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)
    expect(chiSquare).toBeLessThan(27.9) // the 99.9th percentile with nine degrees of freedom
  })

  it('shuffles without bias: each of six orders of three comes up about equally often', () => {
    const counts = new Map<string, number>()
    const random = seededGenerator('orders')
    for (let i = 0; i < 60_000; i++) {
      const order = shuffled(['a', 'b', 'c'], random).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    // Standard deviation of each count is about 91.
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })
})
