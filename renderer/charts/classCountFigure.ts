// How many rows of each class a data set has at each step.
import { integer, percent, plural } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import { amountAxis, axisTooltip, longAxis, stepAxis, stepZoom, type Figure } from './figure.ts'
import type { ChartTheme } from './theme.ts'

export interface ClassCounts {
  classes: readonly string[]
  steps: readonly { step: number; counts: readonly number[] }[]
  /** Of each class; colours repeat where there are more. */
  colours: readonly (keyof ChartTheme)[]
}

export function classCountFigure({ classes, steps, colours }: ClassCounts): Figure {
  const totals = classes.map((_, label) => steps.reduce((sum, { counts }) => sum + (counts[label] ?? 0), 0))
  const n = totals.reduce((sum, total) => sum + total, 0)
  const colourOf = (label: number): keyof ChartTheme => colours[label % colours.length] ?? 'accent'
  const words = classes.map((name, label) => `${name} ${integer(totals[label] ?? 0)}`)
  const oneSided = steps.filter(({ counts }) => counts.filter((count) => count > 0).length === 1).length
  return {
    title: 'Rows by step',
    caption: `${words.join(' · ')}; n = ${plural(n, 'row')}.${oneSided > 0 ? ` ${plural(oneSided, 'step')} with one class only.` : ''}`,
    summary: `${plural(n, 'row')}: ${words.join(', ')}.`,
    fileName: 'rows-by-step',
    indexAxis: 'x',
    table: {
      columns: ['step', ...classes],
      rows: steps.map(({ step, counts }) => [step, ...classes.map((_, label) => counts[label] ?? 0)]),
    },
    tooltip: (i) => {
      const counts = steps[i]?.counts ?? []
      const here = counts.reduce((sum, count) => sum + count, 0)
      return {
        title: `Step ${steps[i]?.step ?? ''}`,
        lines: classes.map((label, k) => ({
          label,
          value: `${integer(counts[k] ?? 0)} · ${percent(here > 0 ? (counts[k] ?? 0) / here : null)}`,
          colour: colourOf(k),
        })),
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 52, right: 12, top: 10, bottom: steps.length >= longAxis ? 60 : 40 },
      tooltip: axisTooltip(theme),
      xAxis: stepAxis(
        theme,
        steps.map(({ step }) => step),
      ),
      yAxis: { ...amountAxis(theme, 'rows'), minInterval: 1 },
      dataZoom: stepZoom(theme, steps.length),
      series: classes.map((name, label) => ({
        type: 'bar' as const,
        name,
        stack: 'rows',
        barCategoryGap: steps.length > 40 ? 0 : '20%',
        color: theme[colourOf(label)],
        data: steps.map(({ counts }) => counts[label] ?? 0),
      })),
    }),
  }
}
