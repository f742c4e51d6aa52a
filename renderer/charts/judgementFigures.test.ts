import { describe, expect, it } from 'vitest'
import { expectGolden } from '../testing/golden.ts'
import {
  calibrationFigure,
  rocFigure,
  spectrumFigure,
  weightsFor,
  type ClassWeights,
} from './judgementFigures.ts'
import { paperTheme } from './theme.ts'

const golden = (name: string) => new URL(`./golden/${name}.json`, import.meta.url)
const auroc = { value: 0.8, low: 0.75, high: 0.84 }
const none = { value: null, low: null, high: null }
const points = [
  { x: 0, y: 0 },
  { x: 0.05, y: 0.4 },
  { x: 0.5, y: 0.9 },
  { x: 1, y: 1 },
]

describe('ROC', () => {
  it('draws the curve, chance, and what is caught at 1 % and 5 %', () => {
    const caught = { at1: { value: 0.1, low: 0.04, high: 0.2 }, at5: { value: 0.4, low: 0.3, high: 0.5 } }
    expectGolden(rocFigure(points, auroc, caught, 200).option(paperTheme), golden('roc'))
  })
  it('draws no mark for a share that is undefined', () => {
    const figure = rocFigure(points, auroc, { at1: none, at5: none }, 200)
    const series = figure.option(paperTheme).series as { name: string; data: unknown[] }[]
    expect(series.find(({ name }) => name === 'caught')?.data).toEqual([])
    expect(figure.summary).toContain('At 1 % false alarms – of class 1')
  })
})

describe('calibration', () => {
  const bins = [
    { predicted: 0.1, observed: 0.2, low: 0.1, high: 0.35, n: 40 },
    { predicted: 0.9, observed: 0.8, low: 0.72, high: 0.86, n: 160 },
  ]
  it('draws bins with Wilson intervals, their area by n', () => {
    expectGolden(calibrationFigure(bins, auroc).option(paperTheme), golden('calibration'))
  })
  it('gives n in all and the Brier score', () => {
    expect(calibrationFigure(bins, auroc).caption).toContain(
      'Brier score 0.800 [0.750, 0.840]; n = 200 samples',
    )
  })
})

describe('coefficient spectrum', () => {
  const rowsOf = (...weights: number[][]): ClassWeights[] =>
    weights.map((row, i) => ({
      name: ['red', 'green', 'blue'][i]!,
      weights: row,
      colour: (['baseline', 'accent', 'win'] as const)[i]!,
    }))
  it('sorts weights by size and keeps their signs and places in the table', () => {
    const { table } = spectrumFigure(rowsOf([0.1, -0.5, 0.2]))
    expect(table.rows).toEqual([
      ['red', 0, 1, -0.5],
      ['red', 1, 2, 0.2],
      ['red', 2, 0, 0.1],
    ])
  })
  it('says how many weights hold half of the squared norm', () => {
    expect(weightsFor(0.5, [3, 1, 1, 1])).toBe(1)
    expect(weightsFor(0.5, [1, 1, 1, 1])).toBe(2)
    expect(weightsFor(0.5, [])).toBe(0)
    expect(spectrumFigure(rowsOf([3, 1])).caption).toContain('1 of 2 weights')
  })
  it('draws every class of several, each by its own order, named on its line', () => {
    const figure = spectrumFigure(rowsOf([3, 1, 0, 0], [1, -1, 1, 1], [0, 0, 0, -2]))
    expectGolden(figure.option(paperTheme), golden('spectrumOfClasses'))
    expect(figure.caption).toContain('red 1 (‖w‖ = 3.16), green 2 (‖w‖ = 2.00), blue 1 (‖w‖ = 2.00)')
    expect(figure.tooltip(0).lines).toMatchObject([
      { label: 'red, feature 0', value: '3.000' },
      { label: 'green, feature 0', value: '1.000' },
      { label: 'blue, feature 3', value: '-2.000' },
    ])
    expect(figure.table.rows).toHaveLength(12)
  })
  it('survives a probe without a direction', () => {
    expect(() => spectrumFigure([]).option(paperTheme)).not.toThrow()
    expect(spectrumFigure([]).table.rows).toEqual([])
  })
})
