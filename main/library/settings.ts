// Settings that a program gives and a schema knows.
// Owns: refusing what the schema would let fall. Not: the schemas (contract/) or options without one (contract/options.ts).
import type * as z from 'zod'
import { errors } from '../contract/errors.ts'
import { nearIt } from '../contract/options.ts'
import { parseSettings } from '../jobs/settings.ts'

/**
 * Settings that a schema knows, and nothing besides.
 * @throws invalid_input naming the first field that is wrong, or that the schema does not have
 */
export function checkSettings<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = parseSettings(schema, value)
  const lost = firstLost(value, parsed, [])
  if (!lost) return parsed
  throw errors.invalidInput({
    field: [...lost.path, lost.key].join('.'),
    reason: `there is no such setting; ${nearIt(lost.key, lost.known)}`,
  })
}

interface LostKey {
  path: readonly string[]
  key: string
  /** What stands beside it. */
  known: readonly string[]
}

/** The first key that a schema has let fall, at any depth. */
function firstLost(given: unknown, parsed: unknown, path: readonly string[]): LostKey | null {
  if (!isPlain(given) || !isPlain(parsed)) return null
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined) continue
    if (!Object.hasOwn(parsed, key)) return { path, key, known: Object.keys(parsed) }
    const lost = firstLost(value, parsed[key], [...path, key])
    if (lost) return lost
  }
  return null
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
