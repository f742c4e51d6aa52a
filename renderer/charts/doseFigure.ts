// How an outcome follows the dose of a vector, among random directions, beside a line at the baseline.
import { integer, percent, plural } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import { itemTooltip, labelSize, valueAxis, type Figure } from './figure.ts'
import type { ChartTheme } from './theme.ts'
import { bandOver } from './vectorFigures.ts'

export type DoseRole = 'steered' | 'negated' | 'shuffled' | 'orthogonal' | 'random'

/** One condition with a vector: its rate, and the interval of its difference to the baseline laid on the baseline's rate. */
export interface DosePoint {
  title: string
  role: DoseRole
  alpha: number
  rate: number | null
  low: number | null
  high: number | null
  /** Pairs of episodes. */
  pairs: number
}

export interface DosePlot {
  /** What is counted: `invalid rate`. */
  metric: string
  baseline: number | null
  points: readonly DosePoint[]
  /** The instruction in words, without a vector. */
  prompt: number | null
  /** Residual norms instead of lengths of the vector. */
  isNormUnit: boolean
}

const shapes: Record<DoseRole, string> = {
  steered: 'circle',
  negated: 'circle',
  shuffled: 'triangle',
  orthogonal: 'diamond',
  random: 'circle',
}
const words: Record<DoseRole, string> = {
  steered: '● steered',
  negated: '○ opposite sign',
  shuffled: '▲ shuffled labels',
  orthogonal: '◆ orthogonalised',
  random: 'grey: random directions, each a dot, band from least to most',
}
const blues = ['steered1', 'steered2', 'steered3', 'steered4'] as const

/** Weak doses pale, strong ones dark, by their rank among those that were played. */
export function blueOf(alpha: number, doses: readonly number[]): (typeof blues)[number] {
  const sizes = [...new Set(doses.map(Math.abs))].sort((a, b) => a - b)
  const rank = sizes.indexOf(Math.abs(alpha))
  const place = sizes.length < 2 ? 3 : Math.round((3 * Math.max(0, rank)) / (sizes.length - 1))
  return blues[place] ?? 'steered4'
}

