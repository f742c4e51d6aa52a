// Figures of benchmarks' results, made of the page's own chart code.
import type { Figure } from '../../renderer/charts/figure.ts'
import { labelSize, nameAxis, nameRoom, valueAxis } from '../../renderer/charts/figure.ts'
import type { ChartTheme } from '../../renderer/charts/theme.ts'
import { rateAt, type CellPlace, type SettingRecord } from '../shared/cells.ts'
import { rounded } from '../shared/measuring.ts'

export interface Bar {
  name: string
  value: number
  isOurs: boolean
}

interface Words {
  title: string
  caption: string
  axis: string
  fileName: string
}

const plain = { summary: '', tooltip: () => ({ title: '', lines: [] }) }
const colours: (keyof ChartTheme)[] = ['accent', 'invalid', 'win', 'valid', 'baseline', 'warning']

/** One bar for each entry, ours in the accent, with its number beside it. */
export function barsFigure(bars: readonly Bar[], words: Words): Figure {
  const names = bars.map(({ name }) => name)
  return {
    ...words,
    ...plain,
    indexAxis: 'y',
    table: { columns: ['what', words.axis], rows: bars.map(({ name, value }) => [name, value]) },
    option: (theme) => ({
      animation: false,
      grid: { left: nameRoom(names) + 24, right: 72, top: 16, bottom: 40 },
      xAxis: { ...valueAxis(theme, words.axis, { min: 0 }) },
      yAxis: {
        ...nameAxis(
          theme,
          '',
          bars.map(({ name }) => ({ text: name })),
        ),
        inverse: true,
      },
      series: [
        {
          type: 'bar',
          barMaxWidth: 28,
          data: bars.map(({ value, isOurs }) => ({
            value,
            itemStyle: { color: isOurs ? theme.accent : theme.baseline },
          })),
          label: {
            show: true,
            position: 'right',
            color: theme.text,
            fontSize: labelSize,
            formatter: ({ value }) => String(rounded(Number(value))),
          },
        },
      ],
    }),
  }
}

/** Tokens per core-second by rows, a line for each engine and dtype; cells that were skipped are gaps. */
export function ratesFigure(
  records: readonly SettingRecord[],
  { kind, context, batches }: Pick<CellPlace, 'kind' | 'context'> & { batches: readonly number[] },
  words: Words,
): Figure {
  const lines = records
    .map((record) => ({
      name: `${record.engine} ${record.dtype}`,
      rates: batches.map((batch) => rateAt(record, { kind, batch, context })),
    }))
    .filter(({ rates }) => rates.some((rate) => rate !== null))
  return {
    ...words,
    ...plain,
    indexAxis: 'x',
    table: {
      columns: ['rows', ...lines.map(({ name }) => name)],
      rows: batches.map((batch, at) => [batch, ...lines.map(({ rates }) => rates[at] ?? null)]),
    },
    option: (theme) => ({
      animation: false,
      grid: { left: 64, right: 150, top: 16, bottom: 40 },
      xAxis: nameAxis(
        theme,
        'rows at once',
        batches.map((batch) => ({ text: String(batch) })),
      ),
      yAxis: { ...valueAxis(theme, words.axis, { gap: 44 }), type: 'log' as const },
      series: lines.map(({ name, rates }, index) => ({
        type: 'line' as const,
        data: rates.map((rate) => rate ?? '-'),
        connectNulls: true,
        lineStyle: { color: theme[colours[index % colours.length]], width: 2 },
        itemStyle: { color: theme[colours[index % colours.length]] },
        endLabel: {
          show: true,
          formatter: name,
          color: theme[colours[index % colours.length]],
          fontSize: labelSize,
        },
        labelLayout: { moveOverlap: 'shiftY' as const },
      })),
    }),
  }
}
