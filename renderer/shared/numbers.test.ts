import { describe, expect, it } from 'vitest'
import { count, duration, percent, percentInterval, significant } from './numbers.ts'

describe('numbers as the window writes them', () => {
  it('keeps three significant digits', () => {
    expect([0.123456, 1.5, 12.345, 678.9, 0.00123, 999.6].map((x) => significant(x))).toEqual([
      '0.123',
      '1.50',
      '12.3',
      '679',
      '0.00123',
      '1000',
    ])
  })

  it('groups counts and never rounds them', () => {
    expect(count(12345)).toBe('12\u202f345')
    expect(count(999)).toBe('999')
    expect(significant(1_234_567)).toBe('1\u202f234\u202f567')
  })

  it('writes a real minus', () => {
    expect(significant(-0.5)).toBe('−0.500')
    expect(significant(-1e-7)).toBe('−1.00e−7')
  })

  it('shows what is undefined as a dash, never as 0', () => {
    for (const value of [null, undefined, NaN, Infinity, -Infinity]) {
      expect(significant(value)).toBe('–')
      expect(percent(value)).toBe('–')
      expect(duration(value)).toBe('–')
    }
  })

  it('does not round a share to 0 or to all', () => {
    expect([0, 0.0004, 0.665, 0.9996, 1].map(percent)).toEqual([
      '0 %',
      '< 0.1 %',
      '66.5 %',
      '> 99.9 %',
      '100 %',
    ])
    expect(percentInterval(0.6123, 0.7149)).toBe('[61.2, 71.5] %')
  })

  it('picks the unit of a duration', () => {
    expect([0, 8.04, 999.7, 12_345, 245_000, 7_620_000].map(duration)).toEqual([
      '0 ms',
      '8.04 ms',
      '1.00 s',
      '12.3 s',
      '4 min 05 s',
      '2 h 07 min',
    ])
  })
})
