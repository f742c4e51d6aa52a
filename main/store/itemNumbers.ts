// Names of numbered things: d3, p12.
// Owns: from a name to its number. Not: runs' names (columns.ts).
import { errors } from '../contract/errors.ts'

/** `p12` → 12. @throws not_found for what is no such name */
export function numberOf(id: string, letter: string, kind: string): number {
  const match = /^([a-z])([1-9]\d{0,14})$/.exec(id)
  if (match?.[1] !== letter) throw errors.notFound({ kind, id })
  return Number(match[2])
}
