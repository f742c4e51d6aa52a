// Figures as people read them: points, percent, intervals.
// Owns: how many digits and which sign. Not: whole sentences about a verdict.
import type { Estimate } from '../../contract/estimates.ts'

const signs = (text: string): string => text.replace('-', '−')

/** Three digits that count, without trailing noise. */
export const figure = (value: number): string => signs(String(Number(value.toPrecision(3))))

const points = (value: number): string => signs(String(Math.round(value * 100)))

/** A level of the metric: `58 %`, or a plain number. */
export const levelInWords = (value: number, isRate: boolean): string =>
  isRate ? `${Math.round(value * 100)} %` : figure(value)

/** A change: `−11 points`, `+0.3`. */
export function changeInWords(value: number, isRate: boolean): string {
  const text = isRate ? points(value) : figure(value)
  const signed = text.startsWith('−') || text === '0' ? text : `+${text}`
  return isRate ? `${signed} ${signed === '+1' || signed === '−1' ? 'point' : 'points'}` : signed
}

/** A change and its interval: `−11 points [−18, −5]`. */
export function estimateInWords({ value, low, high }: Estimate, isRate: boolean): string {
  if (value === null) return 'not known'
  const bound = isRate ? points : figure
  const interval = low === null || high === null ? ' (no interval)' : ` [${bound(low)}, ${bound(high)}]`
  return changeInWords(value, isRate) + interval
}

export const probabilityInWords = (p: number): string =>
  p < 0.001 ? 'p < .001' : `p = ${p.toFixed(3).replace(/^0/, '')}`
