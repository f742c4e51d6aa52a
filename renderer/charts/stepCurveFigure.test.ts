import { describe, expect, it } from 'vitest'
import { expectGolden } from '../testing/golden.ts'
import { stepCurveFigure, type CurvePlace } from './stepCurveFigure.ts'
import { paperTheme } from './theme.ts'

const none = { value: null, low: null, high: null }
const place = (label: string, change: Partial<CurvePlace> = {}): CurvePlace => ({
  label,
  n: 50,
  positives: 30,
  accuracy: { value: 0.8, low: 0.7, high: 0.88 },
  auroc: { value: 0.85, low: 0.75, high: 0.92 },
  majority: 0.6,
  missing: null,
  ...change,
})
const places = [
  place('0'),
  place('1', { n: 12, positives: 12, accuracy: none, auroc: none, majority: 1, missing: 'one class only' }),
  place('2–4', { accuracy: { value: 0.62, low: 0.5, high: 0.7 } }),
]

describe('accuracy by step', () => {
  it('draws the curve in its band over the counts', () => {
    expectGolden(
      stepCurveFigure(places).option(paperTheme),
      new URL('./golden/stepCurve.json', import.meta.url),
    )
  })
  it('leaves a gap where a step was not judged, and says why', () => {
    const figure = stepCurveFigure(places)
    const series = figure.option(paperTheme).series as { name: string; data: unknown[] }[]
    expect(series.find(({ name }) => name === 'accuracy')?.data).toEqual([80, null, 62])
    expect(series.find(({ name }) => name === 'low')?.data[1]).toBeNull()
    expect(figure.tooltip(1).lines[0]).toMatchObject({ label: 'not judged', value: 'one class only' })
    expect(figure.table.rows[1]?.slice(3, 6)).toEqual([null, null, null])
  })
  it('counts the steps whose whole interval lies above the majority', () => {
    expect(stepCurveFigure(places).summary).toBe(
      'At 1 of 2 steps the whole interval lies above the majority’s share.',
    )
    expect(stepCurveFigure([]).summary).toContain('No step')
    expect(() => stepCurveFigure([]).option(paperTheme)).not.toThrow()
  })
})
