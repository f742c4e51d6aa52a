// What is known of a vector before it steers: its length, how it tells the classes apart, how stable it is.
// Owns: these three figures. Not: how vectors lie to each other (vectorGeometryFigures.ts) or the numbers (the engine's).
import { digits, integer, percent, plural, share } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import { amountAxis, axisTooltip, labelSize, nameAxis, valueAxis, type Figure } from './figure.ts'
import { bandSeries } from './intervalMarks.ts'

/** The vector of one step, of a window of steps, or of all. */
export interface VectorPlace {
  /** `7`, `4–7`, `all`. */
  label: string
  /** Rows away from and towards which it points. */
  away: number
  towards: number
  /** Null where there is no vector. */
  norm: number | null
  normFraction: number | null
  /** Of vectors from shuffled labels. */
  shuffled: { mean: number; deviation: number; p: number } | null
  dPrime: number | null
  heldOutDPrime: number | null
  /** Why there is none. */
  refusal: string | null
}

const plainGrid = { left: 56, right: 56, top: 14, bottom: 40 }

const rowsText = (places: readonly VectorPlace[]): string => {
  const n = places.reduce((sum, { away, towards }) => sum + away + towards, 0)
  return `n = ${plural(n, 'row')}`
}

const stepNames = (places: readonly VectorPlace[]) =>
  places.map(({ label, refusal }) => ({ text: label, isMuted: refusal !== null }))

/** Length of each step's vector in the residual's own unit, among the lengths that shuffled labels give. */
export function normFigure(places: readonly VectorPlace[], residualNorm: number | null): Figure {
  const tops = places.flatMap(({ norm, shuffled }) => [
    norm ?? 0,
    shuffled ? shuffled.mean + 2 * shuffled.deviation : 0,
  ])
  const [most, interval] = niceScale(Math.max(1e-9, ...tops))
  const beyond = places.filter(({ shuffled }) => shuffled !== null && shuffled.p <= 0.05).length
  const judged = places.filter(({ norm }) => norm !== null).length
  return {
    title: 'Length of the vector by step',
    caption: `Norm of the difference; right: as a share of the residual’s median norm${residualNorm === null ? '' : `, ${digits(residualNorm)}`}. Grey band: shuffled labels, mean ± 2 standard deviations; ${rowsText(places)}.`,
    summary: `${integer(beyond)} of ${plural(judged, 'vector')} are longer than those of shuffled labels (p ≤ .05).`,
    fileName: 'vector-norms',
    indexAxis: 'x',
    table: {
      columns: ['step', 'away', 'towards', 'norm', 'norm_fraction', 'shuffled_mean', 'shuffled_sd', 'p'],
      rows: places.map(({ label, away, towards, norm, normFraction, shuffled }) => [
        ...[label, away, towards, norm, normFraction],
        ...[shuffled?.mean ?? null, shuffled?.deviation ?? null, shuffled?.p ?? null],
      ]),
    },
    tooltip: (i) => {
      const place = places[i]
      if (!place) return { title: '', lines: [] }
      const { shuffled } = place
      return {
        title: place.label === 'all' ? 'All steps' : `Step ${place.label}`,
        lines: [
          ...(place.refusal ? [{ label: 'no vector', value: place.refusal, colour: null }] : []),
          { label: 'norm', value: digits(place.norm), colour: 'accent' },
          { label: 'of the residual', value: percent(place.normFraction), colour: null },
          ...(shuffled
            ? [
                {
                  label: 'shuffled labels',
                  value: `${digits(shuffled.mean)} ± ${digits(shuffled.deviation)}, p = ${digits(shuffled.p)}`,
                  colour: 'control' as const,
                },
              ]
            : []),
          { label: 'rows', value: `${integer(place.away)} + ${integer(place.towards)}`, colour: null },
        ],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: plainGrid,
      tooltip: axisTooltip(theme),
      xAxis: nameAxis(theme, 'step', stepNames(places)),
      yAxis: [
        amountAxis(theme, 'norm', most, interval),
        {
          ...amountAxis(
            theme,
            '% of the residual',
            residualNorm ? (100 * most) / residualNorm : undefined,
            residualNorm ? (100 * interval) / residualNorm : undefined,
          ),
          splitLine: { show: false },
          show: residualNorm !== null,
          axisLabel: {
            color: theme.muted,
            fontSize: labelSize,
            fontFamily: theme.font,
            formatter: (value: number) =>
              most * 100 < 10 * (residualNorm ?? 0) ? value.toFixed(1) : value.toFixed(0),
          },
        },
      ],
      series: [
        ...bandSeries(
          theme.baseline,
          places.map(({ shuffled }) =>
            shuffled
              ? {
                  value: shuffled.mean,
                  low: Math.max(0, shuffled.mean - 2 * shuffled.deviation),
                  high: shuffled.mean + 2 * shuffled.deviation,
                }
              : { value: null, low: null, high: null },
          ),
          1,
        ),
        {
          type: 'line',
          name: 'norm',
          color: theme.accent,
          symbol: 'circle',
          symbolSize: places.length > 40 ? 4 : 7,
          lineStyle: { width: 2 },
          data: places.map(({ norm }) => norm),
        },
      ],
    }),
  }
}

