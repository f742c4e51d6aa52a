// Weights as a graph can take them, in files.
// Owns: what becomes of a model's tensors for each dtype, and making it once. Not: loading (inference/), or blocks (blockWeights.ts).
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { errors } from '../contract/errors.ts'
import type { ComputeDtype } from '../contract/models.ts'
import { mergedMatrices } from './adapterWeights.ts'
import { blockEntries, blockTensors, ggufLayout, roundedMatrix, roundingPlan } from './blockWeights.ts'
import type { BlockMatrix } from './blockWeights.ts'
import { readExactly } from './fileReading.ts'
import { ggufBlocks, readGguf, type GgufType } from './gguf.ts'
import { dequantize } from './ggufDequantize.ts'
import { ggufWeights, type GgufWeight } from './ggufModel.ts'
import { isQuantisedType, readBlocks, type QuantisedType } from './ggufNumbers.ts'
import { hashModel } from './hashModel.ts'
import { huggingFaceWeights } from './huggingFaceFolder.ts'
import type { ModelFiles, StoredDtype, WeightMap, WeightTensor } from './modelFiles.ts'
import { asWeight, type SafetensorsDtype, type TensorToWrite } from './safetensors.ts'
import { cachedWeights } from './weightsCache.ts'

/** Part of the cached files' names and headers; raised whenever the same weights would give other bytes. */
const converterVersion = '1'
/** Rows are converted in parts of about this many numbers. */
const partNumbers = 2 ** 21

export interface PrepareOptions {
  /** Made where it does not exist. */
  cacheFolder: string
  /** What is computed with; `float32` where left out. */
  dtype?: ComputeDtype
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
 * Every tensor of the decoder, row-major, by Hugging Face's names: float32, float16 or bfloat16, and for the other dtypes matrices
 * in blocks, whose parts are named as blockWeights.ts has it. Floats stay where they lie. What has to be converted goes to the cache,
 * written once and whole: to `<hash>-<version>.safetensors` a GGUF's quantised tensors as float32 and its permuted query and
 * key rows, with the dtype before the version what is in blocks, and as `-merged` what an adapter changes.
 * @throws dtypeUnavailable where the model has nothing to make that dtype of; diskFull, fileUnwritable, and what reading the model throws
 * @throws the signal's reason when it is aborted
 */
export async function prepareWeights(files: ModelFiles, options: PrepareOptions): Promise<WeightMap> {
  checkDtype(files, options.dtype ?? 'float32')
  const converter = new Converter(files, options)
  const floats =
    files.format === 'safetensors'
      ? await huggingFaceWeights(baseOf(files).config, baseOf(files).weightFiles)
      : await converter.ggufWeights()
  const weights = await converter.rounded(await converter.merged(floats))
  options.onProgress?.(1)
  return weights
}

/**
 * Refuses a dtype that cannot be made of these files, before anything is read.
 * @param files  or a model's record
 * @throws dtypeUnavailable
 */
export function checkDtype(
  files: Pick<ModelFiles, 'path' | 'format' | 'dtype' | 'adapter'>,
  dtype: ComputeDtype,
): void {
  const reason = dtypeRefusal(files, dtype)
  if (reason !== null) throw errors.dtypeUnavailable({ path: files.path, dtype, reason })
}

/** Why a dtype cannot be made of these files; null where it can. */
export function dtypeRefusal(
  files: Pick<ModelFiles, 'format' | 'dtype' | 'adapter'>,
  dtype: ComputeDtype,
): string | null {
  const isInBlocks = files.format === 'gguf' && isQuantisedType(files.dtype)
  if (dtype === 'gguf' && files.adapter) return 'blocks of a GGUF file cannot take an adapter’s changes'
  if (dtype === 'gguf' && !isInBlocks) return `its weights are ${files.dtype}, not blocks of a GGUF file`
  if ((dtype === 'int8' || dtype === 'int4') && isInBlocks)
    return `its weights are rounded already, to ${files.dtype}; rounding them again would lose more`
  return null
}

/** What the model's own files hold; an adapter changes it afterwards. */
const baseOf = (files: ModelFiles): Pick<ModelFiles, 'config' | 'weightFiles'> => files.adapter?.base ?? files

class Converter {
  private readonly files: ModelFiles
  private readonly options: PrepareOptions
  private readonly dtype: ComputeDtype
  private source: Promise<string> | null

