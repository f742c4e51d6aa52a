// Typed arrays as bytes in a file, little-endian, and back.
// Owns: int32, float32 and float16 as they lie in blobs and shards. Not: where they lie.
/// <reference lib="es2025.float16" />
import type { CapturePolicy } from '../contract/runs.ts'

export type ActivationDtype = CapturePolicy['dtype']

export const bytesPerValue = (dtype: ActivationDtype): number => (dtype === 'float16' ? 2 : 4)

/** The array's own bytes, not a copy. */
export const bytesOf = (array: Int32Array | Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** A copy, since a blob need not start at a multiple of four. */
export const int32Of = (bytes: Uint8Array): Int32Array => new Int32Array(copyOf(bytes))
export const float32Of = (bytes: Uint8Array): Float32Array => new Float32Array(copyOf(bytes))

const copyOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer

/**
 * Values as stored. `float16` rounds to the nearest, ties to even: relative error ≤ 2⁻¹¹ from 6.1e-5 on; from 65,520 on
 * the value becomes ±∞, below 2⁻²⁵ it becomes 0. NaN stays NaN in either.
 */
export function encodeActivation(values: Float32Array, dtype: ActivationDtype): Uint8Array {
  if (dtype === 'float32') return bytesOf(values)
  const half = new Float16Array(values)
  return new Uint8Array(half.buffer)
}

/** Writes the values of `bytes` into `target` from `at` on. */
export function decodeActivation(
  bytes: Uint8Array,
  dtype: ActivationDtype,
  target: Float32Array,
  at: number,
): void {
  if (dtype === 'float32') new Uint8Array(target.buffer, target.byteOffset).set(bytes, at * 4)
  else target.set(new Float16Array(copyOf(bytes)), at)
}
