// How good a probe's probabilities are: ROC, calibration, and how its weight is spread over the features.
import { digits, integer, percent, plural, withInterval } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import { axisTooltip, itemTooltip, labelSize, valueAxis, type Figure, type Interval } from './figure.ts'
import type { ChartTheme } from './theme.ts'

const diagonal = (theme: ChartTheme, name: string) => ({
  type: 'line' as const,
  name,
  silent: true,
  symbol: 'none',
  tooltip: { show: false },
  lineStyle: { color: theme.muted, width: 1, type: 'dashed' as const },
  data: [
    [0, 0],
    [100, 100],
  ],
})

const plot = { left: 52, right: 24, top: 12, bottom: 40 }
const hundred = { min: 0, max: 100, interval: 25 }
const verticalGap = 38

/** @param points  false against true positives, 0…1, rising */
export function rocFigure(
  points: readonly { x: number; y: number }[],
  auroc: Interval,
  caught: { at1: Interval; at5: Interval },
  n: number,
): Figure {
  const marks = [
    { rate: 1, caught: caught.at1 },
    { rate: 5, caught: caught.at5 },
  ]
  return {
    title: 'ROC',
    caption: `Held-out predictions, all folds together; AUROC ${withInterval(auroc)}; marks: share caught at 1 % and 5 % false alarms with 95 % intervals; dashed: chance; n = ${plural(n, 'sample')}.`,
    summary: `AUROC ${withInterval(auroc)}. At 1 % false alarms ${percent(caught.at1.value)} of class 1 are caught, at 5 % ${percent(caught.at5.value)}.`,
    fileName: 'roc',
    indexAxis: 'x',
    rowSeries: 1,
    table: {
      columns: ['false_positive_rate', 'true_positive_rate'],
      rows: points.map(({ x, y }) => [x, y]),
    },
    tooltip: (i) => ({
      title: `${percent(points[i]?.x ?? null)} false alarms`,
      lines: [{ label: 'caught', value: percent(points[i]?.y ?? null), colour: 'accent' }],
    }),
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: plot,
      tooltip: axisTooltip(theme),
      xAxis: valueAxis(theme, 'false positives (% of class 0)', hundred),
      yAxis: valueAxis(theme, 'true positives (% of class 1)', { ...hundred, gap: verticalGap }),
      series: [
        diagonal(theme, 'chance'),
        {
          type: 'line',
          name: 'ROC',
          symbol: 'none',
          color: theme.accent,
          lineStyle: { color: theme.accent, width: 2 },
          data: points.map(({ x, y }) => [x * 100, y * 100]),
        },
        {
          type: 'lines',
          name: '95 % interval',
          coordinateSystem: 'cartesian2d',
          polyline: false,
          silent: true,
          data: marks.flatMap(({ rate, caught: { low, high } }) =>
            low === null || high === null
              ? []
              : [
                  {
                    coords: [
                      [rate, low * 100],
                      [rate, high * 100],
                    ],
                    lineStyle: { color: theme.text, width: 1.5, opacity: 1 },
                  },
                ],
          ),
        },
        {
          type: 'scatter',
          name: 'caught',
          silent: true,
          symbolSize: 8,
          z: 4,
          color: theme.text,
          data: marks.flatMap(({ rate, caught: { value } }) =>
            value === null
              ? []
              : [
                  {
                    value: [rate, value * 100],
                    label: {
                      show: true,
                      position: 'right' as const,
                      distance: 8,
                      formatter: `${rate} %: ${percent(value)}`,
                      color: theme.text,
                      fontSize: labelSize,
                      fontFamily: theme.font,
                    },
                  },
                ],
          ),
        },
      ],
    }),
  }
}

export interface Calibration {
  predicted: number
  observed: number
  low: number
  high: number
  n: number
}

/** What was predicted against what came; the larger a dot, the more samples. */
export function calibrationFigure(bins: readonly Calibration[], brier: Interval): Figure {
  const n = bins.reduce((sum, bin) => sum + bin.n, 0)
  const most = Math.max(1, ...bins.map((bin) => bin.n))
  return {
    title: 'Calibration',
    caption: `Observed share of class 1 by predicted probability, with Wilson 95 % intervals; area: samples; dashed: perfectly calibrated; Brier score ${withInterval(brier)}; n = ${plural(n, 'sample')}.`,
    summary: `Brier score ${withInterval(brier)} over ${plural(bins.length, 'bin')}.`,
    fileName: 'calibration',
    indexAxis: 'x',
    table: {
      columns: ['predicted', 'observed', 'low_95', 'high_95', 'n'],
      rows: bins.map(({ predicted, observed, low, high, n: count }) => [
        predicted,
        observed,
        low,
        high,
        count,
      ]),
    },
    tooltip: (i) => {
      const bin = bins[i]
      return {
        title: `Predicted ${percent(bin?.predicted ?? null)}`,
        lines: bin
          ? [
              {
                label: 'observed',
                value: `${percent(bin.observed)} [${(bin.low * 100).toFixed(1)}, ${(bin.high * 100).toFixed(1)}]`,
                colour: 'accent',
              },
              { label: 'n', value: integer(bin.n), colour: null },
            ]
          : [],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: plot,
      tooltip: itemTooltip(theme),
      xAxis: valueAxis(theme, 'predicted probability (%)', hundred),
      yAxis: valueAxis(theme, 'observed (% of samples)', { ...hundred, gap: verticalGap }),
      series: [
        diagonal(theme, 'perfect'),
        {
          type: 'lines',
          name: '95 % interval',
          coordinateSystem: 'cartesian2d',
          polyline: false,
          silent: true,
          data: bins.map(({ predicted, low, high }) => ({
            coords: [
              [predicted * 100, low * 100],
              [predicted * 100, high * 100],
            ],
            lineStyle: { color: theme.accent, width: 1.5, opacity: 0.8 },
          })),
        },
        {
          type: 'scatter',
          name: 'observed',
          color: theme.accent,
          z: 3,
          data: bins.map(({ predicted, observed, n: count }) => ({
            value: [predicted * 100, observed * 100],
            symbolSize: Math.round(5 + 12 * Math.sqrt(count / most)),
          })),
        },
      ],
    }),
  }
}

