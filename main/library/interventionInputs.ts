// Interventions as a program writes them: the language of docs/interventions.md, with arrays at hand as vectors and sources.
// Owns: handing such arrays to the planner. Not: the language (contract/interventions.ts) or what it means (inference/).
import type { AxedTensor } from '../analysis/axedTensor.ts'
import { errors } from '../contract/errors.ts'
import {
  interventionList,
  type ActivationSource,
  type InterventionInput as WrittenIntervention,
} from '../contract/interventions.ts'
import {
  planInterventions,
  type PlannedIntervention,
  type PlanningModel,
} from '../inference/interventionPlan.ts'
import type { ReadRun, StoredTensor } from '../inference/interventionSources.ts'
import { parseSettings } from '../jobs/settings.ts'
import { originOf, type TensorOrigin } from './tensorOrigins.ts'

type Numbers = Float32Array | Float64Array | readonly number[]

/** What a file or a run may hold, or an array at hand: one vector, or a tensor out of a cache. All is rounded to float32. */
export type TensorSource = ActivationSource | Numbers | { data: Numbers; shape: readonly number[] }

/** The same, unchangeable, with arrays allowed where vectors and sources stand. */
type Widened<T> = T extends readonly (infer Item)[]
  ? readonly Widened<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Key extends 'vector' | 'source' ? TensorSource : Widened<T[Key]> }
    : T
/** An intervention of docs/interventions.md, defaults left out, whose `vector` or `source` may be an array. */
export type InterventionInput = Widened<WrittenIntervention>

/** Runs have names of another form, so none can be meant. */
const heldPrefix = 'array '

/**
 * Everything that can be known before a prompt is there, checked and read.
 * @param own  what the model's own values are known by
 * @throws invalid_input, hook_unknown, layer_out_of_range, and the intervention_… errors
 */
export function planInputs(
  inputs: readonly InterventionInput[],
  model: PlanningModel,
  own: TensorOrigin,
): Promise<PlannedIntervention[]> {
  // A program without types may give anything; its entries are the schema's to judge.
  if (!Array.isArray(inputs))
    throw errors.invalidInput({ field: 'interventions', reason: 'give a list of interventions' })
  const held: Pick<AxedTensor, 'data' | 'shape'>[] = []
  const written = inputs.map((input: unknown) =>
    typeof input === 'object' && input !== null ? withoutArrays(input, held) : input,
  )
  const readRun: ReadRun = (source, hook) => {
    if ('run' in source && source.run.startsWith(heldPrefix)) return storedOf(held, source.run, own)
    if (!model.readRun)
      throw errors.invalidInput({ field: 'source.run', reason: 'no workspace is open; give openModel one' })
    return model.readRun(source, hook)
  }
  // Without a workspace the planner itself says so, in better words than a reader could.
  const asksForArray = held.length > 0
  return planInterventions(parseSettings(interventionList, written), {
    ...model,
    readRun: model.readRun || asksForArray ? readRun : null,
  })
}

async function storedOf(
  held: readonly Pick<AxedTensor, 'data' | 'shape'>[],
  run: string,
  own: TensorOrigin,
): Promise<StoredTensor> {
  const tensor = held[Number(run.slice(heldPrefix.length))]
  const { shape } = tensor
  const origin = originOf(tensor.data)
  // A tensor out of a cache begins with B = 1.
  const stored = { ...tensor, provenance: run, isSequence: shape.length > 2 && shape[0] === 1 }
  if (!origin || origin === own) return stored
  const [modelHash, tokenizerHash] = [await origin.modelHash(), await origin.tokenizerHash()]
  return { ...stored, modelHash, tokenizerHash, computeDtype: origin.dtype }
}

function withoutArrays(input: object, held: Pick<AxedTensor, 'data' | 'shape'>[]): object {
  return Object.fromEntries(
    Object.entries(input).map(([key, value]: [string, unknown]) => {
      if (key === 'gate' && typeof value === 'object' && value !== null)
        return [key, withoutArrays(value, held)]
      const tensor = key === 'vector' || key === 'source' ? asTensor(value) : null
      if (!tensor) return [key, value]
      held.push(tensor)
      return [key, { run: `${heldPrefix}${held.length - 1}`, at: 'all' }]
    }),
  )
}

function asTensor(value: unknown): Pick<AxedTensor, 'data' | 'shape'> | null {
  const vector = asFloats(value)
  if (vector) return { data: vector, shape: [vector.length] }
  if (typeof value !== 'object' || value === null || !('data' in value) || !('shape' in value)) return null
  const data = asFloats(value.data)
  if (!data || !Array.isArray(value.shape)) return null
  const sizes: readonly number[] = value.shape
  if (sizes.reduce((a, b) => a * b, 1) !== data.length)
    throw new TypeError(`${data.length} values are no array [${sizes.join(', ')}]`)
  return { data, shape: sizes }
}

/** Float32 as it is, by which its origin is known; null for what are no numbers. */
function asFloats(value: unknown): Float32Array | null {
  if (value instanceof Float32Array) return value
  const isList = Array.isArray(value) && value.every((each): each is number => typeof each === 'number')
  return isList || value instanceof Float64Array ? Float32Array.from(value) : null
}
