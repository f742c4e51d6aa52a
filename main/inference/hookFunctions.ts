// Functions that change a tensor at a hook point, on the side of those who write them.
// Owns: what such a function gets and gives, and checking what it gave. Not: cutting the graph (model/graphSegments.ts) or carrying
// the tensor between threads (inferenceClient.ts).
import { randomUUID } from 'node:crypto'
import { errors } from '../contract/errors.ts'
import type { InterventionPhase } from '../contract/interventions.ts'
import type { ModelShape } from '../contract/models.ts'
import { parseHook } from '../model/hookNames.ts'
import type { Intervention } from './interventions.ts'

/** A value at a hook point in one pass of one sequence. */
export interface HookTensor {
  hook: string
  /** Row-major; the function's own to change. */
  data: Float32Array
  /** B = 1; S the tokens of this pass, T all positions up to the last of them. */
  shape: readonly number[]
  /** For instance `B S D`. */
  axes: string
  /** `prompt`: the whole prompt. `decode`: one generated token. */
  phase: 'prompt' | 'decode'
  /** Position of the first of the S tokens. */
  firstPosition: number
}

/** Gives the values to go on with, in the same shape; nothing where it has changed `data` itself, or nothing at all. */
export type HookFunction = (tensor: HookTensor) => Float32Array | void | Promise<Float32Array | void>

export interface HookedFunction {
  hook: string
  run: HookFunction
  /** Both where left out. */
  phase?: InterventionPhase
}

const positionsIn = { prompt: 'allPrompt', decode: 'everyGenerated', both: 'all' } as const

/**
 * Interventions that stand for functions, each known by its place in the list. Prompts that meet one share nothing with others.
 * @throws hook_unknown, layer_out_of_range
 */
export function functionInterventions(
  functions: readonly HookedFunction[],
  shape: ModelShape,
): Intervention[] {
  return functions.map(({ hook, phase = 'both' }, id) => ({
    name: `function ${id + 1} (${hook})`,
    hook: parseHook(hook, shape).name,
    heads: null,
    positions: positionsIn[phase],
    phase,
    gate: null,
    leavesSink: false,
    ifAbsent: 'skip',
    change: { kind: 'function', id },
    identity: `function ${randomUUID()}`,
  }))
}

/**
 * What a function makes of a tensor.
 * @throws intervention_not_finite, a TypeError for another number of values, and whatever the function throws
 */
export async function runHookFunction(
  functions: readonly HookedFunction[],
  id: number,
  tensor: HookTensor,
): Promise<Float32Array> {
  const size = tensor.data.length
  const given = await functions[id].run(tensor)
  const data = given ?? tensor.data
  const intervention = `function ${id + 1} (${tensor.hook})`
  if (!(data instanceof Float32Array) || data.length !== size)
    throw new TypeError(`${intervention} must give a Float32Array of ${size} values`)
  // A score of minus infinity is a key that is not seen.
  const isNoNumber = tensor.hook.endsWith('hook_attn_scores')
    ? (value: number): boolean => Number.isNaN(value) || value === Infinity
    : (value: number): boolean => !Number.isFinite(value)
  const place = data.findIndex(isNoNumber)
  if (place >= 0)
    throw errors.interventionNotFinite({ intervention, what: 'result', place, value: String(data[place]) })
  return data
}
