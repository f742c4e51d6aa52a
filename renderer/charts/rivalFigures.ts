// A probe beside its rivals and controls: who tells the classes apart as well, and what chance alone would give.
import { digits, integer, plural, share, withInterval } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import {
  axisTooltip,
  itemTooltip,
  labelSize,
  nameAxis,
  nameRoom,
  valueAxis,
  amountAxis,
  type Figure,
  type Interval,
} from './figure.ts'
import { intervalLines } from './intervalMarks.ts'
import type { ChartTheme } from './theme.ts'

export interface Contender {
  title: string
  kind: 'probe' | 'rival' | 'control'
  auroc: Interval
  accuracy: Interval
  /** Probe − this one, on the same resamples; null for the probe and for controls. */
  advantage: Interval | null
  /** Known no later than what the probe reads. */
  isAvailable: boolean
  /** Why it could not be judged. */
  missing: string | null
}

/** Labels permuted between episodes: what the same training finds where there is nothing to find. */
export interface Permuted {
  auroc: readonly number[]
  p: number | null
}

const colourOf = ({ kind, isAvailable }: Contender): keyof ChartTheme =>
  kind === 'probe' ? 'accent' : kind === 'rival' && isAvailable ? 'invalid' : 'baseline'
/** For names, left of the plot. */
const mostRoom = 190

const isHollow = ({ kind, isAvailable }: Contender): boolean => kind === 'control' || !isAvailable
const nameOf = (row: Contender): string =>
  row.kind === 'rival' && !row.isAvailable ? `${row.title} (later)` : row.title

const figureOf = ({ auroc, missing }: Contender): string =>
  auroc.value === null || missing !== null ? 'not judged' : withInterval(auroc)

/** Middle 95 % of the values; null where there are too few to say. */
export function middleOf(values: readonly number[]): { low: number; high: number } | null {
  if (values.length < 20) return null
  const sorted = [...values].sort((a, b) => a - b)
  const at = (part: number): number => {
    const place = part * (sorted.length - 1)
    const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0]
    return low + (high - low) * (place - Math.floor(place))
  }
  return { low: at(0.025), high: at(0.975) }
}

/** Dots with intervals, one row each in the order given: the probe first. */
export function contendersFigure(rows: readonly Contender[], permuted: Permuted | null, n: number): Figure {
  const band = permuted && middleOf(permuted.auroc)
  const names = rows.map(nameOf)
  const lows = rows.flatMap(({ auroc }) => [auroc.low ?? auroc.value ?? 1])
  const from = Math.max(0, Math.floor(Math.min(0.4, band?.low ?? 1, ...lows) * 10) / 10)
  const later = rows.filter((row) => row.kind === 'rival' && !row.isAvailable).length
  const best = rows
    .filter((row) => row.kind === 'rival' && row.isAvailable && row.auroc.value !== null)
    .sort((a, b) => (b.auroc.value ?? 0) - (a.auroc.value ?? 0))[0]
  const [probe] = rows
  return {
    title: 'Probe, rivals and controls',
    caption:
      `AUROC on held-out episodes, same folds; lines: 95 % intervals from resampled episodes; n = ${plural(n, 'test sample')}. ` +
      (band ? 'Grey band: middle 95 % of the probe with permuted labels. ' : '') +
      'Dashed: chance.' +
      (later > 0 ? ' Hollow and greyed: read what is written after the probe’s moment.' : ''),
    summary:
      `The probe reaches ${withInterval(probe?.auroc ?? { value: null, low: null, high: null })}.` +
      (best ? ` The best rival known at the same moment is ${best.title}, ${withInterval(best.auroc)}.` : ''),
    fileName: 'probe-and-rivals',
    indexAxis: 'y',
    rowSeries: 2,
    table: {
      columns: [
        ...['predictor', 'kind', 'available', 'auroc', 'auroc_low_95', 'auroc_high_95'],
        ...['accuracy', 'advantage', 'advantage_low_95', 'advantage_high_95', 'missing'],
      ],
      rows: rows.map((row) => [
        ...[row.title, row.kind, row.isAvailable ? 'yes' : 'later'],
        ...[row.auroc.value, row.auroc.low, row.auroc.high, row.accuracy.value],
        ...[row.advantage?.value ?? null, row.advantage?.low ?? null, row.advantage?.high ?? null],
        row.missing ?? '',
      ]),
    },
    tooltip: (i) => {
      const row = rows[i]
      if (!row) return { title: '', lines: [] }
      const lines = [{ label: 'AUROC', value: withInterval(row.auroc), colour: colourOf(row) }]
      const plain = (label: string, value: string) => ({ label, value, colour: null })
      return {
        title: nameOf(row),
        lines: [
          ...(row.missing === null ? lines : [plain('not judged', row.missing)]),
          ...(row.accuracy.value === null ? [] : [plain('accuracy', withInterval(row.accuracy))]),
          ...(row.advantage === null ? [] : [plain('probe is ahead by', withInterval(row.advantage))]),
        ],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: nameRoom(names, mostRoom), right: 132, top: 12, bottom: 40 },
      tooltip: itemTooltip(theme),
      xAxis: valueAxis(theme, 'AUROC', { min: from, max: 1, interval: 0.1 }),
      yAxis: [
        {
          ...nameAxis(
            theme,
            '',
            rows.map((row, i) => ({ text: names[i] ?? '', isMuted: !row.isAvailable })),
          ),
          inverse: true,
          // A long name takes two lines: a row is high enough for both.
          axisLabel: {
            fontSize: labelSize,
            fontFamily: theme.font,
            width: mostRoom - 12,
            overflow: 'break',
            lineHeight: labelSize,
            interval: 0,
          },
        },
        // The numbers stand in a column of their own, where no mark can cover them.
        {
          ...nameAxis(
            theme,
            '',
            rows.map((row) => ({ text: figureOf(row), isMuted: row.kind !== 'probe' })),
          ),
          inverse: true,
          position: 'right',
        },
      ],
      series: [
        {
          type: 'line',
          name: 'chance',
          silent: true,
          symbol: 'none',
          lineStyle: { color: theme.muted, width: 1, type: 'dashed' },
          data: [
            [0.5, 0],
            [0.5, Math.max(0, rows.length - 1)],
          ],
        },
        intervalLines(
          theme,
          rows.map((row, place) => ({ place, interval: row.auroc, colour: colourOf(row) })),
        ),
        {
          type: 'scatter',
          name: 'AUROC',
          z: 3,
          data: rows.map((row, place) => ({
            value: [row.auroc.value ?? '-', place],
            symbol: row.kind === 'probe' ? 'diamond' : 'circle',
            symbolSize: row.kind === 'probe' ? 13 : 9,
            itemStyle: {
              color: isHollow(row) ? theme.ground : theme[colourOf(row)],
              borderColor: theme[colourOf(row)],
              borderWidth: 2,
            },
          })),
          ...(band
            ? {
                markArea: {
                  silent: true,
                  itemStyle: { color: theme.control, opacity: 0.45 },
                  data: [[{ xAxis: Math.max(from, band.low) }, { xAxis: band.high }]],
                },
              }
            : {}),
        },
      ],
    }),
  }
}

