// Figures of a report as SVG: estimates with their intervals, and curves with bands.
// Owns: scales, marks and words of these two. Not: which figures a report has (studyBlocks.ts) or those of the window (renderer/charts/).
import type { Estimate } from '../contract/estimates.ts'
import { escapeMarkup } from './escapeMarkup.ts'

export interface IntervalRow {
  label: string
  estimate: Estimate
  /** Drawn strongly: what the figure is about. */
  isChief?: boolean
}

export interface Scale {
  title: string
  low: number
  high: number
  /** A line to compare with, for instance chance or no change. */
  reference?: number
  /** How a value is written at the axis. */
  write: (value: number) => string
}

const ink = { chief: '#3b4cca', other: '#7a7f8f', grid: '#d9dce3', text: '#333842', band: '#c9cff5' }
const width = 640

const element = (name: string, attributes: Record<string, string | number>, content = ''): string => {
  const written = Object.entries(attributes).map(
    ([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : value}"`,
  )
  return content === '' ? `<${name}${written.join('')}/>` : `<${name}${written.join('')}>${content}</${name}>`
}
const round = (value: number): string => String(Math.round(value * 100) / 100)
const words = (
  x: number,
  y: number,
  text: string,
  anchor: 'start' | 'middle' | 'end',
  colour = ink.text,
): string => element('text', { x, y, 'text-anchor': anchor, fill: colour }, escapeMarkup(text))
const line = (x1: number, y1: number, x2: number, y2: number, colour: string, thickness = 1): string =>
  element('line', { x1, y1, x2, y2, stroke: colour, 'stroke-width': thickness })

function picture(height: number, label: string, parts: readonly string[]): string {
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'aria-label': escapeMarkup(label),
    'font-family': 'system-ui, sans-serif',
    'font-size': 12,
  }
  return element('svg', attributes, parts.join(''))
}

/** Five ticks at most, at round numbers. */
export function ticksOf(low: number, high: number): number[] {
  const raw = (high - low) / 4
  const magnitude = 10 ** Math.floor(Math.log10(raw))
  const step = magnitude * ([1, 2, 2.5, 5, 10].find((factor) => factor * magnitude >= raw) ?? 10)
  const first = Math.ceil(low / step - 1e-9)
  const count = Math.floor(high / step + 1e-9) - first + 1
  return Array.from({ length: count }, (_, i) => (first + i) * step)
}

const mostLetters = 44
const shortened = (text: string): string =>
  text.length > mostLetters ? `${text.slice(0, mostLetters - 1)}…` : text

/** A row for each estimate, its interval as a line; what is not known has no mark. */
export function intervalFigure(rows: readonly IntervalRow[], scale: Scale, label: string): string {
  const [left, right, rowHeight, top] = [280, 24, 24, 10]
  const bottom = top + rows.length * rowHeight
  const x = (value: number): number => {
    const share = (value - scale.low) / (scale.high - scale.low)
    return left + Math.min(1, Math.max(0, share)) * (width - left - right)
  }
  const parts = ticksOf(scale.low, scale.high).flatMap((tick) => [
    line(x(tick), top, x(tick), bottom, ink.grid),
    words(x(tick), bottom + 16, scale.write(tick), 'middle'),
  ])
  const { reference } = scale
  if (reference !== undefined) parts.push(line(x(reference), top, x(reference), bottom, ink.text))
  rows.forEach(({ label: name, estimate: { value, low, high }, isChief = false }, index) => {
    const y = top + (index + 0.5) * rowHeight
    const colour = isChief ? ink.chief : ink.other
    parts.push(words(left - 10, y + 4, shortened(name), 'end', isChief ? ink.chief : ink.text))
    if (low !== null && high !== null) parts.push(line(x(low), y, x(high), y, colour, 2))
    if (value !== null) parts.push(element('circle', { cx: x(value), cy: y, r: 4, fill: colour }))
  })
  parts.push(words((left + width - right) / 2, bottom + 34, scale.title, 'middle'))
  return picture(bottom + 42, label, parts)
}

export interface CurvePoint {
  x: number
  estimate: Estimate
}

/** A curve over a whole number, with the intervals as a band. */
export function curveFigure(
  points: readonly CurvePoint[],
  scale: Scale,
  axis: { title: string; write: (value: number) => string },
  label: string,
): string {
  const [left, right, top, bottom] = [64, 24, 10, 220]
  const known = points.filter(({ estimate }) => estimate.value !== null)
  const first = Math.min(...points.map((point) => point.x))
  const last = Math.max(...points.map((point) => point.x), first + 1)
  const x = (value: number): number => left + ((value - first) / (last - first)) * (width - left - right)
  const y = (value: number): number => {
    const share = (value - scale.low) / (scale.high - scale.low)
    return bottom - Math.min(1, Math.max(0, share)) * (bottom - top)
  }
  const parts = ticksOf(scale.low, scale.high).flatMap((tick) => [
    line(left, y(tick), width - right, y(tick), ink.grid),
    words(left - 8, y(tick) + 4, scale.write(tick), 'end'),
  ])
  const place = (at: number, value: number): string => `${round(x(at))},${round(y(value))}`
  const ends = known.filter(({ estimate: { low, high } }) => low !== null && high !== null)
  const upper = ends.map(({ x: at, estimate }) => place(at, estimate.high!))
  const lower = ends.map(({ x: at, estimate }) => place(at, estimate.low!)).reverse()
  if (ends.length > 1)
    parts.push(element('polygon', { points: [...upper, ...lower].join(' '), fill: ink.band }))
  const { reference } = scale
  if (reference !== undefined) parts.push(line(left, y(reference), width - right, y(reference), ink.text))
  const curve = known.map(({ x: at, estimate }) => place(at, estimate.value!)).join(' ')
  parts.push(element('polyline', { points: curve, fill: 'none', stroke: ink.chief, 'stroke-width': 2 }))
  for (const { x: at, estimate } of known)
    parts.push(element('circle', { cx: x(at), cy: y(estimate.value!), r: 3, fill: ink.chief }))
  for (const { x: at } of points.length > 12 ? points.filter((_, i) => i % 2 === 0) : points)
    parts.push(words(x(at), bottom + 16, axis.write(at), 'middle'))
  parts.push(words((left + width - right) / 2, bottom + 34, axis.title, 'middle'))
  const turned = `<text transform="translate(14 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle" fill="${ink.text}">${escapeMarkup(scale.title)}</text>`
  return picture(bottom + 42, label, [...parts, turned])
}
