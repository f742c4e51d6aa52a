// Runs beside the first of them: differences with their intervals, and how often answers were invalid at each step.
// Owns: turning a comparison into figures. Not: the differences and intervals (the engine sends them).
import { integer, percent, plural } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import {
  amountAxis,
  axisTooltip,
  itemTooltip,
  labelSize,
  longAxis,
  nameAxis,
  nameRoom,
  stepAxis,
  stepZoom,
  valueAxis,
  type Figure,
  type Interval,
} from './figure.ts'
import { bandSeries, intervalLines } from './intervalMarks.ts'

export interface ComparedDifference {
  name: string
  /** Run − first run, in the unit that is named. */
  difference: Interval
  isPaired: boolean
  /** Episodes behind it: pairs, or those of the run. */
  n: number
  /** The one that is looked at. */
  isFocused: boolean
}

const signed = (value: number | null): string =>
  value === null ? '–' : `${value < 0 ? '−' : value > 0 ? '+' : ''}${Number(Math.abs(value).toPrecision(3))}`

const written = ({ value, low, high }: Interval): string =>
  low === null || high === null ? signed(value) : `${signed(value)} [${signed(low)}, ${signed(high)}]`

const shortened = (name: string): string => (name.length > 34 ? `${name.slice(0, 33)}…` : name)

/**
 * Dots with intervals around 0, one row a run.
 * @param what  for instance `invalid rate`   @param unit  of the differences, for instance `points`
 */
export function differencesFigure(
  rows: readonly ComparedDifference[],
  { what, unit, base }: { what: string; unit: string; base: string },
): Figure {
  const names = rows.map(({ name }) => shortened(name))
  const clear = rows.filter(({ difference: { low, high } }) => (low ?? 0) > 0 || (high ?? 0) < 0).length
  const unpaired = rows.filter(({ isPaired }) => !isPaired).length
  const counts = rows.map(({ n }) => n)
  const n =
    new Set(counts).size <= 1
      ? `n = ${integer(counts[0] ?? 0)}`
      : `n = ${integer(Math.min(...counts))} … ${integer(Math.max(...counts))}`
  const colourOf = (row: ComparedDifference) => (row.isFocused ? 'accent' : 'baseline')
  return {
    title: `Difference in ${what}`,
    caption: `Run − “${base}”, with 95 % intervals from resampled episodes; ${n} episodes a run. ${
      unpaired === 0
        ? 'Filled: paired by object and seed.'
        : `Filled: paired by object and seed; hollow: ${plural(unpaired, 'run')} unpaired.`
    }`,
    summary: `Of ${plural(rows.length, 'run')} ${integer(clear)} differ from “${base}” with an interval that leaves 0 out.`,
    fileName: `difference-${what.replaceAll(' ', '-')}`,
    indexAxis: 'y',
    rowSeries: 2,
    table: {
      columns: ['run', 'difference', 'low_95', 'high_95', 'paired', 'episodes'],
      rows: rows.map(({ name, difference: { value, low, high }, isPaired, n: episodes }) => [
        ...[name, value, low, high],
        ...[isPaired ? 'yes' : 'no', episodes],
      ]),
    },
    tooltip: (i) => {
      const row = rows[i]
      if (!row) return { title: '', lines: [] }
      return {
        title: row.name,
        lines: [
          { label: `difference (${unit})`, value: written(row.difference), colour: colourOf(row) },
          { label: row.isPaired ? 'pairs' : 'episodes, unpaired', value: integer(row.n), colour: null },
        ],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: nameRoom(names, 230), right: 24, top: 8, bottom: 40 },
      tooltip: itemTooltip(theme),
      xAxis: valueAxis(theme, `difference in ${what} (${unit})`, rangeOf(rows)),
      yAxis: {
        ...nameAxis(
          theme,
          '',
          names.map((text, i) => ({ text, isMuted: !rows[i]?.isFocused })),
        ),
        inverse: true,
        axisLabel: { fontSize: labelSize, fontFamily: theme.font, interval: 0 },
      },
      series: [
        {
          type: 'line',
          name: 'no difference',
          silent: true,
          symbol: 'none',
          lineStyle: { color: theme.muted, width: 1, type: 'dashed' },
          data: [
            [0, 0],
            [0, Math.max(0, rows.length - 1)],
          ],
          markLine: {
            silent: true,
            symbol: 'none',
            label: { show: false },
            lineStyle: { color: theme.muted, width: 1, type: 'dashed' },
            data: [{ xAxis: 0 }],
          },
        },
        intervalLines(
          theme,
          rows.map((row, place) => ({ place, interval: row.difference, colour: colourOf(row) })),
        ),
        {
          type: 'scatter',
          name: 'difference',
          z: 3,
          data: rows.map((row, place) => ({
            value: [row.difference.value ?? '-', place],
            symbol: 'circle',
            symbolSize: row.isFocused ? 11 : 8,
            itemStyle: {
              color: row.isPaired ? theme[colourOf(row)] : theme.ground,
              borderColor: theme[colourOf(row)],
              borderWidth: 2,
            },
          })),
        },
      ],
    }),
  }
}

