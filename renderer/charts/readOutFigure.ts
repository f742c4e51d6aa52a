// A probe's read-out along one episode.
import { integer, percent, plural, share } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import { axisTooltip, nameAxis, stepMark, valueAxis, type Figure } from './figure.ts'

/** What the probe says at a step. */
export interface ReadOutPlace {
  step: number
  /** By the probe of all rows. */
  probability: number | null
  /** By the probe that had not seen this episode; null where no fold judged the step. */
  heldOut: number | null
  /** Whether the step is a row of the probe's data set; null where nobody knows any more. */
  isRow: boolean | null
  verdict: 'valid' | 'invalid' | 'win'
  /** Inside the rectangle that was drawn in the probe's projection. */
  isBrushed: boolean
}

/** Above it a probe warns. */
interface AlertLine {
  threshold: number
  /** 0 … 1 of class-0 steps that it would warn of. */
  falseAlarms: number
}

/** How far a value can be trusted, the best first: a step that was learnt from flatters its probe. */
const standings = {
  heldOut: { caption: 'held out', tooltip: 'held-out probability' },
  unseen: { caption: 'not among the probe’s rows', tooltip: 'probability' },
  learnt: { caption: 'learnt from', tooltip: 'probability of a step learnt from' },
  unknown: { caption: 'maybe learnt from: the data set was removed', tooltip: 'probability' },
} as const

function standingOf({ heldOut, isRow }: ReadOutPlace): keyof typeof standings {
  if (heldOut !== null) return 'heldOut'
  return isRow === null ? 'unknown' : isRow ? 'learnt' : 'unseen'
}

/** `Held out`, or `4 steps held out, 2 learnt from` where they differ. */
function standingText(places: readonly ReadOutPlace[]): string {
  const found = places.map(standingOf)
  const parts = (Object.keys(standings) as (keyof typeof standings)[]).flatMap((standing) => {
    const n = found.filter((one) => one === standing).length
    return n > 0 ? [{ n, words: standings[standing].caption }] : []
  })
  const [first, ...others] = parts
  if (!first) return 'No value'
  if (others.length === 0) return first.words[0]!.toUpperCase() + first.words.slice(1)
  return [
    `${plural(first.n, 'step')} ${first.words}`,
    ...others.map(({ n, words }) => `${integer(n)} ${words}`),
  ].join(', ')
}

/** A probe's curve over the steps of one episode; marks carry the verdict's colour and shape. */
export function readOutFigure(
  places: readonly ReadOutPlace[],
  look: { className: string; alert: AlertLine | null; chosen: number | null },
): Figure {
  const shapes = { valid: 'circle', invalid: 'rect', win: 'diamond' } as const
  const valueOf = (place: ReadOutPlace | undefined): number | null =>
    place?.heldOut ?? place?.probability ?? null
  const brushed = places.filter((place) => place.isBrushed).length
  const read = places.filter((place) => valueOf(place) !== null)
  const at = look.chosen === null ? -1 : places.findIndex((place) => place.step === look.chosen)
  return {
    title: `Probability of “${look.className}” by step`,
    caption:
      `${standingText(read)}; ● valid ■ invalid ◆ win` +
      `${look.alert === null ? '' : `; dashed: alert from ${share(look.alert.threshold)}, at ${percent(look.alert.falseAlarms)} false alarms`}${brushed > 0 ? `; ringed: ${integer(brushed)} in the rectangle of the projection` : ''}; n = ${plural(read.length, 'step')}.`,
    summary: `${integer(read.length)} of ${plural(places.length, 'step')} have a read-out.`,
    fileName: 'read-out',
    indexAxis: 'x',
    table: {
      columns: ['step', 'probability', 'held_out', 'is_row', 'verdict'],
      rows: places.map(({ step, probability, heldOut, isRow, verdict }) => [
        ...[step, probability, heldOut, isRow === null ? null : Number(isRow), verdict],
      ]),
    },
    tooltip: (i) => {
      const place = places[i]
      return {
        title: `Step ${place?.step ?? ''}`,
        lines: [
          {
            label: place ? standings[standingOf(place)].tooltip : 'probability',
            value: share(valueOf(place)),
            colour: place?.verdict ?? null,
          },
          { label: 'verdict', value: place?.verdict ?? '–', colour: null },
        ],
      }
    },
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
          data: places.flatMap(() => look.alert?.threshold ?? []),
        },
        {
          type: 'line',
          name: 'probability',
          lineStyle: { color: theme.baseline, width: 1.5 },
          data: places.map((place) => ({
            value: valueOf(place),
            symbol: shapes[place.verdict],
            symbolSize: (place.verdict === 'win' ? 9 : 7) + (place.isBrushed ? 4 : 0),
            itemStyle: {
              color: theme[place.verdict],
              ...(place.isBrushed ? { borderColor: theme.accent, borderWidth: 2 } : {}),
            },
          })),
          ...stepMark(theme, at),
        },
      ],
    }),
  }
}
