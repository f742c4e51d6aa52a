// Weights as a graph can take them: plain floats that lie in files.
// Owns: turning a GGUF's quantised blocks into a safetensors file in the cache, once. Not: loading them (inference/).
import { mkdir, open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { readExactly, writeFault } from './fileReading.ts'
import { ggufBlocks, readGguf, type GgufType } from './gguf.ts'
import { dequantize } from './ggufDequantize.ts'
import { ggufWeights, type GgufWeight } from './ggufModel.ts'
import { hashModel } from './hashModel.ts'
import { huggingFaceWeights } from './huggingFaceFolder.ts'
import type { ModelFiles, StoredDtype, WeightMap, WeightTensor } from './modelFiles.ts'
import { asWeight, readSafetensorsHeader, writeSafetensors } from './safetensors.ts'
import type { SafetensorsDtype, SafetensorsHeader, TensorToWrite } from './safetensors.ts'

/** Part of the cached file's name and header; raised whenever the same GGUF would give other bytes. */
const converterVersion = '1'
/** Rows are converted in parts of about this many numbers. */
const partNumbers = 2 ** 21

export interface PrepareOptions {
  /** Made where it does not exist. */
  cacheFolder: string
  /** The model's hash where it is known already; it is computed otherwise. */
  hash?: string
  signal?: AbortSignal
  /** Fraction done, 0 … 1. */
  onProgress?: (fraction: number) => void
}

const plainTypes: Partial<Record<GgufType, { stored: StoredDtype; written: SafetensorsDtype }>> = {
  F32: { stored: 'float32', written: 'F32' },
  F16: { stored: 'float16', written: 'F16' },
  BF16: { stored: 'bfloat16', written: 'BF16' },
}

/**
 * Every tensor of the decoder as float32, float16 or bfloat16, row-major, by Hugging Face's names.
 * Safetensors stay where they lie, and so do plain floats of a GGUF. Its quantised tensors (as float32) and its
 * permuted query and key rows go to `<cacheFolder>/<hash>-<version>.safetensors`, written once and whole.
 * @throws diskFull, fileUnwritable, and what reading the model throws
 * @throws the signal's reason when it is aborted
 */
export async function prepareWeights(files: ModelFiles, options: PrepareOptions): Promise<WeightMap> {
  if (files.format === 'safetensors') return huggingFaceWeights(files.config, files.weightFiles)
  const gguf = readGguf(files.path)
  const weights = ggufWeights(gguf, files.config)
  const converted = [...weights].filter(([, weight]) => !staysInPlace(weight))
  const result = new Map<string, WeightTensor>()
  for (const [name, { tensor }] of weights) {
    const plain = plainTypes[tensor.type]
    if (plain) result.set(name, { ...tensor, file: files.path, dtype: plain.stored })
  }
  if (converted.length > 0) {
    const source = options.hash ?? (await hashModel(files, { signal: options.signal }))
    const cached = await cachedFile(files.path, source, converted, options)
    for (const [name] of converted) {
      const entry = cached.header.tensors.get(name)
      const weight = entry && asWeight(cached.path, entry)
      if (!weight) throw new TypeError(`${name} is missing in a cached file that was checked`)
      result.set(name, weight)
    }
  }
  options.onProgress?.(1)
  // In the decoder's own order, whatever lies where.
  return new Map([...weights.keys()].map((name) => [name, required(result, name)]))
}

const required = (map: ReadonlyMap<string, WeightTensor>, name: string): WeightTensor => {
  const weight = map.get(name)
  if (!weight) throw new TypeError(`no weight ${name}`)
  return weight
}

const staysInPlace = ({ tensor, permutedHeads }: GgufWeight): boolean =>
  permutedHeads === 0 && plainTypes[tensor.type] !== undefined

const writtenDtype = ({ tensor }: GgufWeight): SafetensorsDtype => plainTypes[tensor.type]?.written ?? 'F32'

async function cachedFile(
  ggufPath: string,
  source: string,
  converted: readonly [string, GgufWeight][],
  options: PrepareOptions,
): Promise<{ path: string; header: SafetensorsHeader }> {
  const path = join(options.cacheFolder, `${source.slice(0, 32)}-${converterVersion}.safetensors`)
  const kept = await readIfWhole(path, source, converted)
  if (kept) return { path, header: kept }
  await mkdir(options.cacheFolder, { recursive: true }).catch((error: unknown) => {
    throw writeFault(options.cacheFolder, error)
  })
  const handle = await open(ggufPath, 'r')
  try {
    const total = converted.reduce((sum, [, { tensor }]) => sum + tensor.byteLength, 0)
    let done = 0
    const onRead = (bytes: number) => {
      done += bytes
      options.onProgress?.(done / total)
    }
    const tensors = converted.map(([name, weight]): TensorToWrite => ({
      name,
      dtype: writtenDtype(weight),
      shape: weight.tensor.shape,
      data: convertedParts(handle, ggufPath, weight, { signal: options.signal, onRead }),
    }))
    await writeSafetensors(path, tensors, { source, converter: converterVersion })
  } finally {
    await handle.close()
  }
  return { path, header: await readSafetensorsHeader(path) }
}

/** The header of a cached file that is whole and was made from this model by this converter; null otherwise. */
async function readIfWhole(
  path: string,
  source: string,
  converted: readonly [string, GgufWeight][],
): Promise<SafetensorsHeader | null> {
  let header: SafetensorsHeader
  try {
    header = await readSafetensorsHeader(path)
  } catch (error) {
    // Absent or damaged: it is made anew.
    if (error instanceof AppError) return null
    throw error
  }
  const { metadata, tensors } = header
  const fits = converted.every(([name, weight]) => {
    const entry = tensors.get(name)
    return entry?.dtype === writtenDtype(weight) && entry.shape.join() === weight.tensor.shape.join()
  })
  return fits && metadata.source === source && metadata.converter === converterVersion ? header : null
}

/** A tensor's rows in order, dequantised, some at a time. */
async function* convertedParts(
  handle: FileHandle,
  path: string,
  { tensor, permutedHeads }: GgufWeight,
  { signal, onRead }: { signal?: AbortSignal; onRead: (bytes: number) => void },
): AsyncGenerator<ArrayBufferView> {
  // A bias is a column of rows of one number.
  const [rows, width] =
    permutedHeads > 0 && tensor.shape.length === 1 ? [tensor.shape[0], 1] : shapeOf(tensor.shape)
  const rowBytes = tensor.byteLength / rows
  const headRows = permutedHeads > 0 ? rows / permutedHeads : 1
  const partRows = headRows * Math.max(1, Math.floor(partNumbers / (width * headRows)))
  const block = ggufBlocks[tensor.type]
  for (let row = 0; row < rows; row += partRows) {
    signal?.throwIfAborted()
    const count = Math.min(partRows, rows - row)
    const bytes = await readExactly(handle, path, tensor.offset + row * rowBytes, count * rowBytes)
    const ordered = permutedHeads > 0 ? unpermuteRows(bytes, rowBytes, headRows) : bytes
    if (plainTypes[tensor.type]) yield ordered
    else {
      const values = new Float32Array((ordered.length / block.bytes) * block.numbers)
      dequantize(tensor.type, ordered, values)
      yield values
    }
    onRead(bytes.length)
  }
}

const shapeOf = (shape: readonly number[]): [rows: number, width: number] =>
  shape.length === 2 ? [shape[0], shape[1]] : [1, shape[0]]

/**
 * llama.cpp pairs row j of a head's first half with row j of its second; this puts the halves back.
 * @param bytes  rows of whole heads, back to back
 */
export function unpermuteRows(bytes: Uint8Array, rowBytes: number, headRows: number): Uint8Array {
  const result = new Uint8Array(bytes.length)
  const half = headRows / 2
  for (let head = 0; head < bytes.length; head += headRows * rowBytes) {
    for (let row = 0; row < headRows; row++) {
      const from = head + (row < half ? 2 * row : 2 * (row - half) + 1) * rowBytes
      result.set(bytes.subarray(from, from + rowBytes), head + row * rowBytes)
    }
  }
  return result
}