/** Points with intervals over α; the band of the random directions begins at the baseline, where a dose is none. */
export function doseFigure({ metric, baseline, points, prompt, isNormUnit }: DosePlot): Figure {
  const drawn = points.filter(({ rate }) => rate !== null)
  const own = drawn.filter(({ role }) => role !== 'random').sort((a, b) => a.alpha - b.alpha)
  const randoms = drawn.filter(({ role }) => role === 'random')
  const doses = own.filter(({ role }) => role === 'steered').map(({ alpha }) => alpha)
  const curve = own.filter(({ role }) => role === 'steered' || role === 'negated')
  const roles = (['steered', 'negated', 'shuffled', 'orthogonal', 'random'] as const).filter((role) =>
    drawn.some((point) => point.role === role),
  )
  const alphas = drawn.map(({ alpha }) => alpha)
  const [least, most] = [Math.min(0, ...alphas), Math.max(0, ...alphas)]
  const pad = (most - least || 1) * 0.06
  const band = bandOfRandoms(randoms, baseline)
  /** Whether its number would lie on no other mark. */
  const isRoomy = (alpha: number): boolean =>
    own.every((other) => other.alpha === alpha || Math.abs(other.alpha - alpha) > (most - least) * 0.11)
  /** Names of two lines that lie close give way to each other, up and down. */
  const gap = baseline === null || prompt === null ? 1 : baseline - prompt
  const apart = Math.abs(gap) < 0.06 ? (gap < 0 ? -7 : 7) : 0
  const n = Math.max(0, ...drawn.map(({ pairs }) => pairs))
  const top = Math.min(
    1,
    Math.max(...drawn.flatMap(({ rate, high }) => [rate ?? 0, high ?? 0]), baseline ?? 0),
  )
  const scaled = (value: number | null): number | string => (value === null ? '-' : value * 100)
  return {
    title: 'Dose and response',
    caption: `Rate of all paired steps. ${roles.map((role) => words[role]).join(' · ')}. Lines and blue band: 95 % interval of the paired difference to the baseline, from resampled episodes; dashed: the baseline${prompt === null ? '' : '; dotted: told in words'}; n = ${plural(n, 'pair')} of episodes a condition.`,
    summary: `The baseline’s ${metric} is ${percent(baseline)}. ${own
      .filter(({ role }) => role === 'steered')
      .map(({ title, rate }) => `${title}: ${percent(rate)}`)
      .join('; ')}.`,
    fileName: 'dose-response',
    indexAxis: 'x',
    rowSeries: 4,
    rowAt: (x, y) => nearestPoint(own, x, y / 100, most - least || 1),
    table: {
      columns: ['condition', 'role', 'alpha', 'rate', 'low_95', 'high_95', 'pairs'],
      rows: [...own, ...randoms].map(({ title, role, alpha, rate, low, high, pairs }) => [
        ...[title, role, alpha, rate, low, high, pairs],
      ]),
    },
    tooltip: (i) => {
      const point = [...own, ...randoms][i]
      if (!point) return { title: '', lines: [] }
      return {
        title: point.title,
        lines: [
          { label: metric, value: percent(point.rate), colour: colourOf(point, doses) },
          ...(point.low === null || point.high === null
            ? []
            : [
                {
                  label: '95 % interval',
                  value: `[${(100 * point.low).toFixed(1)}, ${(100 * point.high).toFixed(1)}] %`,
                  colour: null,
                },
              ]),
          { label: 'pairs of episodes', value: integer(point.pairs), colour: null },
        ],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 56, right: 84, top: 16, bottom: 40 },
      tooltip: itemTooltip(theme),
      xAxis: {
        ...valueAxis(theme, isNormUnit ? 'α (residual norms)' : 'α (lengths of the vector)', {
          min: least - pad,
          max: most + pad,
        }),
        splitLine: { show: false },
        axisLabel: {
          color: theme.muted,
          fontSize: labelSize,
          fontFamily: theme.font,
          showMinLabel: false,
          showMaxLabel: false,
          hideOverlap: true,
          formatter: (value: number) => String(Number(value.toPrecision(3))).replace('-', '−'),
        },
      },
      yAxis: valueAxis(theme, `${metric} (%)`, {
        min: 0,
        ...(top > 0.55 ? { max: 100, interval: 25 } : {}),
        gap: 38,
      }),
      series: [
        ...bandOver(theme.baseline, band).map((series) => ({ ...series, stack: 'random' })),
        ...bandOver(
          theme.steered3,
          withBaseline(curve, baseline).flatMap(({ alpha, low, high }) =>
            low === null || high === null ? [] : [{ x: alpha, low: 100 * low, high: 100 * high }],
          ),
        ),
        {
          type: 'scatter',
          name: 'conditions',
          z: 5,
          data: own.map((point) => ({
            value: [point.alpha, scaled(point.rate)],
            symbol: shapes[point.role],
            symbolSize: point.role === 'steered' ? 11 : 9,
            itemStyle:
              point.role === 'negated'
                ? { color: theme.ground, borderColor: theme.baseline, borderWidth: 1.5 }
                : { color: theme[colourOf(point, doses)], borderColor: theme.ground, borderWidth: 1 },
            label: {
              show: point.role === 'steered' && isRoomy(point.alpha),
              // Below the curve where it falls, but never on the axis.
              position:
                point.rate !== null && point.rate > 0.12 && point.rate < (baseline ?? 0) ? 'bottom' : 'top',
              distance: 8,
              backgroundColor: theme.ground,
              borderRadius: 3,
              padding: [1, 3],
              formatter: percent(point.rate),
              color: theme.text,
              fontSize: labelSize,
              fontFamily: theme.font,
            },
          })),
          labelLayout: { hideOverlap: true },
        },
        {
          type: 'line',
          name: 'steered',
          silent: true,
          symbol: 'none',
          z: 4,
          lineStyle: { color: theme.steered3, width: 2 },
          data: withBaseline(curve, baseline).map(({ alpha, rate }) => [alpha, scaled(rate)]),
        },
        {
          type: 'lines',
          name: '95 % interval',
          coordinateSystem: 'cartesian2d',
          polyline: false,
          silent: true,
          z: 4,
          data: own.flatMap((point) =>
            point.low === null || point.high === null
              ? []
              : [
                  {
                    coords: [
                      [point.alpha, 100 * point.low],
                      [point.alpha, 100 * point.high],
                    ],
                    lineStyle: {
                      color: theme[colourOf(point, doses)],
                      width: point.role === 'steered' ? 2 : 1,
                      opacity: point.role === 'steered' ? 1 : 0.6,
                    },
                  },
                ],
          ),
        },
        {
          type: 'scatter',
          name: 'random directions',
          silent: true,
          z: 3,
          symbolSize: 5,
          itemStyle: { color: theme.baseline, opacity: 0.7 },
          data: randoms.map(({ alpha, rate }) => [alpha, scaled(rate)]),
        },
        levelLine(theme, 'baseline', baseline, {
          from: least - pad,
          to: most + pad,
          type: 'dashed',
          shift: -apart,
        }),
        levelLine(theme, 'in words', prompt, {
          from: least - pad,
          to: most + pad,
          type: 'dotted',
          shift: apart,
        }),
      ],
    }),
  }
}

