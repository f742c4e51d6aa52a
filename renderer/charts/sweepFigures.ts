// A sweep's conditions one beside the other: their rates while they are played, and what steering costs besides.
import { digits, integer, percent, plural } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import { blueOf } from './doseFigure.ts'
import {
  itemTooltip,
  labelSize,
  nameAxis,
  nameRoom,
  valueAxis,
  type Figure,
  type Interval,
} from './figure.ts'
import { intervalLines } from './intervalMarks.ts'
import type { ChartTheme } from './theme.ts'

export interface RateRow {
  title: string
  isBaseline: boolean
  /** Null for what carries no dose: baseline and told in words. */
  alpha: number | null
  isSteered: boolean
  hits: number
  steps: number
  /** 0 … 1 of its episodes. */
  done: number
}

const rateOf = ({ hits, steps }: RateRow): number | null => (steps === 0 ? null : hits / steps)

/** What was counted so far, condition by condition. */
export function ratesFigure(rows: readonly RateRow[], metric: string): Figure {
  const baseline = rows.find(({ isBaseline }) => isBaseline)
  const level = baseline ? rateOf(baseline) : null
  const doses = rows.flatMap(({ isSteered, alpha }) => (isSteered && alpha !== null ? [alpha] : []))
  const n = rows.reduce((sum, { steps }) => sum + steps, 0)
  const colourOf = (row: RateRow): keyof ChartTheme =>
    row.isSteered && row.alpha !== null ? blueOf(row.alpha, doses) : 'baseline'
  return {
    title: `${metric[0]?.toUpperCase() ?? ''}${metric.slice(1)} so far`,
    caption: `Counted while it is played, so without intervals: those come paired by object when all conditions have ended. Filled: steered; hollow: controls; dashed: the baseline so far; n = ${plural(n, 'step')}.`,
    summary: `The baseline stands at ${percent(level)}.`,
    fileName: 'rates-so-far',
    indexAxis: 'y',
    table: {
      columns: ['condition', 'hits', 'steps', 'rate', 'share_done'],
      rows: rows.map((row) => [row.title, row.hits, row.steps, rateOf(row), row.done]),
    },
    tooltip: (i) => {
      const row = rows[i]
      return {
        title: row?.title ?? '',
        lines: row
          ? [
              { label: metric, value: percent(rateOf(row)), colour: colourOf(row) },
              { label: 'of steps', value: `${integer(row.hits)} / ${integer(row.steps)}`, colour: null },
              { label: 'done', value: percent(row.done), colour: null },
            ]
          : [],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: {
        left: nameRoom(
          rows.map(({ title }) => title),
          200,
        ),
        right: 64,
        top: 12,
        bottom: 40,
      },
      tooltip: itemTooltip(theme),
      xAxis: valueAxis(theme, `${metric} (%)`, { min: 0, max: 100, interval: 25 }),
      yAxis: [
        {
          ...nameAxis(
            theme,
            '',
            rows.map(({ title, isSteered }) => ({ text: title, isMuted: !isSteered })),
          ),
          inverse: true,
        },
        {
          ...nameAxis(
            theme,
            '',
            rows.map((row) => ({ text: percent(rateOf(row)), isMuted: !row.isSteered })),
          ),
          inverse: true,
          position: 'right',
        },
      ],
      series: [
        {
          type: 'line',
          name: 'baseline',
          silent: true,
          symbol: 'none',
          lineStyle: { color: theme.baseline, width: 1.5, type: 'dashed' },
          data:
            level === null
              ? []
              : [
                  [100 * level, 0],
                  [100 * level, Math.max(0, rows.length - 1)],
                ],
        },
        {
          type: 'scatter',
          name: metric,
          data: rows.map((row, place) => {
            const rate = rateOf(row)
            return {
              value: [rate === null ? '-' : 100 * rate, place],
              symbolSize: 10,
              itemStyle: {
                color: row.isSteered ? theme[colourOf(row)] : theme.ground,
                borderColor: theme[colourOf(row)],
                borderWidth: 2,
              },
            }
          }),
        },
      ],
    }),
  }
}

export interface SideEffectRow {
  title: string
  baseline: number | null
  steered: number | null
  /** Difference, or ratio. */
  effect: Interval
  isRatio: boolean
  /** Change that is held to be none, in the effect's units. */
  tolerance: number | null
  harm: 'up' | 'down' | 'either'
  colour: 'green' | 'amber' | 'red' | 'grey'
}

const markColours = { green: 'valid', amber: 'warning', red: 'danger', grey: 'baseline' } as const
const markShapes = { green: 'circle', amber: 'diamond', red: 'rect', grey: 'emptyCircle' } as const
/** For names, left of the plot. */
const mostRoom = 190
/** Beyond this many tolerances a mark stands at the edge. */
const edge = 4

