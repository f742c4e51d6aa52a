// Functions at hook points, as TransformerLens's users write them.
// Owns: what such a list may hold, and an entry for each hook point. Not: calling them (inference/hookFunctions.ts).
import type { InterventionPhase } from '../contract/interventions.ts'
import type { ModelShape } from '../contract/models.ts'
import type { HookedFunction, HookFunction } from '../inference/hookFunctions.ts'
import { chooseHooks, type HookChoice } from './hookChoice.ts'
import { checkWord } from '../contract/options.ts'

/**
 * Which hook points, and what is called there: the function gets `{ hook, data, shape, axes, phase, firstPosition }` and gives new values,
 * or changes `data` in place. With a phase it is called in that one alone.
 */
export type FwdHook = readonly [hooks: HookChoice, run: HookFunction, phase?: InterventionPhase]

const phases: readonly string[] = ['prompt', 'decode', 'both'] satisfies InterventionPhase[]

/**
 * One entry for each hook point.
 * @throws hook_unknown, layer_out_of_range; a TypeError for what is no list of hooks and functions, and for a phase that a prompt has not
 * @internal
 */
export function hookedFunctions(
  fwdHooks: readonly FwdHook[],
  shape: ModelShape,
  promptOnly: boolean,
): HookedFunction[] {
  const hint = 'fwdHooks is a list of [hook points, function, phase]'
  const isList = (value: unknown): boolean => Array.isArray(value)
  if (!isList(fwdHooks) || !fwdHooks.every(isList)) throw new TypeError(hint)
  const own = promptOnly ? 'prompt' : 'both'
  return fwdHooks.flatMap(([choice, run, phase = own]) => {
    if (typeof run !== 'function') throw new TypeError(`${hint}; what is to be called is ${String(run)}`)
    checkWord(`${hint}; the phase`, phase, phases)
    if (promptOnly && phase === 'decode')
      throw new TypeError('a function of phase “decode” is never called where no answer is wanted')
    return chooseHooks(choice, shape).map((hook) => ({
      hook,
      run,
      phase: promptOnly ? ('prompt' as const) : phase,
    }))
  })
}