/** Counts of values in equal bins over all of them and `also`. */
export function binsOf(
  values: readonly number[],
  also: number | null,
  most = 24,
): { edges: number[]; counts: number[] } {
  if (values.length === 0) return { edges: [], counts: [] }
  const all = also === null ? values : [...values, also]
  const width = Math.max(0.005, (Math.max(...all) - Math.min(...all)) / most)
  const low = Math.floor(Math.min(...all) / width) * width
  const counts = Array<number>(Math.max(1, Math.ceil((Math.max(...all) - low) / width + 1e-9))).fill(0)
  for (const value of values) {
    const bin = Math.min(counts.length - 1, Math.floor((value - low) / width))
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  return { edges: [...counts.map((_, i) => low + i * width), low + counts.length * width], counts }
}

/** What permuted labels give, and where the probe stands among it. */
export function permutationFigure(permuted: Permuted, probe: number | null): Figure {
  const { edges, counts } = binsOf(permuted.auroc, probe)
  const most = Math.max(1, ...counts)
  const n = permuted.auroc.length
  const beaten = probe === null ? null : permuted.auroc.filter((value) => value >= probe).length
  return {
    title: 'Permuted labels',
    caption: `AUROC of the same training after labels were exchanged between episodes; n = ${plural(n, 'permutation')}. p = (1 + those at least as high) / (1 + n) = ${digits(permuted.p)}.`,
    summary:
      beaten === null
        ? 'The probe has no AUROC to compare.'
        : `${integer(beaten)} of ${plural(n, 'permutation')} reached the probe’s ${share(probe)}; p = ${digits(permuted.p)}.`,
    fileName: 'permuted-labels',
    indexAxis: 'x',
    rowSeries: 0,
    table: {
      columns: ['auroc_from', 'auroc_to', 'permutations'],
      rows: counts.map((count, i) => [edges[i] ?? null, edges[i + 1] ?? null, count]),
    },
    tooltip: (i) => ({
      title: `AUROC ${share(edges[i] ?? null)} to ${share(edges[i + 1] ?? null)}`,
      lines: [{ label: 'permutations', value: integer(counts[i] ?? 0), colour: 'baseline' }],
    }),
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 52, right: 60, top: 16, bottom: 40 },
      tooltip: axisTooltip(theme),
      xAxis: valueAxis(theme, 'AUROC', { min: edges[0], max: Math.max(edges.at(-1) ?? 1, probe ?? 0) }),
      yAxis: amountAxis(theme, 'permutations'),
      series: [
        {
          // A value holds until the next edge: the area under the steps is the histogram.
          type: 'line',
          name: 'permutations',
          step: 'end',
          symbol: 'none',
          lineStyle: { color: theme.baseline, width: 1 },
          areaStyle: { color: theme.control, opacity: 0.8 },
          data: edges.map((edge, i) => [edge, counts[i] ?? 0]),
        },
        ...(probe === null
          ? []
          : [
              {
                type: 'line' as const,
                name: 'probe',
                silent: true,
                tooltip: { show: false },
                symbol: 'none',
                lineStyle: { color: theme.accent, width: 2 },
                data: [
                  [probe, 0],
                  [probe, most],
                ],
                endLabel: {
                  show: true,
                  formatter: 'probe',
                  color: theme.accent,
                  fontFamily: theme.font,
                  fontSize: labelSize,
                },
              },
            ]),
      ],
    }),
  }
}
