// How numbers are written everywhere in the window: three significant digits, thin groups, an interval in brackets.
// Owns: the wording of a number. Not: units (they stand in labels) or times of day.

const minus = '−'
const groups = new Intl.NumberFormat('en-US', { useGrouping: true, maximumFractionDigits: 0 })

/** Counts are exact and grouped by a thin space: `12 345`. */
export function count(value: number): string {
  return groups.format(value).replaceAll(',', '\u202f').replace('-', minus)
}

/**
 * Three significant digits without an exponent between 0.001 and 999 999; `–` for what is undefined.
 * @param value  any number; null, NaN and ±∞ are undefined
 */
export function significant(value: number | null | undefined, digits = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  if (value === 0) return '0'
  const size = Math.abs(value)
  if (size >= 1000) return count(Math.round(value))
  if (size < 0.001) return value.toExponential(digits - 1).replaceAll('-', minus)
  return Number(value.toPrecision(digits)).toFixed(decimals(value, digits)).replace('-', minus)
}

/** A share of 1 as a percentage with three significant digits, at most one decimal: `66.5 %`. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return '–'
  const points = share * 100
  if (points === 0) return '0 %'
  if (points === 100) return '100 %'
  if (points > 0 && points < 0.1) return '< 0.1 %'
  if (points > 99.9 && points < 100) return '> 99.9 %'
  return `${points.toFixed(1)} %`
}

/** `[61.2, 71.4] %` of two shares of 1. */
export function percentInterval(low: number, high: number): string {
  return `[${(low * 100).toFixed(1)}, ${(high * 100).toFixed(1)}] %`
}

/** A duration in the unit that reads best: `840 ms`, `12.3 s`, `4 min 05 s`, `2 h 07 min`. */
export function duration(milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined || !Number.isFinite(milliseconds)) return '–'
  if (milliseconds < 999.5) return `${significant(milliseconds)} ms`
  const seconds = milliseconds / 1000
  if (seconds < 99.95) return `${significant(seconds)} s`
  const whole = Math.round(seconds)
  const pad = (n: number) => String(n).padStart(2, '0')
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${pad(whole % 60)} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${pad(minutes % 60)} min`
}

function decimals(value: number, digits: number): number {
  const exponent = Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))))
  return Math.max(0, digits - 1 - exponent)
}
