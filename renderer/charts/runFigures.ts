// The figures of a run: how often its answers were invalid by step, what its steps cost, how its episodes ended.
// Owns: turning the engine's counts into figures. Not: intervals (the engine sends them, Wilson 95 %).
import { digits, integer, percent, plural } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import {
  amountAxis,
  axisTooltip,
  labelSize,
  longAxis,
  stepAxis,
  stepMark,
  stepZoom,
  type Figure,
} from './figure.ts'
import type { ChartTheme } from './theme.ts'

/** Per step, all arrays as long as `step`. */
export interface StepCounts {
  step: readonly number[]
  n: readonly number[]
  invalid: readonly number[]
  invalidLow: readonly number[]
  invalidHigh: readonly number[]
  meanPromptTokens: readonly number[]
  meanNewTokens: readonly number[]
  meanReusedTokens: readonly number[]
}

export interface OutcomeCounts {
  win: number
  limit: number
  running: number
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const percentInterval = (low: number, high: number): string =>
  `[${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}] %`
const at = (values: readonly number[], index: number): number => values[index] ?? 0

const grid = (steps: number) => ({
  left: 52,
  right: 20,
  top: 12,
  bottom: steps >= longAxis ? 60 : 40,
  containLabel: false,
})

/** What an interval caption says: a band needs two steps to be seen, one step has its interval in figures. */
function intervalCaption(counts: StepCounts): string {
  const played = counts.n.flatMap((n, i) => (n > 0 ? [i] : []))
  const only = played[0]
  if (only === undefined) return ''
  if (played.length > 1) return '; band: 95 % Wilson interval'
  return `; 95 % Wilson interval ${percentInterval(at(counts.invalidLow, only), at(counts.invalidHigh, only))}`
}

/**
 * Share of invalid answers by step with its 95 % interval.
 * @param marked  the chosen step's number, if any
 * @param isLive  while more steps arrive the run's header counts them all; a second count here would only lag behind it
 */
export function invalidRateFigure(counts: StepCounts, marked: number | null = null, isLive = false): Figure {
  const rate = counts.step.map((_, i) =>
    at(counts.n, i) > 0 ? at(counts.invalid, i) / at(counts.n, i) : null,
  )
  const n = sum(counts.n)
  const invalid = sum(counts.invalid)
  const most = Math.max(0, ...counts.n)
  const perStep = counts.n.every((value) => value === most)
    ? `n = ${integer(most)} a step`
    : `n ≤ ${integer(most)} a step`
  return {
    title: 'Invalid answers by step',
    caption: `Share of answers that were no yes/no question${intervalCaption(counts)}; ${perStep}${isLive ? '' : `, ${plural(n, 'answer')} in all`}.`,
    summary:
      n === 0
        ? 'No step was answered yet.'
        : `${percent(invalid / n)} of ${plural(n, 'answer')} were invalid. ${extremes(counts.step, rate)}`,
    fileName: 'invalid-rate-by-step',
    indexAxis: 'x',
    table: {
      columns: ['step', 'n', 'invalid', 'invalid_rate', 'low_95', 'high_95'],
      rows: counts.step.map((step, i) => [
        step,
        at(counts.n, i),
        at(counts.invalid, i),
        rate[i] ?? null,
        at(counts.invalidLow, i),
        at(counts.invalidHigh, i),
      ]),
    },
    tooltip: (i) => ({
      title: `Step ${counts.step[i] ?? ''}`,
      lines: [
        { label: 'invalid', value: percent(rate[i] ?? null), colour: 'invalid' },
        {
          label: '95 % interval',
          value: percentInterval(at(counts.invalidLow, i), at(counts.invalidHigh, i)),
          colour: null,
        },
        {
          label: 'n',
          value: `${integer(at(counts.invalid, i))} / ${integer(at(counts.n, i))}`,
          colour: null,
        },
      ],
    }),
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: grid(counts.step.length),
      tooltip: axisTooltip(theme),
      xAxis: stepAxis(theme, counts.step),
      yAxis: amountAxis(theme, 'invalid answers (%)', 100, 25),
      dataZoom: stepZoom(theme, counts.step.length),
      series: [
        {
          // The lower edge carries the band and is itself not drawn.
          type: 'line',
          name: 'low',
          stack: 'interval',
          silent: true,
          symbol: 'none',
          lineStyle: { opacity: 0 },
          data: counts.invalidLow.map((low) => low * 100),
        },
        {
          type: 'line',
          name: 'interval',
          stack: 'interval',
          silent: true,
          symbol: 'none',
          lineStyle: { opacity: 0 },
          areaStyle: { color: theme.invalid, opacity: 0.2 },
          data: counts.invalidHigh.map((high, i) => (high - at(counts.invalidLow, i)) * 100),
        },
        {
          type: 'line',
          name: 'invalid',
          color: theme.invalid,
          symbol: 'circle',
          symbolSize: counts.step.length > 40 ? 0 : 5,
          showSymbol: true,
          lineStyle: { width: 2, color: theme.invalid },
          data: rate.map((value) => (value === null ? null : value * 100)),
          ...stepMark(theme, marked === null ? -1 : counts.step.indexOf(marked)),
        },
      ],
    }),
  }
}

