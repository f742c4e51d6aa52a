// Verdicts of an episode as the outlines of three shapes.
// Owns: where a step's cell lies and how it looks. Not: colours (VerdictSparkline.svelte).
import type { Verdict } from './stepTokens.ts'

export const sparklineHeight = 16
const base = 14

export interface Sparkline {
  /** Points from one step to the next. */
  pitch: number
  bar: number
  /** A path for each verdict: valid fills its cell, invalid its lower half, a win has a point on top. */
  paths: Record<Verdict, string>
}

const short = (value: number): number => Math.round(value * 100) / 100

/**
 * @param limit  steps an episode of this run may have: all its rows share one scale
 * @param width  points there are
 */
export function sparkline(verdicts: readonly Verdict[], limit: number, width: number): Sparkline {
  const pitch = Math.min(12, width / Math.max(1, limit, verdicts.length))
  const bar = pitch >= 3 ? pitch - 1 : pitch
  const paths: Record<Verdict, string> = { valid: '', invalid: '', win: '' }
  verdicts.forEach((verdict, step) => {
    const left = short(step * pitch)
    const right = short(step * pitch + bar)
    if (verdict === 'win')
      paths.win += `M${left} ${base}V5L${short((left + right) / 2)} 0L${right} 5V${base}z`
    else paths[verdict] += `M${left} ${verdict === 'valid' ? 3 : 9}H${right}V${base}H${left}z`
  })
  return { pitch, bar, paths }
}

/** The step under a place, −1 beside all of them. */
export function stepUnder(x: number, pitch: number, steps: number): number {
  const step = Math.floor(x / pitch)
  return step >= 0 && step < steps ? step : -1
}

/** `3 valid, 17 invalid` or `…, won`, for those who do not see the shapes. */
export function inWords(verdicts: readonly Verdict[]): string {
  const count = (verdict: Verdict): number => verdicts.filter((one) => one === verdict).length
  return `${count('valid')} valid, ${count('invalid')} invalid${count('win') ? ', won' : ''}`
}
