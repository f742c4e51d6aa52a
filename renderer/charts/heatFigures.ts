// Figures of cells on two axes: layers × poolings, steps × steps, classes × classes.
import { digits, integer, percent, plural, withInterval } from '../shared/format.ts'
import { hexOf, inkOn, viridis, viridisAt } from '../shared/viridis.ts'
import type { Option } from './echarts.ts'
import {
  itemTooltip,
  labelSize,
  longAxis,
  nameAxis,
  nameRoom,
  stepZoom,
  type Figure,
  type Interval,
} from './figure.ts'
import type { ChartTheme } from './theme.ts'

const colours = viridis.map(hexOf)

/** The scale of a heat map, at its right edge. */
const scaleOf = (theme: ChartTheme, min: number, max: number) => ({
  type: 'continuous' as const,
  dimension: 2,
  min,
  max,
  orient: 'vertical' as const,
  right: 18,
  top: 'middle' as const,
  itemWidth: 8,
  itemHeight: 90,
  text: [max.toFixed(2), min.toFixed(2)],
  textGap: 4,
  textStyle: { color: theme.muted, fontSize: 10, fontFamily: theme.font },
  calculable: false,
  hoverLink: false,
  inRange: { color: colours },
})

const cellLabel = (theme: ChartTheme, text: string, place: number) => ({
  show: text !== '',
  formatter: text,
  color: inkOn(viridisAt(place)),
  fontSize: labelSize,
  fontFamily: theme.font,
})

export interface SweepCell {
  layer: number
  /** In words. */
  pooling: string
  auroc: Interval
  accuracy: Interval
  n: number
}

/** AUROC of every layer and pooling; the chosen cell is framed. Rows of the table are the cells in the order given. */
export function sweepFigure(
  cells: readonly SweepCell[],
  chosen: { layer: number; pooling: string } | null,
): Figure {
  const layers = [...new Set(cells.map((cell) => cell.layer))].sort((a, b) => a - b)
  const poolings = [...new Set(cells.map((cell) => cell.pooling))]
  const values = cells.flatMap(({ auroc }) => auroc.value ?? [])
  const min = Math.min(0.5, ...values)
  const max = Math.max(0.6, ...values)
  const indexOf = (x: number, y: number): number =>
    cells.findIndex(
      (cell) => cell.layer === layers[Math.round(x)] && cell.pooling === poolings[Math.round(y)],
    )
  const best = cells
    .filter((cell) => cell.auroc.value !== null)
    .sort((a, b) => b.auroc.value! - a.auroc.value!)[0]
  const isRoomy = layers.length <= 14
  return {
    title: 'Layer × pooling',
    caption: `AUROC on held-out episodes; n ≤ ${plural(Math.max(0, ...cells.map((cell) => cell.n)), 'row')} a cell. Framed: the probe that is shown. The best of ${integer(cells.length)} cells is too high by chance alone.`,
    summary: best
      ? `Best is layer ${best.layer} with ${best.pooling}, ${withInterval(best.auroc)}.`
      : 'No cell could be judged.',
    fileName: 'layer-by-pooling',
    indexAxis: 'x',
    rowSeries: 0,
    rowAt: indexOf,
    table: {
      columns: ['layer', 'pooling', 'auroc', 'auroc_low_95', 'auroc_high_95', 'accuracy', 'n'],
      rows: cells.map(({ layer, pooling, auroc, accuracy, n }) => [
        ...[layer, pooling, auroc.value, auroc.low, auroc.high],
        ...[accuracy.value, n],
      ]),
    },
    tooltip: (i) => {
      const cell = cells[i]
      return {
        title: cell ? `Layer ${cell.layer}, ${cell.pooling}` : '',
        lines: cell
          ? [
              { label: 'AUROC', value: withInterval(cell.auroc), colour: null },
              { label: 'accuracy', value: withInterval(cell.accuracy), colour: null },
              { label: 'rows', value: integer(cell.n), colour: null },
            ]
          : [],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: nameRoom(poolings), right: 76, top: 12, bottom: 40 },
      tooltip: itemTooltip(theme),
      visualMap: scaleOf(theme, min, max),
      xAxis: nameAxis(
        theme,
        'layer',
        layers.map((layer) => ({ text: String(layer) })),
      ),
      yAxis: nameAxis(
        theme,
        '',
        poolings.map((text) => ({ text })),
      ),
      series: [
        {
          type: 'heatmap',
          name: 'AUROC',
          data: cells.map((cell) => {
            const value = cell.auroc.value
            return {
              value: [layers.indexOf(cell.layer), poolings.indexOf(cell.pooling), value ?? '-'],
              label: cellLabel(
                theme,
                isRoomy && value !== null ? value.toFixed(2) : '',
                ((value ?? min) - min) / (max - min),
              ),
              itemStyle: { borderColor: theme.ground, borderWidth: 1 },
            }
          }),
        },
        {
          // Above all cells, so that no neighbour covers a side of the frame.
          type: 'heatmap',
          name: 'shown',
          silent: true,
          z: 3,
          data: cells
            .filter((cell) => cell.layer === chosen?.layer && cell.pooling === chosen.pooling)
            .map((cell) => {
              const { value } = cell.auroc
              return {
                value: [layers.indexOf(cell.layer), poolings.indexOf(cell.pooling), value ?? '-'],
                label: cellLabel(
                  theme,
                  isRoomy && value !== null ? value.toFixed(2) : '',
                  ((value ?? min) - min) / (max - min),
                ),
                itemStyle: { borderColor: theme.text, borderWidth: 3 },
              }
            }),
        },
      ],
    }),
  }
}

