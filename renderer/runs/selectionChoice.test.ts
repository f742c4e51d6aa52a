import { describe, expect, it } from 'vitest'
import { selectionFault } from './selectionChoice.ts'

describe('selectionFault', () => {
  it('takes nothing, one, a range from either end, and a part', () => {
    for (const text of [
      '',
      ' ',
      ':0',
      ':156',
      ':-1',
      ':0:10',
      ':3:',
      '::',
      ':-10:-5',
      ':150:999',
      '@0/8',
      '@7/8',
      ' :5 ',
    ])
      expect(selectionFault(text, 157), text).toBeNull()
  })
  it('names the way to write it where the text is no selection', () => {
    for (const text of ['5', ':', '@2', ':a', '@1/0', '@-1/8', ':1:2:3'])
      expect(selectionFault(text, 157), text).toContain('Use :5')
  })
  it('says that a range is empty, a number is none of them, a part does not exist', () => {
    expect(selectionFault(':10:5', 157)).toBe(':10:5 selects none: there are 157, from 0.')
    expect(selectionFault(':200:', 157)).toContain('selects none')
    expect(selectionFault(':200', 157)).toBe(':200 is none of them: there are 157, from 0.')
    expect(selectionFault(':-158', 157)).toContain('none of them')
    expect(selectionFault('@9/8', 157)).toBe('The parts of 8 are @0/8 to @7/8.')
    expect(selectionFault('@0/9', 2)).toContain('empty')
  })
  it('judges only the form where nobody knows how many there are', () => {
    for (const text of [':200', ':10:', '@0/9']) expect(selectionFault(text, null)).toBeNull()
    expect(selectionFault('five', null)).not.toBeNull()
  })
})
