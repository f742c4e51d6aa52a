import { describe, expect, it } from 'vitest'
import { expectGolden } from '../testing/golden.ts'
import { binsOf, contendersFigure, middleOf, permutationFigure, type Contender } from './rivalFigures.ts'
import { paperTheme } from './theme.ts'

const golden = (name: string) => new URL(`./golden/${name}.json`, import.meta.url)
const none = { value: null, low: null, high: null }
const contender = (title: string, change: Partial<Contender> = {}): Contender => ({
  title,
  kind: 'rival',
  auroc: { value: 0.74, low: 0.7, high: 0.78 },
  accuracy: { value: 0.7, low: 0.66, high: 0.74 },
  advantage: { value: 0.11, low: 0.05, high: 0.17 },
  isAvailable: true,
  missing: null,
  ...change,
})
const rows: Contender[] = [
  contender('Probe', { kind: 'probe', auroc: { value: 0.85, low: 0.81, high: 0.88 }, advantage: null }),
  contender('Previous labels'),
  contender('Random weights', { auroc: none, accuracy: none, advantage: none, missing: 'None were stored.' }),
  contender('Question mark', { isAvailable: false, auroc: { value: 0.91, low: 0.89, high: 0.93 } }),
  contender('Random features', {
    kind: 'control',
    auroc: { value: 0.5, low: 0.44, high: 0.56 },
    advantage: null,
  }),
]
const permuted = { auroc: Array.from({ length: 40 }, (_, i) => 0.45 + i * 0.0025), p: 1 / 41 }

describe('a probe beside its rivals', () => {
  it('draws dots with intervals, chance, and the band of permuted labels', () => {
    expectGolden(contendersFigure(rows, permuted, 974).option(paperTheme), golden('contenders'))
  })
  it('says which of them come too late, and that one could not be judged', () => {
    const figure = contendersFigure(rows, permuted, 974)
    const names = JSON.stringify(figure.option(paperTheme).yAxis)
    expect(names).toContain('Question mark (later)')
    expect(names).toContain('not judged')
    expect(figure.caption).toContain('after the probe’s moment')
    expect(figure.tooltip(2).lines[0]).toMatchObject({ label: 'not judged', value: 'None were stored.' })
  })
  it('names the best rival that was known at the same moment, not the best of all', () => {
    expect(contendersFigure(rows, null, 974).summary).toContain('Previous labels, 0.740 [0.700, 0.780]')
  })
  it('promises no band where too few permutations were drawn', () => {
    const few = { auroc: permuted.auroc.slice(0, 10), p: null }
    expect(contendersFigure(rows, few, 974).caption).not.toContain('Grey band')
    expect(middleOf(few.auroc)).toBeNull()
    expect(middleOf(permuted.auroc)).toEqual({
      low: expect.closeTo(0.4524, 3),
      high: expect.closeTo(0.5451, 3),
    })
  })
  it('keeps every row’s numbers in the table', () => {
    const { table } = contendersFigure(rows, permuted, 974)
    expect(table.rows).toHaveLength(5)
    expect(table.rows[2]).toEqual([
      ...['Random weights', 'rival', 'yes', null, null, null],
      ...[null, null, null, null, 'None were stored.'],
    ])
  })
})

describe('permuted labels', () => {
  it('draws their histogram and where the probe stands', () => {
    expectGolden(permutationFigure(permuted, 0.851).option(paperTheme), golden('permutations'))
  })
  it('counts every value once, whatever the bins', () => {
    const { edges, counts } = binsOf(permuted.auroc, 0.9)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40)
    expect(edges).toHaveLength(counts.length + 1)
    expect(edges.at(-1)).toBeGreaterThanOrEqual(0.9)
  })
  it('puts equal values into one bin and survives having none', () => {
    expect(binsOf([0.5, 0.5], 0.5).counts.filter((count) => count > 0)).toEqual([2])
    expect(binsOf([], 0.7)).toEqual({ edges: [], counts: [] })
    expect(() => permutationFigure({ auroc: [], p: null }, null).option(paperTheme)).not.toThrow()
  })
})