export interface TransferCell {
  /** Steps that were trained on and judged on: `3` or `0–4`. */
  train: string
  test: string
  auroc: Interval
  n: number
  missing: string | null
}

/** Trained on one step, judged on another. */
export function transferFigure(cells: readonly TransferCell[]): Figure {
  const trains = [...new Set(cells.map((cell) => cell.train))]
  const tests = [...new Set(cells.map((cell) => cell.test))]
  return {
    title: 'Trained on one step, judged on another',
    caption: `AUROC on held-out episodes; n ≤ ${plural(Math.max(0, ...cells.map((cell) => cell.n)), 'test sample')} a cell. Empty: too few samples or one class.`,
    summary: `${integer(cells.filter((cell) => cell.auroc.value !== null).length)} of ${plural(cells.length, 'pair')} of steps could be judged.`,
    fileName: 'step-transfer',
    indexAxis: 'x',
    rowAt: (x, y) =>
      cells.findIndex((cell) => cell.test === tests[Math.round(x)] && cell.train === trains[Math.round(y)]),
    table: {
      columns: ['train_step', 'test_step', 'auroc', 'low_95', 'high_95', 'n', 'missing'],
      rows: cells.map(({ train, test, auroc, n, missing }) => [
        ...[train, test, auroc.value, auroc.low, auroc.high],
        ...[n, missing ?? ''],
      ]),
    },
    tooltip: (i) => {
      const cell = cells[i]
      return {
        title: cell ? `Trained on step ${cell.train}, judged on ${cell.test}` : '',
        lines: cell
          ? [
              { label: 'AUROC', value: cell.missing ?? withInterval(cell.auroc), colour: null },
              { label: 'test samples', value: integer(cell.n), colour: null },
            ]
          : [],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 56, right: 76, top: 12, bottom: 40 },
      tooltip: itemTooltip(theme),
      visualMap: scaleOf(theme, 0.5, 1),
      xAxis: nameAxis(
        theme,
        'judged on step',
        tests.map((text) => ({ text })),
      ),
      yAxis: {
        ...nameAxis(
          theme,
          'trained on step',
          trains.map((text) => ({ text })),
        ),
        nameGap: 32,
      },
      series: [
        {
          type: 'heatmap',
          name: 'AUROC',
          itemStyle: { borderColor: theme.ground, borderWidth: 1 },
          data: cells.map((cell) => [
            tests.indexOf(cell.test),
            trains.indexOf(cell.train),
            cell.auroc.value ?? '-',
          ]),
        },
      ],
    }),
  }
}

