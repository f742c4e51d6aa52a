// Which hook points a caller means: names, globs, regular expressions or a function.
// Owns: turning a choice into names, in the order of a forward pass. Not: the table of hook points (model/hookNames.ts).
import { errors } from '../contract/errors.ts'
import type { ModelShape } from '../contract/models.ts'
import { expandHooks } from '../model/hookGlobs.ts'
import { listHooks } from '../model/hookNames.ts'

/** A name, where `*` stands for any run of characters and `{4,8}` or `{4..8}` for any of several, a pattern, or a function that says yes or no to each name. */
export type HookFilter = string | RegExp | ((name: string) => boolean)
/** Any of several. */
export type HookChoice = HookFilter | readonly HookFilter[]

/**
 * Names of the chosen hook points, each once, in the order in which a forward pass meets them.
 * @throws hook_unknown for a name, glob, pattern or function that fits none; layer_out_of_range
 */
export function chooseHooks(choice: HookChoice, shape: ModelShape): string[] {
  const names = listHooks(shape).map(({ name }) => name)
  const filters: readonly HookFilter[] = Array.isArray(choice) ? choice : [choice as HookFilter] // no array is left
  const chosen = new Set(filters.flatMap((filter) => fitting(filter, names, shape)))
  return names.filter((name) => chosen.has(name))
}

function fitting(filter: HookFilter, names: readonly string[], shape: ModelShape): string[] {
  if (typeof filter === 'string') return expandHooks([filter], shape)
  if (typeof filter !== 'function' && !(filter instanceof RegExp))
    throw new TypeError('hook points are named by texts, regular expressions or functions')
  const isChosen =
    filter instanceof RegExp
      ? (name: string) => new RegExp(filter).test(name)
      : (name: string) => filter(name)
  const found = names.filter(isChosen)
  if (found.length > 0) return found
  const hook = filter instanceof RegExp ? String(filter) : 'the function given'
  throw errors.hookUnknown({ hook, near: names.slice(0, 3) })
}

/** What TransformerLens caches unless told otherwise: all but what single heads add, which is H times the residual stream. */
export const usualHooks = (name: string): boolean => !name.endsWith('.attn.hook_result')
