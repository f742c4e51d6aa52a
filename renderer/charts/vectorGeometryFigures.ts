// How the vectors of an episode's steps lie to each other: their cosines, and their path through a plane.
import { digits, integer, percent, plural } from '../shared/format.ts'
import { hexOf, viridisAt } from '../shared/viridis.ts'
import type { Option } from './echarts.ts'
import { itemTooltip, labelSize, nameAxis, valueAxis, type Figure } from './figure.ts'

/** Blue below 0, white at 0, red above. */
const diverging = ['#2166ac', '#f7f7f7', '#b2182b']
const roomForNumbers = 13

/** Cosines of every pair. @param cosines  null where one of the two is refused */
export function cosineFigure(
  labels: readonly string[],
  cosines: readonly (readonly (number | null)[])[],
): Figure {
  const cells = cosines.flatMap((row, y) => row.map((value, x) => ({ x, y, value })))
  const pairs = cells.flatMap(({ x, y, value }) => (x < y && value !== null ? [value] : []))
  const mean = pairs.length === 0 ? null : pairs.reduce((sum, value) => sum + value, 0) / pairs.length
  return {
    title: 'Cosines between steps',
    caption: `Cosine of each pair of vectors; blue below 0, red above; empty: no vector there. Mean off the diagonal ${digits(mean)}; n = ${plural(labels.length, 'vector')}.`,
    summary:
      mean === null
        ? 'There is no pair of vectors.'
        : `Pairs have a mean cosine of ${digits(mean)}, from ${digits(Math.min(...pairs))} to ${digits(Math.max(...pairs))}.`,
    fileName: 'vector-cosines',
    indexAxis: 'x',
    rowAt: (x, y) => cells.findIndex((cell) => cell.x === Math.round(x) && cell.y === Math.round(y)),
    table: {
      columns: ['step', 'other_step', 'cosine'],
      rows: cells.map(({ x, y, value }) => [labels[y] ?? y, labels[x] ?? x, value]),
    },
    tooltip: (i) => {
      const cell = cells[i]
      return {
        title: cell ? `Steps ${labels[cell.y] ?? ''} and ${labels[cell.x] ?? ''}` : '',
        lines: cell ? [{ label: 'cosine', value: cell.value?.toFixed(3) ?? 'no vector', colour: null }] : [],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 56, right: 72, top: 12, bottom: 40 },
      tooltip: itemTooltip(theme),
      visualMap: {
        type: 'continuous',
        dimension: 2,
        min: -1,
        max: 1,
        orient: 'vertical',
        right: 18,
        top: 'middle',
        itemWidth: 8,
        itemHeight: 90,
        text: ['1', '−1'],
        textGap: 4,
        textStyle: { color: theme.muted, fontSize: 10, fontFamily: theme.font },
        calculable: false,
        hoverLink: false,
        inRange: { color: diverging },
      },
      xAxis: nameAxis(
        theme,
        'step',
        labels.map((text) => ({ text })),
      ),
      yAxis: {
        ...nameAxis(
          theme,
          'step',
          labels.map((text) => ({ text })),
        ),
        inverse: true,
        nameGap: 32,
      },
      series: [
        {
          type: 'heatmap',
          name: 'cosine',
          itemStyle: { borderColor: theme.ground, borderWidth: 1 },
          data: cells.map(({ x, y, value }) => ({
            value: [x, y, value ?? '-'],
            label: {
              show: value !== null && labels.length <= roomForNumbers,
              formatter: value?.toFixed(2).replace('0.', '.').replace('-', '−') ?? '',
              color: Math.abs(value ?? 0) > 0.6 ? '#ffffff' : '#16181d',
              fontSize: labels.length > 10 ? 9 : labelSize,
              fontFamily: theme.font,
            },
          })),
        },
      ],
    }),
  }
}

/** The vectors on the first two principal components of themselves, joined in the order of their steps. */
export function pathFigure(
  labels: readonly string[],
  points: readonly ({ x: number; y: number } | null)[],
  explained: readonly number[],
): Figure {
  const there = points.flatMap((point, i) => (point ? [{ ...point, label: labels[i] ?? '', i }] : []))
  const axis = (component: number): string => {
    const part = explained[component]
    return `PC ${component + 1}${part === undefined ? '' : ` (${percent(part)} of variance)`}`
  }
  const colourOf = (i: number): string => hexOf(viridisAt(labels.length < 2 ? 0 : i / (labels.length - 1)))
  return {
    title: 'Path of the vector over steps',
    caption: `First two principal components of the steps’ vectors; numbers: steps, dark to light. The sign of a component is arbitrary; n = ${plural(there.length, 'vector')}.`,
    summary: `${integer(there.length)} vectors; the two components hold ${percent((explained[0] ?? 0) + (explained[1] ?? 0))} of their variance.`,
    fileName: 'vector-path',
    indexAxis: 'x',
    rowAt: () => -1,
    table: {
      columns: ['step', 'pc_1', 'pc_2'],
      rows: there.map(({ label, x, y }) => [label, x, y]),
    },
    tooltip: (i) => ({
      title: `Step ${there[i]?.label ?? ''}`,
      lines: [
        { label: 'PC 1', value: digits(there[i]?.x ?? null), colour: null },
        { label: 'PC 2', value: digits(there[i]?.y ?? null), colour: null },
      ],
    }),
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 56, right: 20, top: 16, bottom: 40 },
      tooltip: itemTooltip(theme),
      xAxis: { ...valueAxis(theme, axis(0), {}), scale: true },
      yAxis: { ...valueAxis(theme, axis(1), { gap: 42 }), scale: true },
      series: [
        {
          type: 'line',
          name: 'path',
          silent: true,
          symbol: 'none',
          lineStyle: { color: theme.baseline, width: 1 },
          data: there.map(({ x, y }) => [x, y]),
        },
        {
          type: 'scatter',
          name: 'vectors',
          symbolSize: 9,
          data: there.map(({ x, y, label, i }) => ({
            value: [x, y],
            itemStyle: { color: colourOf(i), borderColor: theme.muted, borderWidth: 0.5 },
            label: {
              show: true,
              position: 'top' as const,
              distance: 4,
              formatter: label,
              color: theme.text,
              fontSize: labelSize,
              fontFamily: theme.font,
            },
          })),
          labelLayout: { hideOverlap: true },
        },
      ],
    }),
  }
}
