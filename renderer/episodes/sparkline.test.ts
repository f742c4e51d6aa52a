import { describe, expect, it } from 'vitest'
import { inWords, sparkline, stepUnder } from './sparkline.ts'

describe('verdicts as shapes', () => {
  it('gives each verdict a shape of its own, on one base line', () => {
    const { paths, pitch, bar } = sparkline(['valid', 'invalid', 'win'], 20, 200)
    expect([pitch, bar]).toEqual([10, 9])
    expect(paths.valid).toBe('M0 3H9V14H0z')
    expect(paths.invalid).toBe('M10 9H19V14H10z')
    expect(paths.win).toBe('M20 14V5L24.5 0L29 5V14z')
  })

  it('puts the same step of short and long episodes at the same place', () => {
    expect(sparkline(['valid'], 20, 100).pitch).toBe(sparkline(Array(20).fill('invalid'), 20, 100).pitch)
  })

  it('closes the gaps when cells get thin, and stays inside its width', () => {
    const { pitch, bar } = sparkline(Array(200).fill('valid'), 200, 100)
    expect(bar).toBe(pitch)
    expect(pitch * 200).toBeLessThanOrEqual(100)
    expect(sparkline(Array(30).fill('valid'), 20, 100).pitch * 30).toBeLessThanOrEqual(100)
  })

  it('knows the step under the pointer', () => {
    expect([-1, 0, 9.9, 10, 29, 30].map((x) => stepUnder(x, 10, 3))).toEqual([-1, 0, 0, 1, 2, -1])
  })

  it('tells them in words', () => {
    expect(inWords(['valid', 'invalid', 'invalid'])).toBe('1 valid, 2 invalid')
    expect(inWords(['invalid', 'win'])).toBe('0 valid, 1 invalid, won')
    expect(inWords([])).toBe('0 valid, 0 invalid')
  })
})
