import { describe, expect, it } from 'vitest'
import { seededGenerator } from './random.ts'

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
})
