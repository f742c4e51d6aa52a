// Between an item's values and the texts in its fields.
// Owns: reading and writing positions, numbers and names as a person types them. What cannot be read stays a text, which the schema then refuses beside its
// field. Not: drawing the fields (InterventionCard.svelte).
import { readNumbers, writeNumbers } from '../shared/numberWords.ts'

/** `0,3` → [0, 3]; nothing is `undefined`: the key is left out. */
export function readList(text: string): unknown {
  if (text.trim() === '') return undefined
  return readNumbers(text) ?? text
}

const isWhole = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value)

export function writeList(value: unknown): string {
  if (value === undefined) return ''
  if (Array.isArray(value) && value.every((each) => isWhole(each) && each >= 0))
    return writeNumbers(value as number[]) // checked by every()
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** `0.1, -2e-3 …` → numbers. */
export function readValues(text: string): unknown {
  const words = text
    .replace(/[[\]]/g, ' ')
    .split(/[\s,;]+/)
    .filter(Boolean)
  const numbers = words.map(Number)
  return numbers.every(Number.isFinite) ? numbers : text
}

export const writeValues = (value: unknown): string =>
  Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : ''

export const readText = (text: string): unknown => (text === '' ? undefined : text)
export const writeText = (value: unknown): string => (typeof value === 'string' ? value : '')

export type PositionKind =
  'lastPrompt' | 'allPrompt' | 'everyGenerated' | 'all' | 'generated' | 'at' | 'range' | 'tokens'

export const positionKinds: { value: PositionKind; label: string }[] = [
  { value: 'lastPrompt', label: 'Last prompt token' },
  { value: 'allPrompt', label: 'Whole prompt' },
  { value: 'everyGenerated', label: 'Whole answer' },
  { value: 'all', label: 'Prompt and answer' },
  { value: 'generated', label: 'First of answer…' },
  { value: 'at', label: 'Positions…' },
  { value: 'range', label: 'Range…' },
  { value: 'tokens', label: 'Tokens…' },
]

export function positionKindOf(positions: unknown): PositionKind {
  if (typeof positions === 'string')
    return positionKinds.find(({ value }) => value === positions)?.value ?? 'lastPrompt'
  if (typeof positions !== 'object' || positions === null) return 'lastPrompt'
  if ('first' in positions || 'last' in positions) return 'range'
  if ('generated' in positions) return 'generated'
  return 'tokens' in positions ? 'tokens' : 'at'
}

/** What each begins with. */
export function positionsOf(kind: PositionKind): unknown {
  if (kind === 'at') return { at: -1 }
  if (kind === 'range') return { first: 1, last: -1 }
  if (kind === 'generated') return { generated: 5 }
  return kind === 'tokens' ? { tokens: '' } : kind
}

/** `5` or `0, -1`: positions may count from the end. */
export function readPositions(text: string): unknown {
  const numbers = text
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map(Number)
  if (numbers.length === 0 || !numbers.every(isWhole)) return text
  return numbers.length === 1 ? numbers[0] : numbers
}

export const writePositions = (value: unknown): string => [value].flat().join(', ')

/** `#9246,42` are ids, anything else is a text. */
export function readTokens(text: string): unknown {
  if (!text.startsWith('#')) return text
  const ids = text
    .slice(1)
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map(Number)
  return ids.length > 0 && ids.every((id) => isWhole(id) && id >= 0) ? ids : text
}

export const writeTokens = (value: unknown): string =>
  Array.isArray(value) ? `#${value.join(',')}` : writeText(value)