/** How often each true class was called which; colour: share of the true class. @param counts  [true, named] */
export function confusionFigure(classes: readonly string[], counts: readonly (readonly number[])[]): Figure {
  const totals = counts.map((row) => row.reduce((sum, value) => sum + value, 0))
  const cells = counts.flatMap((row, truth) =>
    row.map((count, named) => ({ truth, named, count, part: totals[truth] ? count / totals[truth] : null })),
  )
  const n = totals.reduce((sum, value) => sum + value, 0)
  const right = counts.reduce((sum, row, i) => sum + (row[i] ?? 0), 0)
  const nameOf = (index: number): string => classes[index] ?? String(index)
  return {
    title: 'Confusion',
    caption: `Held-out predictions, all folds together; colour: share of the true class; n = ${plural(n, 'sample')}.`,
    summary: `${integer(right)} of ${plural(n, 'sample')} were named rightly${n > 0 ? ` (${percent(right / n)})` : ''}.`,
    fileName: 'confusion',
    indexAxis: 'x',
    rowAt: (x, y) => cells.findIndex((cell) => cell.named === Math.round(x) && cell.truth === Math.round(y)),
    table: {
      columns: ['true_class', 'named_class', 'samples', 'share_of_true_class'],
      rows: cells.map(({ truth, named, count, part }) => [nameOf(truth), nameOf(named), count, part]),
    },
    tooltip: (i) => {
      const cell = cells[i]
      return {
        title: cell ? `${nameOf(cell.truth)}, called ${nameOf(cell.named)}` : '',
        lines: cell
          ? [
              { label: 'samples', value: integer(cell.count), colour: null },
              { label: 'of the true class', value: percent(cell.part), colour: null },
            ]
          : [],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: nameRoom(classes, 140) + 20, right: 76, top: 12, bottom: 40 },
      tooltip: itemTooltip(theme),
      visualMap: scaleOf(theme, 0, 1),
      xAxis: nameAxis(
        theme,
        'called',
        classes.map((text) => ({ text })),
      ),
      yAxis: {
        ...nameAxis(
          theme,
          'is',
          classes.map((text) => ({ text })),
        ),
        inverse: true,
        nameGap: nameRoom(classes, 140) - 4,
      },
      series: [
        {
          type: 'heatmap',
          name: 'share',
          itemStyle: { borderColor: theme.ground, borderWidth: 2 },
          data: cells.map(({ truth, named, count, part }) => ({
            value: [named, truth, part ?? '-'],
            label: cellLabel(theme, `${integer(count)} · ${percent(part)}`, part ?? 0),
          })),
        },
      ],
    }),
  }
}

/** What a probe's direction finds at each layer and position: blue below 0, white at 0, red above. */
export function attributionFigure(
  layers: readonly number[],
  tokens: readonly string[],
  values: ArrayLike<number>,
): Figure {
  const cells = layers.flatMap((layer, row) =>
    tokens.map((token, column) => ({
      layer,
      column,
      token,
      value: values[row * tokens.length + column] ?? 0,
    })),
  )
  const most = Math.max(1e-9, ...cells.map(({ value }) => Math.abs(value)))
  return {
    title: 'Direction · activation by layer and token',
    caption: `What the probe’s direction finds at each layer and position, without the intercept; blue below 0, red above; n = ${plural(tokens.length, 'token')} × ${plural(layers.length, 'layer')}.`,
    summary: `Values lie between ${digits(-most)} and ${digits(most)}.`,
    fileName: 'attribution',
    indexAxis: 'x',
    rowAt: (x, y) => {
      const [column, row] = [Math.round(x), Math.round(y)]
      const isInside = column >= 0 && column < tokens.length && row >= 0 && row < layers.length
      return isInside ? row * tokens.length + column : -1
    },
    table: {
      columns: ['layer', 'position', 'token', 'direction_dot_activation'],
      rows: cells.map(({ layer, column, token, value }) => [layer, column, token, value]),
    },
    tooltip: (i) => {
      const cell = cells[i]
      return {
        title: cell ? `Layer ${cell.layer}, token ${cell.column} “${cell.token}”` : '',
        lines: cell
          ? [{ label: 'direction · activation', value: cell.value.toPrecision(4), colour: null }]
          : [],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 52, right: 76, top: 12, bottom: tokens.length >= longAxis ? 60 : 40 },
      tooltip: itemTooltip(theme),
      dataZoom: stepZoom(theme, tokens.length),
      visualMap: {
        ...scaleOf(theme, -most, most),
        inRange: { color: ['#2166ac', '#f7f7f7', '#b2182b'] },
        text: [digits(most), digits(-most)],
      },
      xAxis: {
        ...nameAxis(
          theme,
          'token',
          tokens.map((text) => ({ text: text.trim() || '·', isMuted: true })),
        ),
        nameGap: 26,
      },
      yAxis: {
        ...nameAxis(
          theme,
          'layer',
          layers.map((layer) => ({ text: String(layer) })),
        ),
        nameGap: 32,
      },
      series: [
        {
          type: 'heatmap',
          name: 'direction · activation',
          data: cells.map(({ column, value }, i) => [column, Math.floor(i / tokens.length), value]),
        },
      ],
    }),
  }
}
