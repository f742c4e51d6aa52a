import { describe, expect, it } from 'vitest'
import { sweepTables } from '../../main/contract/sweepTables.ts'
import { sweepRecord } from '../../main/contract/sweeps.ts'
import { inventSweep, inventTables } from '../testing/inventedSteering.ts'
import { conditionsOf, dosesOf, ratesOf, sideEffectRows } from './verdictFigures.ts'
import { cellsOf, points, pointsWithInterval, shortVerdict } from './sweepText.ts'

const { record } = inventSweep(
  's',
  { alphas: [1, 4], controls: { random: 3, shuffled: true, negated: true, prompt: 'Ask.' } },
  { slope: -0.06, harm: 0.1, half: 0.08 },
)
const verdict = record.verdict!
const cell = cellsOf(verdict)[0]!

describe('a verdict as figures', () => {
  it('is one that the contract would take, tables too', () => {
    expect(sweepRecord.safeParse(record).error).toBeUndefined()
    expect(sweepTables.safeParse(inventTables(record)).error).toBeUndefined()
  })
  it('lays the interval of the difference around the condition’s own rate, within 0 and 1', () => {
    const plot = dosesOf(verdict, cell, 'vector')
    const strongest = plot.points.find(({ title }) => title === 'α = 4')!
    const { rate, effect } = verdict.conditions.find(({ title }) => title === 'α = 4')!
    expect(strongest.high! - rate!).toBeCloseTo(effect.high! - effect.value!)
    expect(Math.min(...plot.points.map(({ low }) => low ?? 0))).toBeGreaterThanOrEqual(0)
    expect(plot).toMatchObject({ metric: 'invalid rate', baseline: 0.69, isNormUnit: false })
    expect(plot.prompt).toBeCloseTo(0.48, 1)
  })
  it('draws no interval where there is none', () => {
    const bare = verdict.conditions.map((one) => ({
      ...one,
      effect: { ...one.effect, low: null, high: null },
    }))
    const plot = dosesOf({ ...verdict, conditions: bare }, cell, 'valueNorm')
    expect(plot.points.every(({ low, high }) => low === null && high === null)).toBe(true)
    expect(plot.isNormUnit).toBe(true)
  })
  it('lists the conditions of one cell by role and dose, words last', () => {
    const roles = conditionsOf(verdict, cell).map(({ role }) => role)
    expect([...new Set(roles)]).toEqual(['steered', 'negated', 'shuffled', 'random', 'prompt'])
    expect(conditionsOf(verdict, 'another').map(({ role }) => role)).toEqual(['prompt'])
  })
  it('knows which side effects are ratios', () => {
    const rows = sideEffectRows(verdict, verdict.conditions[0]!.sideEffects)
    expect(rows.filter(({ isRatio }) => isRatio).map(({ title }) => title)).toEqual([
      'perplexity under the unsteered model',
    ])
  })
})

describe('rates while a sweep is played', () => {
  it('are of steps for invalid answers and of episodes for wins', () => {
    const rates = ratesOf(record)
    expect(rates?.metric).toBe('invalid rate')
    expect(rates?.rows[0]).toMatchObject({ isBaseline: true, isSteered: false, alpha: null, done: 1 })
    const won = ratesOf({ ...record, settings: { ...record.settings, outcome: { kind: 'won' } } })
    expect(won?.rows[0]?.steps).toBe(record.conditions[0]?.episodesDone)
  })
  it('are not told of what only the engine can count', () => {
    const outcome = { kind: 'text' as const, of: 'completion' as const, contains: '?', ignoreCase: true }
    expect(ratesOf({ ...record, settings: { ...record.settings, outcome } })).toBeNull()
  })
})

describe('figures in words', () => {
  it('have a sign and their interval, and no minus before nothing', () => {
    expect(points(-0.1134)).toBe('−11.3')
    expect(points(0.0001)).toBe('0.0')
    expect(points(null)).toBe('–')
    expect(pointsWithInterval({ value: -0.1, low: -0.2, high: 0.01 })).toBe('−10.0 [−20.0, +1.0]')
    expect(pointsWithInterval({ value: 0.1, low: null, high: null })).toBe('+10.0')
  })
  it('cut the verdict at its first clause for a list', () => {
    expect(shortVerdict(record)).toMatch(/^α = 4 moves the invalid rate by −\d+ points \[.*\)$/)
    expect(shortVerdict({ ...record, overall: null, status: 'running' })).toBe('Playing')
  })
})