/** A round top of an axis, in four equal parts, that all values lie below; and one part. */
function niceScale(most: number): [number, number] {
  const raw = most / 4
  const unit = 10 ** Math.floor(Math.log10(raw))
  const part = ([1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10].find((step) => step * unit >= raw) ?? 10) * unit
  return [4 * part, part]
}

/** How far apart the classes lie along the vector, on the rows that made it and on episodes it has not seen. */
export function separationFigure(places: readonly VectorPlace[]): Figure {
  const unseen = places.flatMap(({ heldOutDPrime }) => heldOutDPrime ?? [])
  const low = Math.min(0, ...places.flatMap(({ heldOutDPrime, dPrime }) => [heldOutDPrime ?? 0, dPrime ?? 0]))
  return {
    title: 'Distance of the classes along it (d′)',
    caption: `In standard deviations. Filled: episodes the vector has not seen; hollow: its own rows, flattering. Dotted: 0.2, below which it tells little; ${rowsText(places)}.`,
    summary:
      unseen.length === 0
        ? 'No vector could be tried on unseen episodes.'
        : `On unseen episodes d′ lies between ${digits(Math.min(...unseen))} and ${digits(Math.max(...unseen))}.`,
    fileName: 'vector-separation',
    indexAxis: 'x',
    table: {
      columns: ['step', 'd_prime_own_rows', 'd_prime_unseen', 'away', 'towards'],
      rows: places.map(({ label, dPrime, heldOutDPrime, away, towards }) => [
        ...[label, dPrime, heldOutDPrime, away, towards],
      ]),
    },
    tooltip: (i) => ({
      title: places[i]?.label === 'all' ? 'All steps' : `Step ${places[i]?.label ?? ''}`,
      lines: [
        { label: 'unseen episodes', value: digits(places[i]?.heldOutDPrime ?? null), colour: 'accent' },
        { label: 'own rows', value: digits(places[i]?.dPrime ?? null), colour: 'baseline' },
      ],
    }),
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { ...plainGrid, right: 20 },
      tooltip: axisTooltip(theme),
      xAxis: { ...nameAxis(theme, 'step', stepNames(places)), axisLine: { onZero: false, show: false } },
      yAxis: { ...amountAxis(theme, 'd′ (standard deviations)'), min: low < 0 ? undefined : 0 },
      series: [
        {
          type: 'line',
          name: 'held to tell little',
          silent: true,
          symbol: 'none',
          lineStyle: { color: theme.muted, width: 1, type: 'dotted' },
          data: places.map(() => 0.2),
        },
        {
          type: 'line',
          name: 'own rows',
          symbol: 'circle',
          symbolSize: 7,
          itemStyle: { color: theme.ground, borderColor: theme.baseline, borderWidth: 1.5 },
          lineStyle: { width: 1, type: 'dashed', color: theme.baseline },
          data: places.map(({ dPrime }) => dPrime),
        },
        {
          type: 'line',
          name: 'unseen episodes',
          symbol: 'circle',
          symbolSize: 7,
          color: theme.accent,
          lineStyle: { width: 2 },
          data: places.map(({ heldOutDPrime }) => heldOutDPrime),
        },
      ],
    }),
  }
}

export interface StabilityCurve {
  /** Whose: `step 7`, `all steps`. */
  of: string
  /** In each of two disjoint halves. */
  points: readonly { episodes: number; cosine: number; low: number; high: number }[]
  episodes: number
  reliability: number | null
  episodesNeeded: number | null
  episodesNeededLow: number | null
  episodesNeededHigh: number | null
}

