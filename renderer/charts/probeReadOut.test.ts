import { describe, expect, it } from 'vitest'
import { expectGolden } from '../testing/golden.ts'
import { classCountFigure } from './classCountFigure.ts'
import { projectionFigure, type Plane } from './projectionFigure.ts'
import { readOutFigure, type ReadOutPlace } from './readOutFigure.ts'
import { paperTheme } from './theme.ts'
import { alarmsFigure, leadFigure, type Alarm } from './warningFigures.ts'

const golden = (name: string) => new URL(`./golden/${name}.json`, import.meta.url)

describe('early warning', () => {
  const alarms: Alarm[] = [0.01, 0.05].map((falsePositiveRate, i) => ({
    ...{ falsePositiveRate, threshold: 0.9 - i / 10, episodes: 20, alerted: 5 + 5 * i },
    leadSteps: [0, 0, 2, 3, 3],
    meanLead: { value: 1.6, low: 1, high: 2.2 },
    chance: { alerted: 2 * falsePositiveRate * 20, before: falsePositiveRate * 20 },
  }))
  it('draws the shares alerted before and at the step beside chance, and marks the chosen threshold', () => {
    expectGolden(alarmsFigure(alarms, 1).option(paperTheme), golden('alarms'))
    expect(alarmsFigure(alarms, 1).summary).toBe(
      'At 5.0 % false alarms 10 of 20 episodes are alerted before or at their first step of class 1, 3 before it.',
    )
  })
  it('says in its data how many of them were alerted before the step, and how many chance would reach', () => {
    const { columns, rows } = alarmsFigure(alarms, 1).table
    const value = (column: string) => rows[1]?.[columns.indexOf(column)]
    expect([value('alerted'), value('alerted_before'), value('chance_alerted')]).toEqual([10, 3, 2])
    const older = alarmsFigure([{ ...alarms[0]!, chance: null }], 0)
    expect(older.tooltip(0).lines.find(({ label }) => label === 'by chance')?.value).toBe('–')
  })
  it('counts lead times, with those that nobody had in between', () => {
    const figure = leadFigure(alarms[0]!)
    expect(figure.table.rows).toEqual([
      [0, 2],
      [1, 0],
      [2, 1],
      [3, 2],
    ])
    expect(figure.caption).toContain('Mean 1.60 [1.00, 2.20] steps')
  })
  it('survives episodes without any step of class 1', () => {
    const nothing = { ...alarms[0]!, episodes: 0, alerted: 0, leadSteps: [] }
    expect(() => alarmsFigure([nothing], 0).option(paperTheme)).not.toThrow()
    expect(alarmsFigure([nothing], 0).tooltip(0).lines[0]?.value).toBe('–')
    expect(alarmsFigure([], 0).summary).toBe('No threshold was judged.')
  })
})

describe('projection', () => {
  const plane: Plane = {
    title: 'Principal components',
    axes: [
      { title: 'PC 1', share: 0.4 },
      { title: 'PC 2', share: null },
    ],
    points: [
      { x: 0, y: 1, episode: 0, step: 0, label: 0 },
      { x: 2, y: 3, episode: 1, step: 4, label: 1 },
    ],
    of: 900,
    classes: ['valid', 'invalid'],
    classColours: ['valid', 'invalid'],
  }
  it('tells classes apart by shape as well as by colour', () => {
    expectGolden(projectionFigure(plane, 'label').option(paperTheme), golden('projection'))
  })
  it('says that it shows a part, and what its colours mean', () => {
    const { caption } = projectionFigure(plane, 'step')
    expect(caption).toContain('n = 2 steps, evenly spaced out of 900')
    expect(caption).toContain('dark 0, light 4')
  })
})

