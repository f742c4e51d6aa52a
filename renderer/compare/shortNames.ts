// What tells compared runs apart: names that the engine gives begin alike.
// Owns: leaving out what all have in common. Not: the whole name, which stands on hover.
import type { RunRecord } from '../../main/contract/runs.ts'

/** Parts between commas that all names share are left out; names that are the same then stay whole. */
export function shortNames(names: readonly string[]): string[] {
  const parts = names.map((name) => name.split(', '))
  const short = parts.map((own) =>
    own.filter((part) => !parts.every((other) => other.includes(part))).join(', '),
  )
  return new Set(short).size === names.length && names.length > 1 && short.every((name) => name !== '')
    ? short
    : [...names]
}

/** By run id; a condition of a sweep is called by its title. */
export function shownNames(runs: readonly Pick<RunRecord, 'id' | 'name' | 'sweep'>[]): Map<string, string> {
  const short = shortNames(runs.map(({ name, sweep }) => sweep?.title ?? name))
  return new Map(runs.map(({ id }, i) => [id, short[i] ?? id]))
}
