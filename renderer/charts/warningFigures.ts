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
  meanLead: Interval
}

const shareOf = (alarm: Alarm | undefined): number | null =>
  alarm && alarm.episodes > 0 ? alarm.alerted / alarm.episodes : null

/** Episodes warned of in time against the price of false alarms; the chosen threshold is marked. */
export function alarmsFigure(alarms: readonly Alarm[], chosen: number): Figure {
  const now = alarms[chosen]
  return {
    title: 'Warned in time',
    caption: `Episodes with an alert at or before their first step of class 1, by the share of class-0 steps that set off an alert; held-out probabilities; n = ${plural(now?.episodes ?? 0, 'episode')}.`,
    summary: now
      ? `At ${percent(now.falsePositiveRate)} false alarms ${integer(now.alerted)} of ${plural(now.episodes, 'episode')} are warned of in time.`
      : 'No threshold was judged.',
    fileName: 'early-warning',
    indexAxis: 'x',
    rowSeries: 0,
    table: {
      columns: [
        ...['false_positive_rate', 'threshold', 'episodes', 'alerted'],
        ...['mean_lead_steps', 'lead_low_95', 'lead_high_95'],
      ],
      rows: alarms.map((alarm) => [
        ...[alarm.falsePositiveRate, alarm.threshold, alarm.episodes, alarm.alerted],
        ...[alarm.meanLead.value, alarm.meanLead.low, alarm.meanLead.high],
      ]),
    },
    tooltip: (i) => ({
      title: `${percent(alarms[i]?.falsePositiveRate ?? null)} false alarms`,
      lines: [
        { label: 'warned in time', value: percent(shareOf(alarms[i])), colour: 'accent' },
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
      yAxis: amountAxis(theme, 'episodes warned in time (%)', 100, 25),
      series: [
        {
          type: 'line',
          name: 'warned in time',
          color: theme.accent,
          symbolSize: 6,
          lineStyle: { color: theme.accent, width: 2 },
          data: alarms.map((alarm) => {
            const part = shareOf(alarm)
            return part === null ? null : part * 100
          }),
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