it('a plane rings the chosen step, and nothing where it has none', () => {
  const points = [
    { x: 0, y: 1, episode: 0, step: 0, label: 0 },
    { x: 2, y: 3, episode: 1, step: 4, label: 1, isChosen: true },
  ]
  const plane: Plane = { title: '', axes: [], points, of: 2, classes: ['a', 'b'], classColours: ['accent'] }
  const ringsOf = (shown: Plane) =>
    (projectionFigure(shown, 'label').option(paperTheme).series as { data: unknown }[]).slice(1)
  expect(ringsOf(plane)).toMatchObject([{ data: [[2, 3]] }])
  expect(projectionFigure(plane, 'label').caption).toContain('ringed: the chosen step')
  expect(ringsOf({ ...plane, points: points.slice(0, 1) })).toEqual([])
})

describe('read-out along an episode', () => {
  const places: ReadOutPlace[] = [
    { step: 0, probability: 0.4, heldOut: 0.2, isRow: true, verdict: 'valid', isBrushed: false },
    { step: 1, probability: 0.9, heldOut: null, isRow: false, verdict: 'invalid', isBrushed: false },
    { step: 2, probability: null, heldOut: null, isRow: null, verdict: 'win', isBrushed: false },
  ]
  it('draws what the probe said before it had seen the episode, where there is such a thing', () => {
    const alert = { threshold: 0.7, falseAlarms: 0.05 }
    const figure = readOutFigure(places, { className: 'invalid', alert, chosen: 1 })
    expectGolden(figure.option(paperTheme), golden('readOut'))
    expect(figure.tooltip(0).lines[0]).toMatchObject({ label: 'held-out probability', value: '0.200' })
    expect(figure.tooltip(1).lines[0]).toMatchObject({ label: 'probability', value: '0.900' })
    expect(figure.caption).toContain('dashed: alert from 0.700, at 5.0 % false alarms;')
    expect(figure.summary).toBe('2 of 3 steps have a read-out.')
    expect(figure.caption).toContain('1 step held out, 1 not among the probe’s rows; ●')
  })
  it('rings the steps inside the rectangle of the projection, and says so', () => {
    const figure = readOutFigure([{ ...places[0]!, isBrushed: true }, places[1]!], {
      ...{ className: 'invalid', alert: null, chosen: null },
    })
    expect(figure.caption).toContain('; ringed: 1 in the rectangle of the projection; n = 2 steps')
    const series = figure.option(paperTheme).series as { data: { itemStyle?: object }[] }[]
    const borders = series.at(-1)!.data.map(({ itemStyle }) => 'borderColor' in (itemStyle ?? {}))
    expect(borders).toEqual([true, false])
  })
  it('never passes a step that was learnt from off as unseen', () => {
    const captionOf = (isRow: boolean | null, heldOut: number | null = null): string =>
      readOutFigure(
        places.map((place) => ({ ...place, isRow, heldOut })),
        { className: 'invalid', alert: null, chosen: null },
      ).caption
    expect(captionOf(true)).toMatch(/^Learnt from; /)
    expect(captionOf(false)).toMatch(/^Not among the probe’s rows; /)
    expect(captionOf(null)).toMatch(/^Maybe learnt from: the data set was removed; /)
    expect(captionOf(true, 0.5)).toMatch(/^Held out; /)
    const learnt = readOutFigure([{ ...places[1]!, isRow: true }], {
      ...{ className: 'invalid', alert: null, chosen: null },
    })
    expect(learnt.tooltip(0).lines[0]?.label).toBe('probability of a step learnt from')
  })
})

describe('rows of a data set by step', () => {
  const steps = [
    { step: 0, counts: [3, 2] },
    { step: 1, counts: [0, 4] },
  ]
  it('stacks the classes and names steps that have one only', () => {
    const figure = classCountFigure({ classes: ['valid', 'invalid'], steps, colours: ['valid', 'invalid'] })
    expectGolden(figure.option(paperTheme), golden('classCounts'))
    expect(figure.caption).toBe('valid 3 · invalid 6; n = 9 rows. 1 step with one class only.')
    expect(figure.tooltip(1).lines[1]?.value).toBe('4 · 100 %')
  })
})
