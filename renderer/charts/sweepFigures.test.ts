import { describe, expect, it } from 'vitest'
import { expectGolden } from '../testing/golden.ts'
import { blueOf, doseFigure, type DosePlot, type DosePoint } from './doseFigure.ts'
import { ratesFigure, sideEffectFigure, type SideEffectRow } from './sweepFigures.ts'
import { paperTheme } from './theme.ts'

const golden = (name: string) => new URL(`./golden/${name}.json`, import.meta.url)
const point = (role: DosePoint['role'], alpha: number, rate: number, half = 0.05): DosePoint => ({
  ...{ title: `α = ${alpha}, ${role}`, role, alpha, rate, low: rate - half, high: rate + half, pairs: 20 },
})
const plot: DosePlot = {
  ...{ metric: 'invalid rate', baseline: 0.69, prompt: 0.5, isNormUnit: false },
  points: [
    point('steered', 1, 0.66),
    point('steered', 4, 0.4),
    point('negated', -4, 0.8),
    point('shuffled', 4, 0.68),
    point('random', 4, 0.7),
    point('random', 4, 0.66),
  ],
}

describe('dose and response', () => {
  it('draws the curve in its band, random directions as a fan, baseline and words as lines', () => {
    expectGolden(doseFigure(plot).option(paperTheme), golden('doseResponse'))
  })
  it('keeps every condition in its table, random directions too', () => {
    const { table, caption, summary } = doseFigure(plot)
    expect(table.rows.map(([, role]) => role)).toEqual([
      'negated',
      'steered',
      'steered',
      'shuffled',
      'random',
      'random',
    ])
    expect(caption).toContain('n = 20 pairs')
    expect(summary).toContain('The baseline’s invalid rate is 69.0 %.')
  })
  it('finds the condition at a place, and none far from all', () => {
    const figure = doseFigure(plot)
    expect(figure.table.rows[figure.rowAt!(4, 40)]?.[0]).toBe('α = 4, steered')
    expect(figure.rowAt!(2.5, 5)).toBe(-1)
  })
  it('promises no random directions and no words where there were none', () => {
    const bare = { ...plot, prompt: null, points: plot.points.slice(0, 2) }
    expect(doseFigure(bare).caption).not.toMatch(/random|words/)
    expect(() => doseFigure({ ...bare, baseline: null, points: [] }).option(paperTheme)).not.toThrow()
  })
  it('leaves out what has no rate', () => {
    const broken = { ...plot, points: [{ ...point('steered', 1, 0.5), rate: null }] }
    expect(doseFigure(broken).table.rows).toEqual([])
  })
  it('darkens with the dose, whatever its sign', () => {
    expect([0.5, 1, 2, 4].map((alpha) => blueOf(alpha, [0.5, 1, 2, 4]))).toEqual([
      ...['steered1', 'steered2', 'steered3', 'steered4'],
    ])
    expect(blueOf(-4, [1, 4])).toBe('steered4')
    expect(blueOf(3, [3])).toBe('steered4')
  })
})

describe('rates while a sweep is played', () => {
  const row = (title: string, change: object = {}) => ({
    ...{ title, isBaseline: false, alpha: 4, isSteered: true, hits: 30, steps: 100, done: 0.5 },
    ...change,
  })
  const rows = [
    row('baseline', { isBaseline: true, isSteered: false, alpha: null, hits: 69 }),
    row('α = 4'),
    row('α = 4, random 1', { isSteered: false, hits: 0, steps: 0 }),
  ]
  it('are dots beside the baseline’s, without intervals that would be too narrow', () => {
    const figure = ratesFigure(rows, 'invalid rate')
    expectGolden(figure.option(paperTheme), golden('ratesSoFar'))
    expect(figure.caption).toContain('without intervals')
    expect(figure.summary).toBe('The baseline stands at 69.0 %.')
  })
  it('are unknown before the first step', () => {
    expect(ratesFigure(rows, 'invalid rate').table.rows[2]?.[3]).toBeNull()
    expect(() => ratesFigure([], 'win rate').option(paperTheme)).not.toThrow()
  })
})

describe('side effects', () => {
  const row = (title: string, change: Partial<SideEffectRow> = {}): SideEffectRow => ({
    ...{ title, baseline: 0.5, steered: 0.45, effect: { value: -0.05, low: -0.1, high: 0 } },
    ...{ isRatio: false, tolerance: 0.05, harm: 'down', colour: 'amber' },
    ...change,
  })
  const rows = [
    row('win rate'),
    row('perplexity', {
      isRatio: true,
      tolerance: 0.25,
      effect: { value: 1.25, low: 1, high: 9 },
      colour: 'red',
    }),
    row('KL', { effect: { value: null, low: null, high: null }, colour: 'grey' }),
  ]
  const placesOf = (figure: ReturnType<typeof sideEffectFigure>) => {
    const series = figure.option(paperTheme).series as { name?: string; data?: { value: unknown[] }[] }[]
    return series.find(({ name }) => name === 'change')?.data?.map(({ value }) => value[0])
  }
  it('are drawn in units of what is held to be no change, ratios on their logarithm', () => {
    const figure = sideEffectFigure(rows, 'α = 4', 20)
    expectGolden(figure.option(paperTheme), golden('sideEffects'))
    expect(placesOf(figure)).toEqual([-1, 1, '-'])
    expect(figure.summary).toBe('1 of 3 side effects are harm.')
  })
  it('stand at the edge where they are far beyond it, with their figure beside them', () => {
    const far = sideEffectFigure([row('win rate', { effect: { value: -5, low: -6, high: -4 } })], 'α = 4', 20)
    expect(placesOf(far)).toEqual([-4])
    expect(JSON.stringify(far.option(paperTheme).yAxis)).toContain('−5')
  })
  it('say where one was not measured', () => {
    expect(JSON.stringify(sideEffectFigure(rows, 'α = 4', 20).option(paperTheme).yAxis)).toContain(
      'not measured',
    )
  })
})
