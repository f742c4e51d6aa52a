import { describe, expect, it } from 'vitest'
import { expectGolden } from '../testing/golden.ts'
import {
  invalidRateFigure,
  labelShifts,
  outcomeAt,
  outcomesFigure,
  tokensFigure,
  type StepCounts,
} from './runFigures.ts'
import { paperTheme } from './theme.ts'

const counts: StepCounts = {
  step: [0, 1, 2],
  n: [30, 30, 28],
  invalid: [9, 21, 28],
  // Wilson 95 % of 9/30, 21/30 and 28/28.
  invalidLow: [0.166647, 0.521242, 0.879357],
  invalidHigh: [0.478758, 0.833353, 1],
  meanPromptTokens: [117, 171.5, 230.2],
  meanNewTokens: [41.2, 39.9, 42],
  meanReusedTokens: [0, 110, 166],
}
const none: StepCounts = {
  step: [],
  n: [],
  invalid: [],
  invalidLow: [],
  invalidHigh: [],
  meanPromptTokens: [],
  meanNewTokens: [],
  meanReusedTokens: [],
}
const golden = (name: string) => new URL(`./golden/${name}.json`, import.meta.url)

describe('figures of a run', () => {
  it('draws the invalid rate with its interval band', () => {
    expectGolden(invalidRateFigure(counts).option(paperTheme), golden('invalidRate'))
  })

  it('draws tokens as reused, computed and generated', () => {
    expectGolden(tokensFigure(counts, 1).option(paperTheme), golden('tokens'))
  })

  it('draws the outcomes with their counts', () => {
    expectGolden(outcomesFigure({ win: 3, limit: 25, running: 2 }).option(paperTheme), golden('outcomes'))
  })

  it('says n in every caption, and that steps differ in n where they do', () => {
    expect(invalidRateFigure(counts).caption).toContain('n ≤ 30 a step, 88 answers in all')
    expect(invalidRateFigure({ ...counts, n: [30, 30, 30] }).caption).toContain('n = 30 a step')
    expect(tokensFigure(counts).caption).toContain('n = 88 steps')
    expect(outcomesFigure({ win: 1, limit: 0, running: 0 }).caption).toBe('n = 1 episode.')
  })

  it('promises a band only where there is one, and gives the interval of a single step in figures', () => {
    const one = { ...counts, n: [30, 0, 0], invalid: [9, 0, 0] }
    expect(invalidRateFigure(counts).caption).toContain('band: 95 % Wilson interval')
    expect(invalidRateFigure(one).caption).not.toContain('band')
    expect(invalidRateFigure(one).caption).toContain('95 % Wilson interval [16.7, 47.9] %')
    expect(invalidRateFigure(none).caption).not.toContain('Wilson')
  })

  it('leaves the total to the run’s header while steps arrive', () => {
    expect(invalidRateFigure(counts, null, true).caption).toMatch(/n ≤ 30 a step\.$/)
    expect(tokensFigure(counts, null, true).caption).not.toContain('n =')
  })

  it('tells in words what the picture shows', () => {
    expect(invalidRateFigure(counts).summary).toBe(
      '65.9 % of 88 answers were invalid. Lowest at step 0 (30.0 %), highest at step 2 (100 %).',
    )
    expect(invalidRateFigure(none).summary).toBe('No step was answered yet.')
    expect(outcomesFigure({ win: 0, limit: 0, running: 4 }).summary).toBe('No episode has ended yet.')
  })

  it('keeps the labels of thin layers apart', () => {
    expect(labelShifts([100, 100, 100])).toEqual([0, 0, 0])
    const [low, middle, high] = labelShifts([1000, 10, 40])
    expect([low, high]).toEqual([0, 0])
    expect(middle).toBeGreaterThan(5)
    expect(labelShifts([0, 0, 0])).toEqual([26, 13, 0])
  })

  it('leaves a gap at a step that nobody answered, instead of drawing 0', () => {
    const gap = invalidRateFigure({ ...counts, n: [30, 0, 28], invalid: [9, 0, 28] })
    const series = gap.option(paperTheme).series as { data: unknown[] }[]
    expect(series[2]?.data).toEqual([30, null, 100])
    expect(gap.table.rows[1]?.[3]).toBeNull()
    expect(gap.tooltip(1).lines[0]?.value).toBe('–')
  })

  it('marks the chosen step by its number, not by its place', () => {
    const shifted = { ...counts, step: [5, 6, 7] }
    const series = invalidRateFigure(shifted, 6).option(paperTheme).series as Record<string, unknown>[]
    expect(series[2]?.['markLine']).toMatchObject({ data: [{ xAxis: 1 }] })
    const other = invalidRateFigure(shifted, 99).option(paperTheme).series as Record<string, unknown>[]
    expect(other[2]).not.toHaveProperty('markLine')
  })

  it('offers a zoom only on a long axis', () => {
    const steps = Array.from({ length: 80 }, (_, i) => i)
    const long = { ...counts, step: steps, n: steps.map(() => 3), invalid: steps.map(() => 1) }
    expect(invalidRateFigure(long).option(paperTheme).dataZoom).toHaveLength(2)
    expect(invalidRateFigure(counts).option(paperTheme).dataZoom).toHaveLength(0)
  })

  it('survives a run without any step', () => {
    for (const figure of [invalidRateFigure(none), tokensFigure(none)]) {
      expect(figure.table.rows).toEqual([])
      expect(() => figure.option(paperTheme)).not.toThrow()
      expect(() => figure.tooltip(0)).not.toThrow()
    }
  })

  it('names the outcome under a bar', () => {
    expect([0, 1, 2, 3].map(outcomeAt)).toEqual(['win', 'limit', 'running', null])
  })
})
