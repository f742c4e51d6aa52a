import { describe, expect, it } from 'vitest'
import {
  positionKindOf,
  positionKinds,
  positionsOf,
  readList,
  readPositions,
  readTokens,
  readValues,
  writeList,
  writePositions,
  writeTokens,
  writeValues,
} from './itemFields.ts'

describe('what is typed into a field', () => {
  it('becomes whole numbers where it can, and stays as it is where not', () => {
    expect(readList('0-2, 8')).toEqual([0, 1, 2, 8])
    expect(readList(' ')).toBeUndefined()
    expect(readList('eight')).toBe('eight')
    expect([writeList([0, 1, 2, 8]), writeList(undefined), writeList('x'), writeList([-1])]).toEqual([
      '0-2,8',
      '',
      'x',
      '[-1]',
    ])
  })

  it('becomes the numbers of a vector, however they were copied', () => {
    expect(readValues('[0.5, -1e-3\n2]')).toEqual([0.5, -1e-3, 2])
    expect(readValues('')).toEqual([])
    expect(readValues('0.5, x')).toBe('0.5, x')
    expect(writeValues([0.5, 2])).toBe('0.5, 2')
  })

  it('becomes one position or several, from either end', () => {
    expect([readPositions('5'), readPositions('0, -1'), readPositions('last')]).toEqual([5, [0, -1], 'last'])
    expect([writePositions(5), writePositions([0, -1])]).toEqual(['5', '0, -1'])
  })

  it('becomes a text, or ids after a #', () => {
    expect([readTokens(' cat'), readTokens('#9246, 42'), readTokens('#')]).toEqual([' cat', [9246, 42], '#'])
    expect([writeTokens(' cat'), writeTokens([9246, 42])]).toEqual([' cat', '#9246,42'])
  })
})

it('every kind of positions is told from what it begins with', () => {
  for (const { value } of positionKinds) expect(positionKindOf(positionsOf(value))).toBe(value)
  expect(positionKindOf(undefined)).toBe('lastPrompt')
})