/** Round numbers around all intervals and 0. */
function rangeOf(rows: readonly ComparedDifference[]): { min?: number; max?: number; interval?: number } {
  const ends = rows.flatMap(({ difference: { value, low, high } }) =>
    [value, low, high].filter((end) => end !== null),
  )
  const [low, high] = [Math.min(0, ...ends), Math.max(0, ...ends)]
  if (low === high) return {}
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const interval = power * ([1, 2, 5].find((step) => step * power >= rough) ?? 10)
  return { min: Math.floor(low / interval) * interval, max: Math.ceil(high / interval) * interval, interval }
}

export interface RateCurve {
  name: string
  /** Of a step, in its place in the curve; null where nobody played it. */
  rates: readonly Interval[]
  n: readonly number[]
  /** `base` is what the others are compared with, `focus` the one that is looked at, `other` any further. */
  role: 'base' | 'focus' | 'other'
}

const drawOrder = { other: 0, base: 1, focus: 2 } as const

/** Share of invalid answers by step: first and chosen run with their bands, all others as thin lines behind them. */
export function rateCurvesFigure(curves: readonly RateCurve[]): Figure {
  const steps = Array.from(
    { length: Math.max(0, ...curves.map(({ rates }) => rates.length)) },
    (_, step) => step,
  )
  const drawn = curves.toSorted((a, b) => drawOrder[a.role] - drawOrder[b.role])
  const main = curves.filter(({ role }) => role !== 'other')
  const others = curves.length - main.length
  const most = Math.max(0, ...curves.flatMap(({ n }) => [...n]))
  const scaled = ({ value }: Interval): number | null => (value === null ? null : value * 100)
  const ends = { base: endOf(curves, 'base'), focus: endOf(curves, 'focus') }
  /** Points that a label is moved away from the other one, where both curves end at the same height. */
  const moved = Math.abs(ends.base - ends.focus) < 8 ? (ends.base < ends.focus ? 7 : -7) : 0
  return {
    title: 'Invalid answers by step',
    caption: `Share of answers that were no yes/no question; bands: 95 % Wilson intervals; n ≤ ${integer(most)} a step and run.${
      others > 0 ? ` Thin: ${plural(others, 'further run')}.` : ''
    }`,
    summary: main.map(({ name, rates }) => `${name}: ${extremes(rates)}`).join(' '),
    fileName: 'invalid-rate-by-step-compared',
    indexAxis: 'x',
    table: {
      columns: [
        'step',
        ...curves.flatMap(({ name }) => [name, `${name} low_95`, `${name} high_95`, `${name} n`]),
      ],
      rows: steps.map((step) => [
        step,
        ...curves.flatMap(({ rates, n }) => [
          rates[step]?.value ?? null,
          rates[step]?.low ?? null,
          rates[step]?.high ?? null,
          n[step] ?? 0,
        ]),
      ]),
    },
    tooltip: (step) => ({
      title: `Step ${step}`,
      lines: main.map(({ name, rates, role, n }) => ({
        label: shortened(name),
        value: `${percent(rates[step]?.value ?? null)} of ${integer(n[step] ?? 0)}`,
        colour: role === 'base' ? ('baseline' as const) : ('accent' as const),
      })),
    }),
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 52, right: 112, top: 12, bottom: steps.length >= longAxis ? 60 : 40 },
      tooltip: axisTooltip(theme),
      xAxis: stepAxis(theme, steps),
      yAxis: amountAxis(theme, 'invalid (%)', 100, 25),
      dataZoom: stepZoom(theme, steps.length),
      series: drawn.flatMap(({ name, rates, role }) => {
        const colour = { base: theme.baseline, focus: theme.accent, other: theme.control }[role]
        const band =
          role === 'other'
            ? []
            : bandSeries(colour, rates, 100).map((part) => ({ ...part, stack: `interval ${role}` }))
        return [
          ...band,
          {
            type: 'line' as const,
            name,
            silent: true,
            color: colour,
            symbol: 'none',
            lineStyle: {
              color: colour,
              width: role === 'other' ? 1 : 2,
              type: role === 'base' ? ('dashed' as const) : ('solid' as const),
            },
            endLabel: {
              show: role !== 'other',
              formatter: () => (name.length > 16 ? `${name.slice(0, 15)}…` : name),
              color: colour,
              fontSize: labelSize,
              fontFamily: theme.font,
              offset: [0, role === 'base' ? moved : -moved],
            },
            data: rates.map(scaled),
          },
        ]
      }),
    }),
  }
}

/** Where a curve ends, in percent. */
function endOf(curves: readonly RateCurve[], role: RateCurve['role']): number {
  const rates = curves.find((curve) => curve.role === role)?.rates ?? []
  return (rates.findLast(({ value }) => value !== null)?.value ?? 0) * 100
}

function extremes(rates: readonly Interval[]): string {
  const known = rates.flatMap(({ value }, step) => (value === null ? [] : [{ value, step }]))
  const [low, high] = [
    known.toSorted((a, b) => a.value - b.value)[0],
    known.toSorted((a, b) => b.value - a.value)[0],
  ]
  return low && high
    ? `lowest ${percent(low.value)} at step ${low.step}, highest ${percent(high.value)} at step ${high.step}.`
    : 'nothing played yet.'
}
