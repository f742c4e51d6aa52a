import { describe, expect, it } from 'vitest'
import { tokenStyle } from './tokenColour.ts'

describe('colour of a token', () => {
  it('colours by what was asked for, and not at all without numbers', () => {
    const numbers = { probability: 1, entropy: 0 }
    expect(tokenStyle('none', numbers)).toBe('')
    expect(tokenStyle('probability', null)).toBe('')
    expect(tokenStyle('probability', numbers)).toBe('background: rgb(253 231 37); color: #000')
    expect(tokenStyle('entropy', numbers)).toBe('background: rgb(68 1 84); color: #fff')
    expect(tokenStyle('probe', numbers)).toBe('')
    expect(tokenStyle('probe', { probe: 0 })).toBe('background: rgb(68 1 84); color: #fff')
    expect(tokenStyle('entropy', { probability: 0, entropy: 40 })).toBe(
      'background: rgb(253 231 37); color: #000',
    )
  })
})
