// Numbers, sizes and times as people read them: three significant digits, a thin unit, a dash for what is not known.

const dash = '–'
const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

export const integer = (value: number | null): string => (value === null ? dash : grouped.format(value))

/** Three significant digits: 0.0123, 1.23, 123, 12,300. */
export function digits(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return dash
  if (value === 0) return '0'
  const rounded = Number(value.toPrecision(3))
  const size = Math.floor(Math.log10(Math.abs(rounded)))
  if (size < -4) return value.toExponential(2)
  return Math.abs(rounded) >= 100
    ? grouped.format(rounded)
    : rounded.toFixed(Math.min(6, Math.max(0, 2 - size)))
}

/** 0.738 → 73.8 %. */
export function percent(fraction: number | null): string {
  if (fraction === null || !Number.isFinite(fraction)) return dash
  const value = fraction * 100
  return value === 0 || value === 100 ? `${value} %` : `${value.toFixed(1)} %`
}

export function bytes(count: number | null): string {
  if (count === null || !Number.isFinite(count)) return dash
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = count
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? grouped.format(value) : digits(value)} ${units[unit]}`
}

/** 135,000,000 → 135 M. */
export function short(count: number): string {
  const units = ['', ' k', ' M', ' B', ' T']
  let value = count
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return unit === 0 ? grouped.format(value) : `${digits(value)}${units[unit]}`
}

/** Seconds as `0.42 s`, `42 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return dash
  if (seconds < 10) return `${digits(Math.max(0, seconds))} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ''}`
  const minutes = Math.round(whole / 60)
  return `${Math.floor(minutes / 60)} h${minutes % 60 ? ` ${minutes % 60} min` : ''}`
}

/** `just now`, `5 min ago`, `3 h ago`, then the date. */
export function ago(time: string, now: number): string {
  const then = Date.parse(time)
  if (Number.isNaN(then)) return dash
  const seconds = (now - then) / 1000
  if (seconds < 45) return 'just now'
  if (seconds < 3570) return `${Math.max(1, Math.round(seconds / 60))} min ago`
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h ago`
  return new Date(then).toISOString().slice(0, 10)
}

export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${integer(count)} ${count === 1 ? one : many}`

/** Three decimals, for shares of one that are compared with each other: 0.812. */
export const share = (value: number | null): string =>
  value === null || !Number.isFinite(value) ? dash : value.toFixed(3)

/** With a sign, for differences: +0.040, −0.012. */
export function difference(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return dash
  const size = Math.abs(value).toFixed(3)
  return Number(size) === 0 ? size : `${value < 0 ? '−' : '+'}${size}`
}

interface Estimate {
  value: number | null
  low: number | null
  high: number | null
}

/** An estimate with its interval: `0.812 [0.774, 0.851]`. @param write  how one number is written */
export function withInterval(
  { value, low, high }: Estimate,
  write: (value: number | null) => string = share,
): string {
  if (value === null) return dash
  return low === null || high === null ? write(value) : `${write(value)} [${write(low)}, ${write(high)}]`
}

/** A p, which is never 0: `< .001`, `.042`; a dash where there is none. */
export function probability(value: number | null): string {
  if (value === null) return '–'
  return value < 0.001 ? '< .001' : value >= 0.9995 ? '1' : value.toFixed(3).slice(1)
}
