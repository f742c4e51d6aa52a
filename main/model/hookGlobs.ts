// Several hook points in one word: `blocks.*.hook_resid_post`, `blocks.{4,8}.attn.hook_z`, `blocks.{4..8}.hook_mlp_out`.
// Owns: what the signs mean and which hook points they fit. Not: the table of hook points (hookNames.ts).
import { errors } from '../contract/errors.ts'
import type { ModelShape } from '../contract/models.ts'
import { listHooks, parseHook } from './hookNames.ts'
import { nearestNames } from '../contract/nearestNames.ts'

/**
 * Names of the hook points that names and patterns fit, each once. `*` stands for any run of characters, `{a,b}` for any of several and
 * `{4..8}` for numbers, both ends included; each of those must fit something of its own.
 * @throws hook_unknown also for a pattern that fits no hook point; layer_out_of_range
 */
export function expandHooks(patterns: readonly string[], shape: ModelShape): string[] {
  const names = listHooks(shape).map((hook) => hook.name)
  const chosen = patterns.flatMap(withoutBraces).flatMap((pattern) => {
    if (!pattern.includes('*')) return [parseHook(pattern, shape).name]
    const expression = starExpression(pattern)
    const fitting = names.filter((name) => expression.test(name))
    if (fitting.length === 0)
      throw errors.hookUnknown({ hook: pattern, near: nearestPatterns(pattern, names) })
    return fitting
  })
  return [...new Set(chosen)]
}

/** Fits a whole name; `*` stands for any run of characters. */
export function starExpression(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}

/** `{a,b}c` → `ac`, `bc`; braces that are not closed or not opened stay, and fit nothing. */
export function withoutBraces(pattern: string): string[] {
  const found = /\{([^{}]*)\}/.exec(pattern)
  if (!found) return [pattern]
  const [before, after] = [pattern.slice(0, found.index), pattern.slice(found.index + found[0].length)]
  return found[1]
    .split(',')
    .flatMap((word) => numbersOf(word.trim()))
    .flatMap((word) => withoutBraces(`${before}${word}${after}`))
}

/** No model has as many layers. */
const MOST_NUMBERS = 1000

/** `4..6` → 4, 5, 6; any other word is itself. */
function numbersOf(word: string): string[] {
  const range = /^(\d{1,4})\.\.(\d{1,4})$/.exec(word)
  if (!range) return [word]
  const [first, last] = [Number(range[1]), Number(range[2])]
  const count = last - first + 1
  if (count < 1 || count > MOST_NUMBERS) return [word]
  return Array.from({ length: count }, (_, index) => String(first + index))
}

/** Names that are near to a pattern, with its star for a layer: `blocks.*.hook_resid_post`. */
function nearestPatterns(pattern: string, names: readonly string[]): string[] {
  const patterns = names.map((name) => name.replace(/^blocks\.\d+\./, 'blocks.*.'))
  return nearestNames(pattern, [...new Set(patterns)])
}
