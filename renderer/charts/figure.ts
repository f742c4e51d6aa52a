// What every figure is made of, and the parts that all of them share: axes, zoom, mark of the chosen step.
// Owns: the record a figure builder returns. Not: drawing it (Chart.svelte) or writing it to a file (exportFigure.ts).
import type { Option } from './echarts.ts'
import type { ChartTheme } from './theme.ts'

/** The numbers behind a figure, as they go into a CSV file: one array a row. */
export interface FigureTable {
  columns: string[]
  rows: (string | number | null)[][]
}

export interface TooltipLine {
  label: string
  value: string
  /** A colour of the theme; none for a line that no mark stands for. */
  colour: keyof ChartTheme | null
}

export interface Figure {
  title: string
  /** Under the figure: what was counted, n, what the band is. */
  caption: string
  /** The same in one or two sentences for those who do not see it. */
  summary: string
  /** Stem of a saved file's name. */
  fileName: string
  table: FigureTable
  /** Title and lines for the place with this index on the horizontal axis. */
  tooltip: (index: number) => { title: string; lines: TooltipLine[] }
  option: (theme: ChartTheme) => Option
  /** Where axis labels stand: the horizontal axis of a figure by step, the vertical one of a figure by category. */
  indexAxis: 'x' | 'y'
  /** Where two axes tell a row of the table apart: the row at a place on them, −1 for none. */
  rowAt?: (x: number, y: number) => number
  /** The series whose data are the table's rows, for the keys; the last one unless it is named. */
  rowSeries?: number
}

/** An estimate and its interval; null where it is undefined. */
export interface Interval {
  value: number | null
  low: number | null
  high: number | null
}

export const labelSize = 11
/** From this many steps on there is a slider to zoom with. */
export const longAxis = 60

const axisName = (theme: ChartTheme) => ({ color: theme.muted, fontSize: labelSize, fontFamily: theme.font })
const axisLabel = (theme: ChartTheme) => ({ color: theme.muted, fontSize: labelSize, fontFamily: theme.font })

/** A horizontal axis of step numbers. */
export function stepAxis(theme: ChartTheme, steps: readonly number[]) {
  return {
    type: 'category' as const,
    name: 'step',
    nameLocation: 'middle' as const,
    nameGap: 24,
    nameTextStyle: axisName(theme),
    data: steps.map(String),
    axisLabel: { ...axisLabel(theme), hideOverlap: true },
    axisLine: { lineStyle: { color: theme.line } },
    axisTick: { show: false },
    axisPointer: {
      show: true,
      type: 'line' as const,
      lineStyle: { color: theme.muted },
      label: { show: false },
    },
  }
}

/** A vertical axis of amounts from 0; the name carries the unit. */
export function amountAxis(theme: ChartTheme, name: string, max?: number, interval?: number) {
  return {
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap: 38,
    nameTextStyle: axisName(theme),
    min: 0,
    ...(max === undefined ? {} : { max }),
    ...(interval === undefined ? {} : { interval }),
    splitNumber: 4,
    axisLabel: axisLabel(theme),
    splitLine: { lineStyle: { color: theme.line } },
    axisPointer: { show: false },
  }
}

/** A horizontal or vertical axis of numbers. */
export function valueAxis(
  theme: ChartTheme,
  name: string,
  range: { min?: number; max?: number; interval?: number; gap?: number },
) {
  return {
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap: range.gap ?? 24,
    nameTextStyle: axisName(theme),
    min: range.min,
    max: range.max,
    interval: range.interval,
    splitNumber: 4,
    axisLabel: { ...axisLabel(theme), hideOverlap: true },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: theme.line } },
  }
}

/** An axis of names; a muted one is drawn so. */
export function nameAxis(
  theme: ChartTheme,
  name: string,
  names: readonly { text: string; isMuted?: boolean }[],
) {
  return {
    type: 'category' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap: 24,
    nameTextStyle: axisName(theme),
    data: names.map(({ text, isMuted = false }) => ({
      value: text,
      textStyle: { color: isMuted ? theme.muted : theme.text },
    })),
    axisLabel: { fontSize: labelSize, fontFamily: theme.font, hideOverlap: true },
    axisLine: { show: false },
    axisTick: { show: false },
  }
}

const tooltip = (theme: ChartTheme) => ({
  confine: true,
  backgroundColor: theme.overlay,
  borderColor: theme.line,
  padding: 8,
  textStyle: { color: theme.text, fontFamily: theme.font, fontSize: 12 },
})

/** What stands at a place of the index axis. */
export const axisTooltip = (theme: ChartTheme) => ({ ...tooltip(theme), trigger: 'axis' as const })

/** What stands at one mark. */
export const itemTooltip = (theme: ChartTheme) => ({ ...tooltip(theme), trigger: 'item' as const })

/** Room for the names left of a plot: about 6.4 points a letter. */
export const nameRoom = (names: readonly string[], most = 240): number =>
  Math.min(most, Math.max(48, ...names.map((name) => Math.round(name.length * 6.4) + 16)))

/** Zooming for long axes only: on a short one it would swallow the wheel. */
export function stepZoom(theme: ChartTheme, steps: number) {
  if (steps < longAxis) return []
  return [
    { type: 'inside' as const, zoomOnMouseWheel: 'ctrl' as const },
    {
      type: 'slider' as const,
      height: 12,
      bottom: 4,
      borderColor: theme.line,
      backgroundColor: theme.ground,
      fillerColor: theme.control,
      dataBackground: { lineStyle: { opacity: 0 }, areaStyle: { opacity: 0 } },
      selectedDataBackground: { lineStyle: { opacity: 0 }, areaStyle: { opacity: 0 } },
      handleStyle: { color: theme.ground, borderColor: theme.muted },
      moveHandleSize: 0,
      textStyle: axisLabel(theme),
      showDetail: false,
    },
  ]
}

/** A band behind the chosen step. Goes into one series of the figure. */
export function stepMark(theme: ChartTheme, index: number) {
  if (index < 0) return {}
  return {
    markLine: {
      silent: true,
      symbol: 'none',
      label: { show: false },
      lineStyle: { color: theme.accent, width: 2, type: 'solid' as const, opacity: 0.7 },
      data: [{ xAxis: index }],
    },
  }
}