/** So many weights, largest first, hold this share of the squared norm. */
export function weightsFor(part: number, sorted: readonly number[]): number {
  const total = sorted.reduce((sum, value) => sum + value * value, 0)
  let held = 0
  for (const [i, value] of sorted.entries()) {
    held += value * value
    if (held >= part * total) return i + 1
  }
  return sorted.length
}

/** One class's direction. */
export interface ClassWeights {
  name: string
  weights: readonly number[]
  colour: keyof ChartTheme
}

/** Lines differ without their colours too. */
const lineTypes = ['solid', 'dashed', 'dotted'] as const

/**
 * Weights by size, largest first: a few spikes, or a direction spread over all features.
 * @param rows  one for two classes, else one a class; none where the probe has no direction
 */
export function spectrumFigure(rows: readonly ClassWeights[]): Figure {
  const spectra = rows.map(({ name, weights, colour }, row) => {
    const order = weights.map((value, index) => ({ index, value }))
    order.sort((a, b) => Math.abs(b.value) - Math.abs(a.value))
    const sizes = order.map(({ value }) => Math.abs(value))
    return { name, colour, row, order, sizes, half: weightsFor(0.5, sizes), norm: Math.hypot(...weights) }
  })
  const width = rows[0]?.weights.length ?? 0
  const isOne = spectra.length <= 1
  const [only] = spectra
  const halves = isOne
    ? `${integer(only?.half ?? 0)} of ${integer(width)} weights hold half of the squared norm (‖w‖ = ${digits(only?.norm ?? 0)})`
    : `weights that hold half of the squared norm: ${spectra.map(({ name, half, norm }) => `${name} ${integer(half)} (‖w‖ = ${digits(norm)})`).join(', ')}`
  return {
    title: isOne ? 'Coefficient spectrum' : 'Coefficient spectrum by class',
    caption: `Size of each weight, largest first, in units of 1 / activation; ${halves}; n = ${plural(width, 'feature')}.`,
    summary: isOne
      ? `${integer(only?.half ?? 0)} of ${plural(width, 'weight')} hold half of the squared norm.`
      : `Of ${plural(width, 'weight')} half of the squared norm is held by ${spectra.map(({ name, half }) => `${integer(half)} for ${name}`).join(', ')}.`,
    fileName: 'coefficients',
    indexAxis: 'x',
    table: {
      columns: ['class', 'rank', 'feature', 'coefficient'],
      rows: spectra.flatMap(({ name, order }) =>
        order.map(({ index, value }, rank) => [name, rank, index, value]),
      ),
    },
    rowSeries: 0,
    tooltip: (i) => ({
      title: `Rank ${integer(i + 1)} of ${integer(width)}`,
      lines: spectra.map(({ name, colour, order }) => ({
        label: `${isOne ? '' : `${name}, `}feature ${order[i]?.index ?? ''}`,
        value: (order[i]?.value ?? 0).toPrecision(4),
        colour,
      })),
    }),
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { ...plot, left: 64, right: 28 },
      tooltip: axisTooltip(theme),
      xAxis: valueAxis(theme, 'rank (feature)', { min: 0, max: Math.max(1, width - 1) }),
      yAxis: valueAxis(theme, '|weight|', { min: 0, gap: 50 }),
      series: spectra.map(({ name, colour, row, sizes }) => {
        // Names stand on their lines, each farther right than the one before, so that they do not cover each other.
        const named = isOne ? -1 : Math.floor((width * (row + 0.5)) / (spectra.length + 1))
        return {
          type: 'line' as const,
          name,
          symbol: 'none',
          color: theme[colour],
          lineStyle: { color: theme[colour], width: 1.5, type: lineTypes[row % lineTypes.length] },
          ...(isOne ? { areaStyle: { color: theme[colour], opacity: 0.18 } } : {}),
          data: sizes.map((size, rank) =>
            rank !== named
              ? [rank, size]
              : {
                  value: [rank, size],
                  symbol: 'circle',
                  symbolSize: 5,
                  label: {
                    ...{ show: true, position: 'top' as const, formatter: name },
                    ...{ color: theme.text, fontFamily: theme.font, fontSize: labelSize },
                  },
                },
          ),
        }
      }),
    }),
  }
}
