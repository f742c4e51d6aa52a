import { describe, expect, it } from 'vitest'
import { emptyPair, filledPairs, isManyCells, pasted } from './promptPairs.ts'

describe('what is pasted into the table of pairs', () => {
  it('fills two columns where lines have tabs, wherever it was pasted', () => {
    expect(pasted([emptyPair()], 'yes\tno\r\nup\tdown\r\n', { row: 0, side: 'negative' })).toEqual([
      { positive: 'yes', negative: 'no' },
      { positive: 'up', negative: 'down' },
    ])
  })
  it('goes down one column where lines have none, and keeps the other', () => {
    const before = [
      { positive: 'a', negative: '' },
      { positive: 'b', negative: 'kept' },
    ]
    expect(pasted(before, 'x\ny\nz', { row: 0, side: 'positive' })).toEqual([
      { positive: 'x', negative: '' },
      { positive: 'y', negative: 'kept' },
      { positive: 'z', negative: '' },
    ])
    expect(before[0]?.positive).toBe('a')
  })
  it('drops what lies right of the second column', () => {
    expect(pasted([], 'a\tb\tc\td', { row: 0, side: 'positive' })).toEqual([{ positive: 'a', negative: 'b' }])
  })
  it('is one cell only where it has neither a tab nor a second line', () => {
    expect([isManyCells('one line\n'), isManyCells('a\tb'), isManyCells('a\nb')]).toEqual([false, true, true])
  })
})

it('empty rows are left out, and rows that lack a side are counted', () => {
  const found = filledPairs([
    emptyPair(),
    { positive: ' a ', negative: 'b' },
    { positive: '', negative: 'c' },
  ])
  expect(found).toEqual({
    pairs: [
      { positive: 'a', negative: 'b' },
      { positive: '', negative: 'c' },
    ],
    halves: 1,
  })
})