const colourOf = ({ role, alpha }: DosePoint, doses: readonly number[]): keyof ChartTheme =>
  role === 'steered' ? blueOf(alpha, doses) : role === 'random' ? 'control' : 'baseline'

/** The curve goes through the baseline, where α is 0. */
const withBaseline = (curve: readonly DosePoint[], baseline: number | null): DosePoint[] =>
  [
    ...curve,
    ...(baseline === null
      ? []
      : [
          {
            title: 'baseline',
            role: 'steered' as const,
            alpha: 0,
            rate: baseline,
            low: baseline,
            high: baseline,
            pairs: 0,
          },
        ]),
  ].sort((a, b) => a.alpha - b.alpha)

/** From least to most random direction at each dose, and the baseline where the dose is none; empty without any. */
function bandOfRandoms(
  randoms: readonly DosePoint[],
  baseline: number | null,
): { x: number; low: number; high: number }[] {
  if (randoms.length === 0) return []
  const doses = [...new Set(randoms.map(({ alpha }) => alpha))]
  const edges = doses.map((x) => {
    const rates = randoms.filter(({ alpha }) => alpha === x).map(({ rate }) => 100 * (rate ?? 0))
    return { x, low: Math.min(...rates), high: Math.max(...rates) }
  })
  const origin = baseline === null ? [] : [{ x: 0, low: 100 * baseline, high: 100 * baseline }]
  return [...edges, ...origin].sort((a, b) => a.x - b.x)
}

function levelLine(
  theme: ChartTheme,
  name: string,
  level: number | null,
  { from, to, type, shift }: { from: number; to: number; type: 'dashed' | 'dotted'; shift: number },
) {
  return {
    type: 'line' as const,
    name,
    silent: true,
    symbol: 'none',
    tooltip: { show: false },
    lineStyle: { color: theme.baseline, width: 1.5, type },
    data:
      level === null
        ? []
        : [
            [from, 100 * level],
            [to, 100 * level],
          ],
    endLabel: {
      show: level !== null,
      formatter: name,
      color: theme.muted,
      fontSize: labelSize,
      fontFamily: theme.font,
      distance: 6,
      offset: [0, shift],
    },
  }
}

const nearestPoint = (points: readonly DosePoint[], x: number, y: number, width: number): number => {
  let best = -1
  let least = 0.08
  points.forEach(({ alpha, rate }, i) => {
    const distance = Math.hypot((alpha - x) / width, (rate ?? 0) - y)
    if (distance < least) [best, least] = [i, distance]
  })
  return best
}