  constructor(files: ModelFiles, options: PrepareOptions) {
    this.files = files
    this.options = options
    this.dtype = options.dtype ?? 'float32'
    this.source = options.hash === undefined ? null : Promise.resolve(options.hash)
  }

  /** The tensors of a GGUF: those in blocks as such where that is the dtype, the others as floats. */
  async ggufWeights(): Promise<WeightMap> {
    const { dtype } = this
    const { config, weightFiles } = baseOf(this.files)
    const [path] = weightFiles
    const weights = ggufWeights(readGguf(path), config)
    const isBlocks = ({ tensor }: GgufWeight): boolean =>
      dtype === 'gguf' && isQuantisedType(tensor.type) && tensor.shape.length === 2
    const inBlocks = [...weights].filter(([, weight]) => isBlocks(weight))
    const converted = [...weights].filter(([, weight]) => !isBlocks(weight) && !staysInPlace(weight))
    const found = new Map([...(await this.floats(converted)), ...(await this.blocks(inBlocks))])
    for (const [name, { tensor }] of weights) {
      const plain = plainTypes[tensor.type]
      if (plain && !found.has(name)) found.set(name, { ...tensor, file: path, dtype: plain.stored })
    }
    return found
  }

  /** The same weights, with what an adapter changes merged into a file of the cache. */
  async merged(floats: WeightMap): Promise<WeightMap> {
    const { adapter, config } = this.files
    if (!adapter) return floats
    const weights = new Map(floats)
    const embedding = weights.get('model.embed_tokens.weight')
    if (embedding && adapter.base.config.tiedEmbeddings && !config.tiedEmbeddings)
      weights.set('lm_head.weight', embedding)
    const weightOf = (name: string): WeightTensor => {
      const weight = weights.get(name)
      if (!weight) throw new TypeError(`no weight ${name}`) // the adapter was checked against the base
      return weight
    }
    if (adapter.matrices.length === 0) return new Map([...weights, ...adapter.wholes])
    const tensors = mergedMatrices(adapter.matrices, weightOf, this.options.signal)
    const { file, header } = await this.cached('-merged', tensors)
    const changed = adapter.matrices.map(({ name }): [string, WeightTensor] => {
      const entry = header?.tensors.get(name)
      const weight = entry && asWeight(file, entry)
      if (!weight) throw new TypeError(`${name} is missing in a cached file that was checked`)
      return [name, { ...weight, isTransposed: weightOf(name).isTransposed }]
    })
    return new Map([...weights, ...adapter.wholes, ...changed])
  }

  private async floats(converted: readonly [string, GgufWeight][]): Promise<WeightMap> {
    const { path } = this.files
    const total = converted.reduce((sum, [, { tensor }]) => sum + tensor.byteLength, 0)
    let done = 0
    const tensors = converted.map(([name, weight]): TensorToWrite => {
      const data = this.convertedRows(weight, (bytes) => {
        done += bytes.length
        this.options.onProgress?.(done / total)
        return bytesToFloats(weight.tensor.type, bytes)
      })
      return { name, dtype: writtenDtype(weight), shape: weight.tensor.shape, data }
    })
    // Beside blocks only rows out of order and a few vectors are left to convert.
    const { file, header } = await this.cached(this.dtype === 'gguf' ? '-rest' : '', tensors)
    return new Map(
      converted.map(([name]) => {
        const entry = header?.tensors.get(name)
        const weight = entry && asWeight(file, entry)
        if (!weight) throw new TypeError(`${name} of ${path} is missing in a cached file that was checked`)
        return [name, weight]
      }),
    )
  }