function extremes(steps: readonly number[], rate: readonly (number | null)[]): string {
  let low = -1
  let high = -1
  rate.forEach((value, i) => {
    if (value === null) return
    if (low < 0 || value < (rate[low] ?? 1)) low = i
    if (high < 0 || value > (rate[high] ?? 0)) high = i
  })
  if (low < 0) return ''
  return `Lowest at step ${steps[low]} (${percent(rate[low] ?? null)}), highest at step ${steps[high]} (${percent(rate[high] ?? null)}).`
}

/** Mean tokens of a step: prompt taken over from the step before, prompt computed anew, generated; stacked. */
export function tokensFigure(counts: StepCounts, marked: number | null = null, isLive = false): Figure {
  const computed = counts.step.map((_, i) =>
    Math.max(0, at(counts.meanPromptTokens, i) - at(counts.meanReusedTokens, i)),
  )
  const layers = [
    { name: 'prompt, reused', colour: 'control', values: counts.meanReusedTokens },
    { name: 'prompt, computed', colour: 'baseline', values: computed },
    { name: 'generated', colour: 'accent', values: counts.meanNewTokens },
  ] as const
  const last = counts.step.length - 1
  const shifts = labelShifts(layers.map((layer) => at(layer.values, last)))
  const n = sum(counts.n)
  const weighted = (values: readonly number[]): number =>
    n === 0 ? 0 : sum(values.map((value, i) => value * at(counts.n, i))) / n
  return {
    title: 'Tokens by step',
    caption: `Mean over the episodes that reached the step${isLive ? '' : `; n = ${plural(n, 'step')}`}. Reused: keys and values kept from the step before.`,
    summary:
      n === 0
        ? 'No step was answered yet.'
        : `On average a step has ${digits(weighted(counts.meanPromptTokens))} prompt tokens, of which ${digits(weighted(counts.meanReusedTokens))} were reused, and generates ${digits(weighted(counts.meanNewTokens))}.`,
    fileName: 'tokens-by-step',
    indexAxis: 'x',
    table: {
      columns: ['step', 'n', 'mean_prompt_tokens', 'mean_reused_tokens', 'mean_new_tokens'],
      rows: counts.step.map((step, i) => [
        step,
        at(counts.n, i),
        at(counts.meanPromptTokens, i),
        at(counts.meanReusedTokens, i),
        at(counts.meanNewTokens, i),
      ]),
    },
    tooltip: (i) => ({
      title: `Step ${counts.step[i] ?? ''}`,
      lines: [
        ...[...layers].reverse().map((layer) => ({
          label: layer.name,
          value: digits(at(layer.values, i)),
          colour: layer.colour as keyof ChartTheme,
        })),
        { label: 'n', value: integer(at(counts.n, i)), colour: null },
      ],
    }),
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { ...grid(counts.step.length), right: 112 },
      tooltip: { ...axisTooltip(theme), axisPointer: { type: 'line' } },
      xAxis: stepAxis(theme, counts.step),
      yAxis: amountAxis(theme, 'tokens (mean)'),
      dataZoom: stepZoom(theme, counts.step.length),
      series: layers.map((layer, k) => ({
        type: 'bar' as const,
        name: layer.name,
        stack: 'tokens',
        barCategoryGap: counts.step.length > 40 ? 0 : '20%',
        color: theme[layer.colour],
        // A direct label at the last bar instead of a legend.
        data: layer.values.map((value, i) =>
          i === last
            ? {
                value,
                label: {
                  show: true,
                  position: 'right' as const,
                  distance: 8,
                  offset: [0, shifts[k] ?? 0],
                  formatter: layer.name,
                  color: layer.colour === 'control' ? theme.muted : theme[layer.colour],
                  fontFamily: theme.font,
                  fontSize: labelSize,
                },
              }
            : value,
        ),
        ...(k === 0 ? stepMark(theme, marked === null ? -1 : counts.step.indexOf(marked)) : {}),
      })),
    }),
  }
}

