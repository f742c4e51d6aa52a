import { describe, expect, it } from 'vitest'
import { select } from './selection.ts'

const letters = [...'abcdefghijklmnopqrstuvwxyz']

describe('a selection', () => {
  it('takes everything, in order, when it is empty', () => {
    expect(select(letters, '')).toEqual(letters)
    expect(select(letters, '  ')).toEqual(letters)
  })

  it('takes one task by its index, counted from 0 or from the end', () => {
    expect(select(letters, ':5')).toEqual(['f'])
    expect(select(letters, ':-1')).toEqual(['z'])
  })

  it.each([
    [':0:3', 'abc'],
    [':23:', 'xyz'],
    ['::2', 'ab'],
    [':-2:', 'yz'],
    [':1:-23', 'bc'],
    ['::', letters.join('')],
    [':24:99', 'yz'],
  ])('reads %s as Python reads the slice', (selection, expected) => {
    expect(select(letters, selection).join('')).toBe(expected)
  })

  it('splits into shards that hold every task exactly once and differ by at most one', () => {
    for (const parts of [1, 2, 3, 4, 7, 8, 26]) {
      const shards = Array.from({ length: parts }, (_, part) => select(letters, `@${part}/${parts}`))
      expect(shards.flat()).toEqual(letters)
      const sizes = shards.map((shard) => shard.length)
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
    }
  })

  it('puts a boundary that falls on a half where Python puts it', () => {
    // round(0.5) = 0, round(1.5) = 2, round(2.5) = 2 in Python
    expect(select(['a', 'b', 'c', 'd', 'e'], '@1/2')).toEqual(['c', 'd', 'e'])
    expect(select(['a', 'b', 'c'], '@0/2')).toEqual(['a', 'b'])
  })

  it.each([':99', ':-27', ':3:3', ':9:2', '@0/99'])(
    'names the tasks at hand when %s selects none',
    (selection) => {
      expect(() => select(letters, selection)).toThrow(expect.objectContaining({ code: 'selection_empty' }))
      expect(() => select(letters, selection)).toThrow('26')
    },
  )

  it.each(['5', ':', ':a', ':1:2:3', '@', '@1', '@8/8', '@1/0', '@-1/3', ':1.5', '@1/2:3'])(
    'refuses %s',
    (selection) => {
      expect(() => select(letters, selection)).toThrow(expect.objectContaining({ code: 'selection_invalid' }))
    },
  )

  it('is empty, not invalid, over an empty list', () => {
    expect(() => select([], '')).toThrow(expect.objectContaining({ code: 'selection_empty' }))
  })
})
