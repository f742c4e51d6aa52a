// A probe's read-out along one episode.
import { integer, plural, share } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import { axisTooltip, nameAxis, stepMark, valueAxis, type Figure } from './figure.ts'

/** Values along an episode: what the probe says at each step, and the threshold above which it would warn. */
export interface ReadOutPlace {
  step: number
  /** By the probe of all rows. */
  probability: number | null
  /** By the probe that had not seen this episode; null where it was no row. */
  heldOut: number | null
  verdict: 'valid' | 'invalid' | 'win'
}

/** A probe's curve over the steps of one episode; marks carry the verdict's colour and shape. */
export function readOutFigure(
  places: readonly ReadOutPlace[],
  look: { className: string; threshold: number | null; chosen: number | null },
): Figure {
  const shapes = { valid: 'circle', invalid: 'rect', win: 'diamond' } as const
  const valueOf = (place: ReadOutPlace | undefined): number | null =>
    place?.heldOut ?? place?.probability ?? null
  const isHeld = places.some((place) => place.heldOut !== null)
  const read = places.filter((place) => valueOf(place) !== null).length
  const at = look.chosen === null ? -1 : places.findIndex((place) => place.step === look.chosen)
  return {
    title: `Probability of “${look.className}” by step`,
    caption:
      `${isHeld ? 'Held out' : 'Not among the probe’s rows'}; ● valid ■ invalid ◆ win` +
      `${look.threshold === null ? '' : `; dashed: ${share(look.threshold)}`}; n = ${plural(read, 'step')}.`,
    summary: `${integer(read)} of ${plural(places.length, 'step')} have a read-out.`,
    fileName: 'read-out',
    indexAxis: 'x',
    table: {
      columns: ['step', 'probability', 'held_out', 'verdict'],
      rows: places.map(({ step, probability, heldOut, verdict }) => [step, probability, heldOut, verdict]),
    },
    tooltip: (i) => ({
      title: `Step ${places[i]?.step ?? ''}`,
      lines: [
        {
          label: (places[i]?.heldOut ?? null) === null ? 'probability' : 'held-out probability',
          value: share(valueOf(places[i])),
          colour: places[i]?.verdict ?? null,
        },
        { label: 'verdict', value: places[i]?.verdict ?? '–', colour: null },
      ],
    }),
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 44, right: 16, top: 8, bottom: 36 },
      tooltip: axisTooltip(theme),
      xAxis: nameAxis(
        theme,
        'step',
        places.map(({ step }) => ({ text: String(step), isMuted: true })),
      ),
      yAxis: { ...valueAxis(theme, 'probability', { min: 0, max: 1, gap: 30 }), interval: 0.5 },
      series: [
        {
          type: 'line',
          name: 'threshold',
          silent: true,
          symbol: 'none',
          lineStyle: { color: theme.muted, width: 1, type: 'dashed' },
          data: look.threshold === null ? [] : places.map(() => look.threshold),
        },
        {
          type: 'line',
          name: 'probability',
          lineStyle: { color: theme.baseline, width: 1.5 },
          data: places.map((place) => ({
            value: valueOf(place),
            symbol: shapes[place.verdict],
            symbolSize: place.verdict === 'win' ? 9 : 7,
            itemStyle: { color: theme[place.verdict] },
          })),
          ...stepMark(theme, at),
        },
      ],
    }),
  }
}