/**
 * How far to move the labels of a stack's layers, lowest layer first, so that they do not lie on each other: points, down is
 * positive. The topmost keeps its place, the others give way downwards.
 */
export function labelShifts(values: readonly number[], plotHeight = 116, lineHeight = 13): number[] {
  const total = sum(values) * 1.1
  if (total <= 0) return values.map((_, k) => (values.length - 1 - k) * lineHeight)
  const shifts = values.map(() => 0)
  let ceiling = -Infinity
  for (let k = values.length - 1; k >= 0; k--) {
    const middle = sum(values.slice(0, k)) + at(values, k) / 2
    const place = plotHeight * (1 - middle / total)
    const moved = Math.max(place, ceiling)
    shifts[k] = Math.round(moved - place)
    ceiling = moved + lineHeight
  }
  return shifts
}

const outcomeRows = [
  { key: 'win', name: 'won', colour: 'win' },
  { key: 'limit', name: 'step limit', colour: 'baseline' },
  { key: 'running', name: 'unfinished', colour: 'control' },
] as const

/** Outcome with this place on the vertical axis. */
export const outcomeAt = (index: number): keyof OutcomeCounts | null => outcomeRows[index]?.key ?? null

/** How many episodes ended how, with their share of all. */
export function outcomesFigure(counts: OutcomeCounts): Figure {
  const n = counts.win + counts.limit + counts.running
  const ended = counts.win + counts.limit
  const shareOf = (value: number): string => (n === 0 ? '' : ` · ${percent(value / n)}`)
  return {
    title: 'Outcomes',
    caption: `n = ${plural(n, 'episode')}.`,
    summary:
      ended === 0
        ? 'No episode has ended yet.'
        : `${integer(counts.win)} of ${plural(ended, 'ended episode')} were won (${percent(counts.win / ended)}).`,
    fileName: 'outcomes',
    indexAxis: 'y',
    table: {
      columns: ['outcome', 'episodes'],
      rows: outcomeRows.map((row) => [row.key, counts[row.key]]),
    },
    tooltip: (i) => {
      const row = outcomeRows[i] ?? outcomeRows[0]
      return {
        title: row.name,
        lines: [
          {
            label: 'episodes',
            value: integer(counts[row.key]) + shareOf(counts[row.key]),
            colour: row.colour,
          },
        ],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 72, right: 92, top: 12, bottom: 40 },
      tooltip: { ...axisTooltip(theme), axisPointer: { type: 'none' } },
      xAxis: {
        ...amountAxis(theme, 'episodes'),
        nameGap: 24,
        minInterval: 1,
        splitNumber: 2,
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: outcomeRows.map((row) => row.name),
        axisLabel: { color: theme.text, fontSize: labelSize, fontFamily: theme.font },
        axisLine: { show: false },
        axisTick: { show: false },
      },
      series: [
        {
          type: 'bar',
          barWidth: 16,
          data: outcomeRows.map((row) => ({
            value: counts[row.key],
            itemStyle: { color: theme[row.colour] },
            label: {
              show: true,
              position: 'right',
              formatter: integer(counts[row.key]) + shareOf(counts[row.key]),
              color: theme.text,
              fontFamily: theme.font,
              fontSize: labelSize,
            },
          })),
        },
      ],
    }),
  }
}
