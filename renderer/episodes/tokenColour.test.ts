import { describe, expect, it } from 'vitest'
import { inkOn, luminance, tokenStyle, viridisAt } from './tokenColour.ts'

const contrast = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)

describe('colour of a token', () => {
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

  it('colours by what was asked for, and not at all without numbers', () => {
    const numbers = { probability: 1, entropy: 0 }
    expect(tokenStyle('none', numbers)).toBe('')
    expect(tokenStyle('probability', null)).toBe('')
    expect(tokenStyle('probability', numbers)).toBe('background: rgb(253 231 37); color: #000')
    expect(tokenStyle('entropy', numbers)).toBe('background: rgb(68 1 84); color: #fff')
    expect(tokenStyle('entropy', { probability: 0, entropy: 40 })).toBe(
      'background: rgb(253 231 37); color: #000',
    )
  })
})
