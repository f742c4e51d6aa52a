// Which model the values of a run came from.
// Owns: remembering it by the array, so that values of one model are not taken for another's. Not: comparing (inference/interventionSources.ts).
// A copy of the numbers comes from nowhere: whoever means to carry values from model to model makes one.
import type { ComputeDtype } from '../contract/models.ts'

export interface TensorOrigin {
  /** SHA-256, hex. */
  modelHash: () => Promise<string>
  tokenizerHash: () => Promise<string>
  /** Left out where it is not known. */
  dtype?: ComputeDtype
}

const origins = new WeakMap<Float32Array, TensorOrigin>()

/** The first origin that is told of an array stays. */
export function rememberOrigin(data: Float32Array, origin: TensorOrigin): void {
  if (!origins.has(data)) origins.set(data, origin)
}

export const originOf = (data: Float32Array): TensorOrigin | null => origins.get(data) ?? null
