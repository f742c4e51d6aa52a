// Figures and settings of compared runs in words.
// Owns: names, units and how one value is written. Not: the table (ComparisonTable.svelte).
import type { ComparedMetric } from '../../main/contract/comparison.ts'
import type { Estimate } from '../../main/contract/estimates.ts'
import { interventionList } from '../../main/contract/interventions.ts'
import { sourceText, titleOf } from '../interventions/interventionText.ts'
import { digits, integer, percent } from '../shared/format.ts'

export interface MetricWords {
  title: string
  /** Above a column. */
  short: string
  /** Of a difference. */
  unit: string
  /** What one share or mean is taken over. */
  over: string
  isShare: boolean
}

export const metricWords: Record<ComparedMetric, MetricWords> = {
  invalidRate: { title: 'invalid rate', short: 'Invalid', unit: 'points', over: 'steps', isShare: true },
  winRate: { title: 'win rate', short: 'Wins', unit: 'points', over: 'episodes', isShare: true },
  steps: { title: 'steps an episode', short: 'Steps', unit: 'steps', over: 'episodes', isShare: false },
  newTokens: {
    title: 'answer length',
    short: 'Answer tok.',
    unit: 'tokens a step',
    over: 'steps',
    isShare: false,
  },
  promptTokens: {
    title: 'prompt length',
    short: 'Prompt tok.',
    unit: 'tokens a step',
    over: 'steps',
    isShare: false,
  },
}

export const metrics = Object.keys(metricWords) as ComparedMetric[] // an object literal's own keys

export const metricValue = (metric: ComparedMetric, value: number | null): string =>
  metricWords[metric].isShare ? percent(value) : digits(value)

/** With its sign; of a share in points: `−11.2`, of an amount `+0.23`. All digits stand on hover. */
export function metricChange(metric: ComparedMetric, value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–'
  const amount = Math.abs(value)
  const size = metricWords[metric].isShare
    ? (amount * 100).toFixed(1)
    : amount < 100
      ? amount.toFixed(2)
      : integer(amount)
  if (Number(size) === 0) return '0'
  return `${value < 0 ? '−' : '+'}${size}`
}

/** `−11.2 [−18.0, −5.1]` */
export function metricDifference(metric: ComparedMetric, { value, low, high }: Estimate): string {
  const change = metricChange(metric, value)
  return value === null || low === null || high === null
    ? change
    : `${change} [${metricChange(metric, low)}, ${metricChange(metric, high)}]`
}

/** Whether its interval leaves 0 out. */
export const isClear = ({ low, high }: Estimate): boolean =>
  low !== null && high !== null && (low > 0 || high < 0)

const settingNames: Record<string, string> = {
  interventions: 'interventions',
  modelHash: 'weights',
  computeDtype: 'computed with',
  'sampling.maxNewTokens': 'new tokens at most',
  'environment.maxSteps': 'steps at most',
  'environment.systemPrompt': 'system prompt',
  'environment.name': 'environment',
  'oracle.kind': 'oracle',
  batch: 'played at once',
}

/** `sampling.temperature` → temperature. */
export function settingName(path: string): string {
  const last = path.split('.').at(-1) ?? path
  return settingNames[path] ?? last.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}

/** In one line. */
export function settingText(path: string, value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (path === 'interventions') return interventionsText(value)
  if (/hash$/i.test(path) && typeof value === 'string') return value.slice(0, 10)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return value === '' ? 'none' : value
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(String).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function interventionsText(value: unknown): string {
  const parsed = interventionList.safeParse(value)
  if (!parsed.success) return JSON.stringify(value)
  if (parsed.data.length === 0) return 'none'
  return parsed.data
    .map((item, index) => {
      if (item.kind !== 'add') return titleOf(item, index)
      const name = item.name ?? sourceText(item.vector)
      return `${name}, α ${String(item.alpha).replace('-', '−')}`
    })
    .join('; ')
}
