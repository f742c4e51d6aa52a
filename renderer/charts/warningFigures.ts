// Early warning: how many episodes a threshold would have caught in time, and how long before.
import { digits, integer, percent, plural, share } from '../shared/format.ts'
import type { Option } from './echarts.ts'
import { amountAxis, axisTooltip, labelSize, nameAxis, type Figure, type Interval } from './figure.ts'

export interface Alarm {
  /** 0…1 of class-0 steps that set off an alert. */
  falsePositiveRate: number
  threshold: number
  /** Episodes with at least one step of class 1, and those with an alert before or at the first one. */
  episodes: number
  alerted: number
  leadSteps: readonly number[]
  /** Episodes that alerts at random would reach; null where it is not known. */
  chance: { alerted: number; before: number } | null
  meanLead: Interval
}

const partOf = (alarm: Alarm | undefined, count: number | undefined): number | null =>
  alarm && count !== undefined && alarm.episodes > 0 ? count / alarm.episodes : null
const shareOf = (alarm: Alarm | undefined): number | null => partOf(alarm, alarm?.alerted)

/** Of the alerted episodes those that were warned at least a step before. */
export const warnedBefore = ({ leadSteps }: Alarm): number => leadSteps.filter((lead) => lead > 0).length

const beforeOf = (alarm: Alarm | undefined): number | null => partOf(alarm, alarm && warnedBefore(alarm))
const inPercent = (part: number | null): number | null => (part === null ? null : part * 100)

/** Episodes warned of in time against the price of false alarms; the chosen threshold is marked. */
export function alarmsFigure(alarms: readonly Alarm[], chosen: number): Figure {
  const now = alarms[chosen]
  return {
    title: 'Alerted before or at the first step',
    caption: `Episodes with an alert at or before their first step of class 1, by the share of class-0 steps that set off an alert; thin: before that step. Dashed: alerts at random at the same rate. Held-out probabilities; n = ${plural(now?.episodes ?? 0, 'episode')}.`,
    summary: now
      ? `At ${percent(now.falsePositiveRate)} false alarms ${integer(now.alerted)} of ${plural(now.episodes, 'episode')} are alerted before or at their first step of class 1, ${integer(warnedBefore(now))} before it.`
      : 'No threshold was judged.',
    fileName: 'early-warning',
    indexAxis: 'x',
    rowSeries: 0,
    table: {
      columns: [
        ...['false_positive_rate', 'threshold', 'episodes', 'alerted', 'alerted_before'],
        ...['chance_alerted', 'chance_before'],
        ...['mean_lead_steps', 'lead_low_95', 'lead_high_95'],
      ],
      rows: alarms.map((alarm) => [
        ...[alarm.falsePositiveRate, alarm.threshold, alarm.episodes, alarm.alerted, warnedBefore(alarm)],
        ...[alarm.chance?.alerted ?? '', alarm.chance?.before ?? ''],
        ...[alarm.meanLead.value, alarm.meanLead.low, alarm.meanLead.high],
      ]),
    },
    tooltip: (i) => ({
      title: `${percent(alarms[i]?.falsePositiveRate ?? null)} false alarms`,
      lines: [
        { label: 'before or at', value: percent(shareOf(alarms[i])), colour: 'accent' },
        { label: 'before', value: percent(beforeOf(alarms[i])), colour: 'accent' },
        {
          label: 'by chance',
          value: percent(partOf(alarms[i], alarms[i]?.chance?.alerted)),
          colour: 'baseline',
        },
        { label: 'threshold', value: share(alarms[i]?.threshold ?? null), colour: null },
        { label: 'mean lead', value: `${digits(alarms[i]?.meanLead.value ?? null)} steps`, colour: null },
      ],
    }),
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 52, right: 24, top: 28, bottom: 40 },
      tooltip: axisTooltip(theme),
      xAxis: nameAxis(
        theme,
        'false alarms (% of class-0 steps)',
        alarms.map((alarm) => ({ text: digits(alarm.falsePositiveRate * 100), isMuted: true })),
      ),
      yAxis: amountAxis(theme, 'episodes alerted (%)', 100, 25),
      series: [
        {
          type: 'line',
          name: 'before or at',
          color: theme.accent,
          symbolSize: 6,
          lineStyle: { color: theme.accent, width: 2 },
          data: alarms.map((alarm) => inPercent(shareOf(alarm))),
        },
        {
          type: 'line',
          name: 'before',
          color: theme.accent,
          symbol: 'none',
          silent: true,
          lineStyle: { color: theme.accent, width: 1 },
          data: alarms.map((alarm) => inPercent(beforeOf(alarm))),
        },
        {
          type: 'line',
          name: 'by chance',
          color: theme.baseline,
          symbol: 'none',
          silent: true,
          lineStyle: { color: theme.baseline, width: 1.5, type: 'dashed' },
          data: alarms.map((alarm) => inPercent(partOf(alarm, alarm.chance?.alerted))),
        },
        {
          type: 'scatter',
          name: 'chosen',
          silent: true,
          symbolSize: 13,
          color: theme.accent,
          data: shareOf(now) === null ? [] : [[chosen, (shareOf(now) ?? 0) * 100]],
          label: {
            show: true,
            position: 'top',
            formatter: percent(shareOf(now)),
            color: theme.text,
            fontFamily: theme.font,
            fontSize: labelSize,
          },
        },
      ],
    }),
  }
}

/** How many steps before the first step of class 1 the alert came, one count an alerted episode. */
export function leadFigure(alarm: Alarm): Figure {
  const longest = Math.max(0, ...alarm.leadSteps)
  const counts = Array<number>(longest + 1).fill(0)
  for (const lead of alarm.leadSteps) counts[lead] = (counts[lead] ?? 0) + 1
  return {
    title: 'Lead time',
    caption: `Steps from the first alert to the first step of class 1; 0: at that step. Mean ${leadText(alarm.meanLead)}; n = ${plural(alarm.leadSteps.length, 'warned episode')}.`,
    summary: `Mean lead ${leadText(alarm.meanLead)} over ${plural(alarm.leadSteps.length, 'episode')}.`,
    fileName: 'lead-time',
    indexAxis: 'x',
    table: { columns: ['lead_steps', 'episodes'], rows: counts.map((count, lead) => [lead, count]) },
    tooltip: (i) => ({
      title: i === 0 ? 'At the step itself' : `${plural(i, 'step')} before`,
      lines: [{ label: 'episodes', value: integer(counts[i] ?? 0), colour: 'accent' }],
    }),
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 52, right: 20, top: 16, bottom: 40 },
      tooltip: axisTooltip(theme),
      xAxis: nameAxis(
        theme,
        'lead (steps)',
        counts.map((_, lead) => ({ text: String(lead), isMuted: true })),
      ),
      yAxis: { ...amountAxis(theme, 'episodes'), minInterval: 1 },
      series: [{ type: 'bar', name: 'episodes', color: theme.accent, barCategoryGap: '25%', data: counts }],
    }),
  }
}

/** `2.31 [1.80, 2.84] steps`. */
export function leadText({ value, low, high }: Interval): string {
  if (value === null) return '–'
  return `${digits(value)}${low === null || high === null ? '' : ` [${digits(low)}, ${digits(high)}]`} steps`
}
