import { describe, expect, it } from 'vitest'
import { expectGolden } from '../testing/golden.ts'
import {
  differencesFigure,
  rateCurvesFigure,
  type ComparedDifference,
  type RateCurve,
} from './comparisonFigures.ts'
import { paperTheme } from './theme.ts'

const golden = (name: string) => new URL(`./golden/${name}.json`, import.meta.url)
const row = (name: string, change: Partial<ComparedDifference> = {}): ComparedDifference => ({
  name,
  difference: { value: -11.2, low: -18, high: -5.1 },
  isPaired: true,
  n: 40,
  isFocused: false,
  ...change,
})
const words = { what: 'invalid rate', unit: 'points', base: 'baseline' }

describe('differences of compared runs', () => {
  const rows = [
    row('α = 4', { isFocused: true }),
    row('another seed', { isPaired: false, n: 30, difference: { value: 2, low: -3.5, high: 7 } }),
    row('nothing played', { n: 0, difference: { value: null, low: null, high: null } }),
  ]
  it('draws dots with intervals around 0, those of unpaired runs hollow', () => {
    expectGolden(differencesFigure(rows, words).option(paperTheme), golden('comparedDifferences'))
  })
  it('says how many are unpaired, what n is, and how many intervals leave 0 out', () => {
    const figure = differencesFigure(rows, words)
    expect(figure.caption).toContain('1 run unpaired')
    expect(figure.caption).toContain('n = 0 … 40 episodes')
    expect(figure.summary).toBe('Of 3 runs 1 differ from “baseline” with an interval that leaves 0 out.')
    expect(figure.tooltip(1).lines[0]?.value).toBe('+2 [−3.5, +7]')
    expect(figure.tooltip(2).lines[0]?.value).toBe('–')
  })
  it('keeps 0 and every interval inside its axis', () => {
    const axis = differencesFigure([row('a')], words).option(paperTheme).xAxis as { min: number; max: number }
    expect(axis.min).toBeLessThanOrEqual(-18)
    expect(axis.max).toBe(0)
  })
})

describe('curves of compared runs', () => {
  const curve = (role: RateCurve['role'], name: string, value: number): RateCurve => ({
    name,
    role,
    rates: [
      { value, low: value - 0.1, high: value + 0.1 },
      { value: null, low: null, high: null },
      { value: value / 2, low: value / 2 - 0.1, high: value / 2 + 0.1 },
    ],
    n: [30, 0, 28],
  })
  const curves = [curve('base', 'baseline', 0.8), curve('other', 'α = 1', 0.7), curve('focus', 'α = 4', 0.4)]
  it('draws first and chosen run with their bands above all others', () => {
    expectGolden(rateCurvesFigure(curves).option(paperTheme), golden('comparedRates'))
  })
  it('keeps the numbers of every run behind it, a step that nobody played as empty', () => {
    const { table, caption, tooltip } = rateCurvesFigure(curves)
    expect(table.columns).toHaveLength(1 + 3 * 4)
    expect(table.rows[1]).toEqual([1, null, null, null, 0, null, null, null, 0, null, null, null, 0])
    expect(caption).toContain('1 further run')
    expect(tooltip(1).lines.map(({ value }) => value)).toEqual(['– of 0', '– of 0'])
  })
  it('has a summary before anything was read', () => {
    expect(rateCurvesFigure([]).table.rows).toEqual([])
  })
})