/** How many episodes two vectors need to agree; the rest of the curve is foretold from its last point. */
export function stabilityFigure(curve: StabilityCurve | null): Figure {
  const points = curve?.points ?? []
  const last = points.at(-1)
  const needed = curve?.episodesNeeded ?? null
  const range =
    curve && needed !== null && (curve.episodesNeededLow !== null || curve.episodesNeededHigh !== null)
      ? ` [${integer(curve.episodesNeededLow)}, ${curve.episodesNeededHigh === null ? '∞' : integer(curve.episodesNeededHigh)}]`
      : ''
  const said =
    needed === null
      ? 'How many episodes .9 would need cannot be said'
      : `.9 needs about ${plural(needed, 'episode')}${range}`
  const to = Math.max(
    curve?.episodes ?? 0,
    needed === null ? 0 : Math.min(needed * 1.15, 12 * (last?.episodes ?? 0)),
  )
  const foretold = last && needed !== null ? foretell(last.episodes, last.cosine, to) : []
  return {
    title: `Stability: ${curve?.of ?? 'no vector'}`,
    caption: `Cosine of vectors from two random halves of the episodes; band: middle 95 % of splits. Dashed: foretold from the last point. ${said}; n = ${plural(curve?.episodes ?? 0, 'episode')}.`,
    summary: last
      ? `Halves of ${integer(last.episodes)} episodes agree with a cosine of ${share(last.cosine)} [${share(last.low)}, ${share(last.high)}]. ${said}.`
      : 'There are too few episodes to split.',
    fileName: 'vector-stability',
    indexAxis: 'x',
    rowSeries: 2,
    rowAt: (x) => nearest(points, x),
    table: {
      columns: ['episodes_in_each_half', 'cosine', 'low_95', 'high_95'],
      rows: points.map(({ episodes, cosine, low, high }) => [episodes, cosine, low, high]),
    },
    tooltip: (i) => {
      const point = points[i]
      return {
        title: point ? `${integer(point.episodes)} episodes in each half` : '',
        lines: point
          ? [
              { label: 'cosine', value: share(point.cosine), colour: 'accent' },
              { label: 'splits', value: `[${share(point.low)}, ${share(point.high)}]`, colour: null },
            ]
          : [],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 56, right: 28, top: 14, bottom: 40 },
      tooltip: axisTooltip(theme),
      xAxis: {
        ...valueAxis(theme, 'episodes', { min: 0, max: Math.ceil(to) || undefined }),
        splitLine: { show: false },
      },
      yAxis: valueAxis(theme, 'cosine', {
        min: Math.min(0, ...points.map(({ low }) => Math.floor(low * 4) / 4)),
        max: 1,
        gap: 38,
      }),
      series: [
        ...bandOver(
          theme.accent,
          points.map(({ episodes, low, high }) => ({ x: episodes, low, high })),
        ),
        {
          type: 'line',
          name: 'cosine',
          color: theme.accent,
          symbol: 'circle',
          symbolSize: 7,
          lineStyle: { width: 2 },
          data: points.map(({ episodes, cosine }) => [episodes, cosine]),
        },
        {
          type: 'line',
          name: 'foretold',
          silent: true,
          symbol: 'none',
          tooltip: { show: false },
          lineStyle: { color: theme.accent, width: 1.5, type: 'dashed' },
          data: foretold,
        },
        {
          type: 'line',
          name: '.9',
          silent: true,
          symbol: 'none',
          tooltip: { show: false },
          lineStyle: { color: theme.muted, width: 1, type: 'dotted' },
          data: [
            [0, 0.9],
            [Math.max(1, Math.ceil(to)), 0.9],
          ],
        },
      ],
    }),
  }
}

const nearest = (points: readonly { episodes: number }[], x: number): number =>
  points.reduce(
    (best, { episodes }, i) =>
      best < 0 || Math.abs(episodes - x) < Math.abs((points[best]?.episodes ?? 0) - x) ? i : best,
    -1,
  )

/** cos(k) = 1/(1 + c/k) through a point, from there to the end: docs/methods/steering.md, formula (8). */
function foretell(episodes: number, cosine: number, to: number): [number, number][] {
  if (cosine <= 0 || to <= episodes) return []
  const c = episodes * (1 / cosine - 1)
  return Array.from({ length: 25 }, (_, i) => {
    const k = episodes + ((to - episodes) * i) / 24
    return [k, 1 / (1 + c / k)]
  })
}

/** A band over an axis of numbers: the lower edge carries it and is itself not drawn. */
export function bandOver(colour: string, places: readonly { x: number; low: number; high: number }[]) {
  const edge = {
    type: 'line' as const,
    stack: 'band',
    stackStrategy: 'all' as const,
    silent: true,
    symbol: 'none',
    lineStyle: { opacity: 0 },
    tooltip: { show: false },
  }
  return [
    { ...edge, name: 'low', data: places.map(({ x, low }) => [x, low]) },
    {
      ...edge,
      name: 'interval',
      areaStyle: { color: colour, opacity: 0.2 },
      data: places.map(({ x, low, high }) => [x, high - low]),
    },
  ]
}
