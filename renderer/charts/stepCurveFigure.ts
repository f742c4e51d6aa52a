// How well a probe does at each step, window of steps, or part of whatever it was judged on.
import { integer, percent, plural } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import {
  amountAxis,
  axisTooltip,
  labelSize,
  longAxis,
  stepAxis,
  stepZoom,
  type Figure,
  type Interval,
} from './figure.ts'
import { bandSeries } from './intervalMarks.ts'

export interface CurvePlace {
  /** `7`, or `4–7` for a window. */
  label: string
  /** Test samples, and those of class 1 among them. */
  n: number
  positives: number
  accuracy: Interval
  auroc: Interval
  /** Share that always naming the commonest class would get right. */
  majority: number | null
  missing: string | null
}

const withUnit = ({ value, low, high }: Interval): string =>
  value === null
    ? '–'
    : low === null || high === null
      ? percent(value)
      : `${percent(value)} [${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}]`

/** Accuracy with its interval, the majority's share as a dashed line, and how many samples stand behind each place. */
export function stepCurveFigure(places: readonly CurvePlace[]): Figure {
  const judged = places.filter((place) => place.accuracy.value !== null)
  const n = places.reduce((sum, place) => sum + place.n, 0)
  const most = Math.max(1, ...places.map((place) => place.n))
  const above = judged.filter((place) => (place.accuracy.low ?? 0) > (place.majority ?? 1)).length
  const scaled = (value: number | null): number | null => (value === null ? null : value * 100)
  return {
    title: 'Accuracy by step',
    caption: `On held-out episodes; band: 95 % interval from resampled episodes. Dashed: always naming the commonest class. Grey bars: test samples; n = ${plural(n, 'sample')} in all.`,
    summary:
      judged.length === 0
        ? 'No step has enough samples to be judged.'
        : `At ${above} of ${plural(judged.length, 'step')} the whole interval lies above the majority’s share.`,
    fileName: 'accuracy-by-step',
    indexAxis: 'x',
    rowSeries: 4,
    table: {
      columns: [
        ...['step', 'n', 'positives', 'accuracy', 'low_95', 'high_95'],
        ...['auroc', 'auroc_low_95', 'auroc_high_95', 'majority', 'missing'],
      ],
      rows: places.map((place) => [
        ...[place.label, place.n, place.positives],
        ...[place.accuracy.value, place.accuracy.low, place.accuracy.high],
        ...[place.auroc.value, place.auroc.low, place.auroc.high, place.majority, place.missing ?? ''],
      ]),
    },
    tooltip: (i) => {
      const place = places[i]
      const counts = `${integer(place?.positives ?? 0)} / ${integer(place?.n ?? 0)}`
      return {
        title: `Step ${place?.label ?? ''}`,
        lines: [
          ...(place?.missing
            ? [
                {
                  label: place.accuracy.value === null ? 'not judged' : 'no AUROC',
                  value: place.missing,
                  colour: null,
                },
              ]
            : []),
          {
            label: 'accuracy',
            value: withUnit(place?.accuracy ?? { value: null, low: null, high: null }),
            colour: 'accent',
          },
          { label: 'majority', value: percent(place?.majority ?? null), colour: 'baseline' },
          { label: 'class 1 / n', value: counts, colour: 'control' },
        ],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 52, right: 52, top: 12, bottom: places.length >= longAxis ? 60 : 40 },
      tooltip: axisTooltip(theme),
      xAxis: { ...stepAxis(theme, []), data: places.map((place) => place.label) },
      yAxis: [
        amountAxis(theme, 'accuracy (%)', 100, 25),
        // Four times as high as the highest bar: the bars stay below the curve.
        {
          ...amountAxis(theme, 'test samples', most * 4, most * 2),
          splitLine: { show: false },
          axisLabel: { color: theme.muted, fontSize: labelSize, fontFamily: theme.font, showMaxLabel: false },
        },
      ],
      dataZoom: stepZoom(theme, places.length),
      series: [
        {
          type: 'bar',
          name: 'test samples',
          yAxisIndex: 1,
          color: theme.control,
          barCategoryGap: '30%',
          silent: true,
          data: places.map((place) => place.n),
        },
        ...bandSeries(
          theme.accent,
          places.map((place) => place.accuracy),
          100,
        ),
        {
          type: 'line',
          name: 'majority',
          symbol: 'none',
          silent: true,
          lineStyle: { color: theme.baseline, width: 1.5, type: 'dashed' },
          data: places.map((place) => scaled(place.majority)),
        },
        {
          type: 'line',
          name: 'accuracy',
          color: theme.accent,
          symbol: 'circle',
          symbolSize: places.length > 40 ? 0 : 6,
          lineStyle: { width: 2, color: theme.accent },
          data: places.map((place) => scaled(place.accuracy.value)),
        },
      ],
    }),
  }
}
