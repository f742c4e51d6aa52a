import { describe, expect, it } from 'vitest'
import {
  ago,
  bytes,
  difference,
  digits,
  duration,
  percent,
  plural,
  short,
  withInterval,
  probability,
} from './format.ts'

describe('digits', () => {
  it('keeps three significant ones', () => {
    const cases: [number, string][] = [
      [0, '0'],
      [0.012345, '0.0123'],
      [1, '1.00'],
      [-1.005, '-1.00'],
      [12.345, '12.3'],
      [99.96, '100'],
      [12345, '12,300'],
      [0.0000001234, '1.23e-7'],
    ]
    for (const [value, text] of cases) expect(digits(value)).toBe(text)
  })
  it('is a dash for what is undefined or not finite', () => {
    for (const value of [null, NaN, Infinity, -Infinity]) expect(digits(value)).toBe('–')
  })
})

it('percent never rounds into a false all or nothing', () => {
  expect(percent(0)).toBe('0 %')
  expect(percent(1)).toBe('100 %')
  expect(percent(0.7384)).toBe('73.8 %')
  expect(percent(null)).toBe('–')
})

it('bytes climb to the next unit before they need four digits', () => {
  expect(bytes(0)).toBe('0 B')
  expect(bytes(999)).toBe('999 B')
  expect(bytes(1000)).toBe('0.977 KiB')
  expect(bytes(2 ** 30 * 1.5)).toBe('1.50 GiB')
})

it('short names millions and billions', () => {
  expect(short(576)).toBe('576')
  expect(short(134_515_008)).toBe('135 M')
  expect(short(1_235_814_400)).toBe('1.24 B')
  expect(short(999_700)).toBe('1.00 M')
})

it('duration uses two units at most and never shows 60 of the lesser', () => {
  expect(duration(0.4213)).toBe('0.421 s')
  expect(duration(59.6)).toBe('1 min')
  expect(duration(200)).toBe('3 min 20 s')
  expect(duration(3599.9)).toBe('1 h')
  expect(duration(7500)).toBe('2 h 5 min')
  expect(duration(null)).toBe('–')
})

it('ago turns into a date after a day', () => {
  const now = Date.parse('2026-01-10T12:00:00Z')
  expect(ago('2026-01-10T11:59:50Z', now)).toBe('just now')
  expect(ago('2026-01-10T11:55:00Z', now)).toBe('5 min ago')
  expect(ago('2026-01-10T09:00:00Z', now)).toBe('3 h ago')
  expect(ago('2026-01-01T09:00:00Z', now)).toBe('2026-01-01')
  expect(ago('no date', now)).toBe('–')
})

it('plural agrees with its number', () => {
  expect(plural(1, 'episode')).toBe('1 episode')
  expect(plural(0, 'episode')).toBe('0 episodes')
  expect(plural(1200, 'query', 'queries')).toBe('1,200 queries')
})

describe('an estimate', () => {
  it('stands with its interval, or alone where it has none', () => {
    expect(withInterval({ value: 0.8123, low: 0.774, high: 0.8512 })).toBe('0.812 [0.774, 0.851]')
    expect(withInterval({ value: 0.5, low: null, high: null })).toBe('0.500')
    expect(withInterval({ value: null, low: null, high: null })).toBe('–')
  })
  it('carries its sign where it is a difference', () => {
    expect(difference(0.04)).toBe('+0.040')
    expect(difference(-0.0121)).toBe('−0.012')
    expect(difference(null)).toBe('–')
  })
  it('has no sign where it rounds to nothing', () => {
    expect([difference(0), difference(-0.0004)]).toEqual(['0.000', '0.000'])
  })
})

it('a p is told to three places and never as 0', () => {
  expect([0.0000004, 0.00498, 0.0421, 0.9999, null].map(probability)).toEqual([
    '< .001',
    '.005',
    '.042',
    '1',
    '–',
  ])
})
