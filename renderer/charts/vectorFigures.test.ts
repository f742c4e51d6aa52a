import { describe, expect, it } from 'vitest'
import { expectGolden } from '../testing/golden.ts'
import { paperTheme } from './theme.ts'
import { cosineFigure, pathFigure } from './vectorGeometryFigures.ts'
import {
  normFigure,
  separationFigure,
  stabilityFigure,
  type StabilityCurve,
  type VectorPlace,
} from './vectorFigures.ts'

const golden = (name: string) => new URL(`./golden/${name}.json`, import.meta.url)
const place = (label: string, change: Partial<VectorPlace> = {}): VectorPlace => ({
  ...{ label, away: 30, towards: 20, norm: 100, normFraction: 0.25, dPrime: 2.4, heldOutDPrime: 2 },
  shuffled: { mean: 40, deviation: 5, p: 0.005 },
  refusal: null,
  ...change,
})
const none = { norm: null, normFraction: null, dPrime: null, heldOutDPrime: null, shuffled: null }
const places = [
  place('0', { ...none, refusal: 'All prompts are the same.' }),
  place('1'),
  place('2', { norm: 60, shuffled: { mean: 55, deviation: 8, p: 0.3 }, heldOutDPrime: -0.1 }),
]
const curve: StabilityCurve = {
  ...{ of: 'step 2', episodes: 40, reliability: 0.9, episodesNeeded: 30 },
  ...{ episodesNeededLow: 12, episodesNeededHigh: null },
  points: [
    { episodes: 5, cosine: 0.6, low: 0.1, high: 0.8 },
    { episodes: 20, cosine: 0.86, low: 0.7, high: 0.95 },
  ],
}

describe('the length of a vector', () => {
  it('stands in a band of shuffled labels, with a gap where there is none', () => {
    expectGolden(normFigure(places, 400).option(paperTheme), golden('vectorNorms'))
  })
  it('says how many are longer than chance, and why one is missing', () => {
    const figure = normFigure(places, 400)
    expect(figure.summary).toBe('1 of 2 vectors are longer than those of shuffled labels (p ≤ .05).')
    expect(figure.tooltip(0).lines[0]).toMatchObject({
      label: 'no vector',
      value: 'All prompts are the same.',
    })
    expect(figure.table.rows[0]?.slice(3, 5)).toEqual([null, null])
  })
  it('has no second axis without a residual to measure it by', () => {
    const { yAxis } = normFigure(places, null).option(paperTheme)
    expect((yAxis as { show?: boolean }[])[1]?.show).toBe(false)
    expect(() => normFigure([], null).option(paperTheme)).not.toThrow()
  })
})

describe('the distance of the classes', () => {
  it('tells unseen episodes from the vector’s own rows', () => {
    expectGolden(separationFigure(places).option(paperTheme), golden('vectorSeparation'))
    expect(separationFigure(places).summary).toContain('between -0.1')
  })
})

describe('stability', () => {
  it('is drawn with its band and foretold to what .9 needs', () => {
    expectGolden(stabilityFigure(curve).option(paperTheme), golden('vectorStability'))
    expect(stabilityFigure(curve).caption).toContain('.9 needs about 30 episodes [12, ∞]')
  })
  it('foretells nothing where nothing can be said', () => {
    const figure = stabilityFigure({ ...curve, episodesNeeded: null })
    const series = figure.option(paperTheme).series as { name?: string; data?: unknown[] }[]
    expect(series.find(({ name }) => name === 'foretold')?.data).toEqual([])
    expect(figure.caption).toContain('cannot be said')
  })
  it('survives a vector without any', () => {
    expect(stabilityFigure(null).summary).toBe('There are too few episodes to split.')
    expect(stabilityFigure(null).rowAt?.(3, 0)).toBe(-1)
  })
  it('finds the point that is nearest', () => {
    expect(stabilityFigure(curve).rowAt?.(6, 0)).toBe(0)
    expect(stabilityFigure(curve).rowAt?.(18, 0)).toBe(1)
  })
})

describe('vectors among each other', () => {
  const cosines = [
    [1, 0.4, null],
    [0.4, 1, null],
    [null, null, null],
  ]
  it('are a map of cosines with white at 0, empty where one is refused', () => {
    const figure = cosineFigure(['1', '2', '0'], cosines)
    expectGolden(figure.option(paperTheme), golden('vectorCosines'))
    expect(figure.summary).toContain('mean cosine of 0.4')
    expect(figure.tooltip(figure.rowAt!(2, 0)).lines[0]?.value).toBe('no vector')
  })
  it('are a path through the plane of their own components', () => {
    const figure = pathFigure(['0', '1', '2'], [null, { x: 1, y: 2 }, { x: 3, y: -1 }], [0.5, 0.25])
    expectGolden(figure.option(paperTheme), golden('vectorPath'))
    expect(figure.summary).toContain('75.0 %')
    expect(figure.table.rows).toHaveLength(2)
  })
})
