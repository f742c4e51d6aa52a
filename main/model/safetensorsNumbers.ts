// Tensors of any plain number type, read as numbers.
// Owns: integers, booleans and doubles beside the floats that weights have. Not: the file's header (safetensors.ts).
import { open } from 'node:fs/promises'
import { readExactly } from './fileReading.ts'
import { asWeight, readWeight, type SafetensorsEntry } from './safetensors.ts'

const views: Partial<
  Record<SafetensorsEntry['dtype'], (bytes: ArrayBuffer) => ArrayLike<number> | ArrayLike<bigint>>
> = {
  BOOL: (bytes) => new Uint8Array(bytes),
  U8: (bytes) => new Uint8Array(bytes),
  I8: (bytes) => new Int8Array(bytes),
  U16: (bytes) => new Uint16Array(bytes),
  I16: (bytes) => new Int16Array(bytes),
  U32: (bytes) => new Uint32Array(bytes),
  I32: (bytes) => new Int32Array(bytes),
  U64: (bytes) => new BigUint64Array(bytes),
  I64: (bytes) => new BigInt64Array(bytes),
  F64: (bytes) => new Float64Array(bytes),
}

/**
 * Floats of any width, float64 rounded to float32: NumPy makes that unless told otherwise.
 * @returns row-major; null for what are no floats
 * @throws modelTruncated where the file has become shorter since its header was read
 */
export async function readFloats(file: string, entry: SafetensorsEntry): Promise<Float32Array | null> {
  const weight = asWeight(file, entry)
  if (weight) return weight.dtype === 'uint8' ? null : readWeight(weight)
  const doubles = entry.dtype === 'F64' ? await readNumbers(file, entry) : null
  return doubles && Float32Array.from(doubles)
}

/**
 * @returns row-major; float32 for F32, F16 and BF16, else float64 (integers beyond 2⁵³ are rounded); null for eight-bit floats
 * @throws modelTruncated where the file has become shorter since its header was read
 */
export async function readNumbers(
  file: string,
  entry: SafetensorsEntry,
): Promise<Float32Array | Float64Array | null> {
  const weight = asWeight(file, entry)
  if (weight && weight.dtype !== 'uint8') return readWeight(weight)
  const view = views[entry.dtype]
  if (!view) return null
  const handle = await open(file, 'r')
  try {
    const { buffer } = await readExactly(handle, file, entry.offset, entry.byteLength)
    return Float64Array.from(view(buffer) as ArrayLike<number>, Number) // Number takes a bigint too
  } finally {
    await handle.close()
  }
}
