import { describe, expect, it } from 'vitest'
import { hexOf, inkOn, luminance, viridisAt } from './viridis.ts'

const contrast = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)

describe('the sequential scale', () => {
  it('grows in lightness along the whole scale', () => {
    let before = -1
    for (let place = 0; place <= 1; place += 0.01) {
      const now = luminance(viridisAt(place))
      expect(now).toBeGreaterThan(before)
      before = now
    }
  })

  it('keeps letters readable on every colour', () => {
    for (let place = 0; place <= 1; place += 0.01) {
      const ground = viridisAt(place)
      const ink = inkOn(ground) === '#000' ? 0 : 1
      expect(contrast(luminance(ground), ink)).toBeGreaterThanOrEqual(4.5)
    }
  })

  it('keeps to its ends outside the scale', () => {
    expect(viridisAt(-1)).toEqual(viridisAt(0))
    expect(viridisAt(2)).toEqual([253, 231, 37])
    expect(viridisAt(NaN)).toEqual(viridisAt(0))
  })

  it('is written the way a canvas reads it', () => {
    expect(hexOf([68, 1, 84])).toBe('#440154')
  })
})