  private blocks(weights: readonly [string, GgufWeight][]): Promise<WeightMap> {
    const matrices = weights.map(([name, weight]): BlockMatrix => {
      const type = weight.tensor.type as QuantisedType // the caller has chosen those
      const { numbers, bytes: blockBytes } = ggufBlocks[type]
      const parts = () =>
        this.convertedRows(weight, (bytes) => readBlocks(type, bytes, (bytes.length / blockBytes) * numbers))
      return { name, shape: weight.tensor.shape, layout: ggufLayout(type), parts }
    })
    return this.inBlocks(matrices)
  }

  /** The same weights, with matrices in blocks in the place of floats where the dtype rounds them. */
  async rounded(weights: WeightMap): Promise<WeightMap> {
    const { config } = this.files
    const { kinds } = roundingPlan(config, this.dtype)
    const matrices = [...kinds].map(([name, kind]) => {
      const weight = weights.get(name)
      if (!weight) throw new TypeError(`no weight ${name}`) // readers guarantee completeness
      return roundedMatrix(name, weight, kind, this.options.signal)
    })
    const blocks = await this.inBlocks(matrices)
    // Rows of the embeddings are looked up in floats, whatever the head is computed with.
    const kept = [...weights].filter(([name]) => !kinds.has(name) || name === 'model.embed_tokens.weight')
    return new Map([...kept, ...blocks])
  }

  private async inBlocks(matrices: readonly BlockMatrix[]): Promise<WeightMap> {
    const total = matrices.reduce((sum, { shape }) => sum + shape[0] * shape[1], 0)
    let done = 0
    const tensors = blockTensors(matrices, (numbers) => {
      done += numbers
      this.options.onProgress?.(done / total)
    })
    const { file, header } = await this.cached(`-${this.dtype}`, tensors)
    return header ? blockEntries(file, header, matrices) : new Map()
  }

  /** A file of the cache with these tensors; without any there is none. */
  private async cached(suffix: string, tensors: readonly TensorToWrite[]) {
    this.source ??= tensors.length > 0 ? hashModel(this.files, { signal: this.options.signal }) : null
    if (tensors.length === 0 || !this.source) return { file: '', header: null }
    const source = await this.source
    const name = `${source.slice(0, 32)}${suffix}-${converterVersion}.safetensors`
    const file = join(this.options.cacheFolder, name)
    return { file, header: await cachedWeights(file, { source, converter: converterVersion }, tensors) }
  }

  /** A tensor's rows in their order, some at a time, as `convert` makes them of bytes. */
  private async *convertedRows<T>(
    { tensor, permutedHeads }: GgufWeight,
    convert: (bytes: Uint8Array) => T,
  ): AsyncGenerator<T> {
    const [path] = baseOf(this.files).weightFiles
    // A bias is a column of rows of one number.
    const [rows, width] =
      permutedHeads > 0 && tensor.shape.length === 1 ? [tensor.shape[0], 1] : shapeOf(tensor.shape)
    const rowBytes = tensor.byteLength / rows
    const headRows = permutedHeads > 0 ? rows / permutedHeads : 1
    const partRows = headRows * Math.max(1, Math.floor(partNumbers / (width * headRows)))
    const handle = await open(path, 'r')
    try {
      for (let row = 0; row < rows; row += partRows) {
        this.options.signal?.throwIfAborted()
        const count = Math.min(partRows, rows - row)
        const bytes = await readExactly(handle, path, tensor.offset + row * rowBytes, count * rowBytes)
        yield convert(permutedHeads > 0 ? unpermuteRows(bytes, rowBytes, headRows) : bytes)
      }
    } finally {
      await handle.close()
    }
  }
}

const staysInPlace = ({ tensor, permutedHeads }: GgufWeight): boolean =>
  permutedHeads === 0 && plainTypes[tensor.type] !== undefined

const writtenDtype = ({ tensor }: GgufWeight): SafetensorsDtype => plainTypes[tensor.type]?.written ?? 'F32'

function bytesToFloats(type: GgufType, bytes: Uint8Array): ArrayBufferView {
  if (plainTypes[type]) return bytes
  const block = ggufBlocks[type]
  const values = new Float32Array((bytes.length / block.bytes) * block.numbers)
  dequantize(type, bytes, values)
  return values
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