/** An effect in units of the change that is held to be none; of a ratio on its logarithm. */
function inTolerances(value: number | null, { isRatio, tolerance }: SideEffectRow): number | null {
  if (value === null || tolerance === null || tolerance <= 0) return null
  if (!isRatio) return value / tolerance
  return value > 0 ? Math.log(value) / Math.log(1 + tolerance) : null
}

const clipped = (value: number | null): number | null =>
  value === null ? null : Math.min(edge, Math.max(-edge, value))

const effectText = ({ effect, isRatio }: SideEffectRow): string => {
  if (effect.value === null) return 'not measured'
  const write = (value: number | null): string =>
    value === null ? '–' : `${isRatio ? '×' : value > 0 ? '+' : ''}${digits(value).replace('-', '−')}`
  return effect.low === null
    ? write(effect.value)
    : `${write(effect.value)} [${write(effect.low)}, ${write(effect.high)}]`
}

/** What a condition changes besides, each in units of the change that is held to be none. */
export function sideEffectFigure(rows: readonly SideEffectRow[], title: string, pairs: number): Figure {
  const names = rows.map((row) => row.title)
  const harmful = rows.filter(({ colour }) => colour === 'red').length
  return {
    title: `Side effects of ${title}`,
    caption: `Change from the baseline in units of what is held to be no change (grey band); lines: 95 % intervals from resampled episodes; ▸ beyond ±${edge}. ● none that matters ◆ not ruled out ■ harm ○ not measured; n = ${plural(pairs, 'pair')} of episodes.`,
    summary: `${integer(harmful)} of ${plural(rows.length, 'side effect')} are harm.`,
    fileName: 'side-effects',
    indexAxis: 'y',
    table: {
      columns: [
        'side_effect',
        'baseline',
        'steered',
        'effect',
        'low_95',
        'high_95',
        'scale',
        'tolerance',
        'colour',
      ],
      rows: rows.map(({ title: name, baseline, steered, effect, isRatio, tolerance, colour }) => [
        ...[name, baseline, steered, effect.value, effect.low, effect.high],
        ...[isRatio ? 'ratio' : 'difference', tolerance, colour],
      ]),
    },
    tooltip: (i) => {
      const row = rows[i]
      return {
        title: row?.title ?? '',
        lines: row
          ? [
              { label: 'baseline', value: digits(row.baseline), colour: 'baseline' },
              { label: 'steered', value: digits(row.steered), colour: markColours[row.colour] },
              { label: row.isRatio ? 'ratio' : 'difference', value: effectText(row), colour: null },
              { label: 'held to be none', value: `± ${digits(row.tolerance)}`, colour: 'control' },
            ]
          : [],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: nameRoom(names, mostRoom), right: 150, top: 12, bottom: 40 },
      tooltip: itemTooltip(theme),
      xAxis: valueAxis(theme, 'change, in tolerances', { min: -edge, max: edge, interval: 1 }),
      yAxis: [
        {
          ...nameAxis(
            theme,
            '',
            rows.map((row) => ({ text: row.title })),
          ),
          inverse: true,
          axisLabel: {
            fontSize: labelSize,
            fontFamily: theme.font,
            width: mostRoom - 16,
            overflow: 'break',
            lineHeight: labelSize + 1,
            interval: 0,
          },
        },
        {
          ...nameAxis(
            theme,
            '',
            rows.map((row) => ({ text: effectText(row), isMuted: row.colour !== 'red' })),
          ),
          inverse: true,
          position: 'right',
        },
      ],
      series: [
        intervalLines(
          theme,
          rows.map((row, place) => ({
            place,
            colour: markColours[row.colour],
            interval: {
              value: null,
              low: clipped(inTolerances(row.effect.low, row)),
              high: clipped(inTolerances(row.effect.high, row)),
            },
          })),
        ),
        {
          type: 'scatter',
          name: 'beyond',
          z: 2,
          silent: true,
          data: rows.flatMap((row, place) =>
            [row.effect.low, row.effect.high].flatMap((end) => {
              const at = inTolerances(end, row)
              if (at === null || Math.abs(at) <= edge) return []
              return [
                {
                  value: [Math.sign(at) * edge, place],
                  symbol: 'triangle',
                  symbolRotate: at < 0 ? 90 : -90,
                  symbolSize: 9,
                  symbolOffset: [at < 0 ? -9 : 9, 0],
                  itemStyle: { color: theme[markColours[row.colour]] },
                },
              ]
            }),
          ),
        },
        {
          type: 'scatter',
          name: 'change',
          z: 3,
          data: rows.map((row, place) => ({
            value: [clipped(inTolerances(row.effect.value, row)) ?? '-', place],
            symbol: markShapes[row.colour],
            symbolSize: 10,
            itemStyle: { color: theme[markColours[row.colour]] },
            label: { fontSize: labelSize },
          })),
          markArea: {
            silent: true,
            itemStyle: { color: theme.control, opacity: 0.4 },
            data: [[{ xAxis: -1 }, { xAxis: 1 }]],
          },
        },
      ],
    }),
  }
}
