import { describe, expect, it } from 'vitest'
import { contentStems, stem } from './wordStems.ts'

describe('stems', () => {
  it.each([
    ['animals', 'animal'],
    ['berries', 'berry'],
    ['glasses', 'glass'],
    ['cutting', 'cut'],
    ['bigger', 'large'],
    ['wooden', 'wood'],
    ['played', 'playing'],
    ['dishes', 'dish'],
  ])('are the same for %s and %s', (one, other) => {
    expect(stem(one)).toBe(stem(other))
  })

  it('are different for big and small, hot and hat', () => {
    expect(stem('bigger')).not.toBe(stem('smaller'))
    expect(stem('hot')).not.toBe(stem('hat'))
  })

  it('leave out words without content', () => {
    expect(contentStems('can you eat it')).toEqual(['eat'])
    expect(contentStems('can you use it')).toEqual([])
  })
})
