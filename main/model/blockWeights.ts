// Matrices as blocks of a few bits, in a file that a graph points into.
// Owns: names and shapes of what a matrix becomes, and which matrices do. Not: the arithmetic (blockNumbers.ts) or the graph (blockNodes.ts).
import type { ComputeDtype } from '../contract/models.ts'
import {
  packBlocks,
  roundedLayouts,
  roundToBlocks,
  type BlockLayout,
  type BlockNumbers,
  type PackedBlocks,
  type RoundedKind,
} from './blockNumbers.ts'
import { errors } from '../contract/errors.ts'
import { decoderTensors } from './decoderTensors.ts'
import { ggufGroups, type QuantisedType } from './ggufNumbers.ts'
import type { DecoderConfig, WeightMap, WeightTensor } from './modelFiles.ts'
import { readRows, type SafetensorsHeader, type TensorToWrite } from './safetensors.ts'

/** The parts of a matrix in blocks, each a tensor. */
export const blockParts = (name: string) => ({
  /** uint8 [N, blocks, size / 2] */
  high: `${name}.blocks`,
  /** The same, of wide ones only. */
  low: `${name}.blocks.low`,
  /** Their zero points: uint8 [N · ⌈blocks / 2⌉], all zero. */
  lowZeros: `${name}.blocks.zeros`,
  /** float32 [N, blocks] */
  scales: `${name}.blocks.scales`,
  /** The same, where blocks have minima. */
  offsets: `${name}.blocks.offsets`,
})

/** A matrix on its way into blocks. */
export interface BlockMatrix {
  name: string
  /** [out, in] */
  shape: readonly number[]
  layout: BlockLayout
  /** Whole rows, in order. */
  parts: () => AsyncIterable<BlockNumbers>
}

const wideTypes: readonly QuantisedType[] = ['Q5_0', 'Q5_1', 'Q8_0', 'Q5_K', 'Q6_K']
/** Types whose integers are 0 … 15. */
const filledTypes: readonly QuantisedType[] = ['Q4_1', 'Q4_K']

export function ggufLayout(type: QuantisedType): BlockLayout {
  const { size, hasMinima } = ggufGroups[type]
  const isWide = wideTypes.includes(type)
  return { size, hasOffsets: hasMinima, isWide, added: isWide ? 128 : filledTypes.includes(type) ? 0 : 8 }
}

/** Bytes that a number takes in memory, its share of scales and offsets included. */
export const bytesPerNumber = ({ size, isWide, hasOffsets }: BlockLayout): number =>
  (isWide ? 1 : 0.5) + ((hasOffsets ? 2 : 1) * Float32Array.BYTES_PER_ELEMENT) / size

/** Projections of attention and of feed-forward networks. Routers, embeddings and norms are not among them. */
const isProjection = (name: string): boolean =>
  name.endsWith('_proj.weight') && name.startsWith('model.layers.')

const headName = ({ tiedEmbeddings }: DecoderConfig): string =>
  tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight'

const rounded = ['int4', 'int8'] as const satisfies readonly ComputeDtype[]
const isRounded = (dtype: ComputeDtype): dtype is RoundedKind => rounded.some((kind) => kind === dtype)

export interface RoundingPlan {
  /** What each matrix is rounded to; the vocabulary head always to int8. */
  kinds: ReadonlyMap<string, RoundedKind>
  /** Matrices that stay floats, because their rows are no whole blocks. */
  left: readonly string[]
}

/** What becomes of a model's matrices; nothing where the dtype rounds none. */
export function roundingPlan(config: DecoderConfig, dtype: ComputeDtype): RoundingPlan {
  const kinds = new Map<string, RoundedKind>()
  const left: string[] = []
  const head = headName(config)
  for (const [name, shape] of isRounded(dtype) ? decoderTensors(config) : []) {
    const isHead = name === head
    if (!isHead && !isProjection(name)) continue
    const kind = isHead ? 'int8' : (dtype as RoundedKind) // the loop has no turn otherwise
    if (shape[1] % roundedLayouts[kind].size === 0) kinds.set(name, kind)
    else left.push(name)
  }
  return { kinds, left }
}

/** Sentences on what a dtype does to a model, for those who read its results. */
export function dtypeNotes(config: DecoderConfig, dtype: ComputeDtype): string[] {
  const { left } = roundingPlan(config, dtype)
  if (left.length === 0) return []
  const width = decoderTensors(config).get(left[0])?.[1]
  const others = left.length > 1 ? ` and ${left.length - 1} more` : ''
  return [
    `Computed with as floats, not ${dtype}, because their rows are no whole blocks of 32: ${left[0]} (${width} wide)${others}.`,
  ]
}

/** A matrix of floats, to be rounded. @param file  for messages */
export function roundedMatrix(
  name: string,
  weight: WeightTensor,
  kind: RoundedKind,
  signal?: AbortSignal,
): BlockMatrix {
  const [outer, inner] = weight.shape
  const shape = weight.isTransposed ? [inner, outer] : [outer, inner]
  return { name, shape, layout: roundedLayouts[kind], parts }

  async function* parts(): AsyncGenerator<BlockNumbers> {
    for await (const rows of readRows(weight)) {
      signal?.throwIfAborted()
      const numbers = roundToBlocks(rows, kind)
      if (!numbers) {
        const reason = `${name} holds numbers that are not finite and cannot be rounded to ${kind}`
        throw errors.modelMalformed({ path: weight.file, reason })
      }
      yield numbers
    }
  }
}

/** Tensors of a file that holds these matrices. Each matrix is made once, when the first of its tensors is written. */
export function blockTensors(
  matrices: readonly BlockMatrix[],
  onDone: (numbers: number) => void = () => {},
): TensorToWrite[] {
  const tensors = matrices.flatMap((matrix): TensorToWrite[] => {
    const { name, layout, shape } = matrix
    const [rows, width] = shape
    const blocks = width / layout.size
    let made: Promise<PackedBlocks> | null = null
    const part = (take: (packed: PackedBlocks) => Uint8Array | Float32Array | null, isLast = false) =>
      (async function* () {
        made ??= packMatrix(matrix)
        const found = take(await made)
        if (isLast) {
          made = null // a large model's matrices do not all fit into memory
          onDone(rows * width)
        }
        if (found) yield found
      })()
    const names = blockParts(name)
    const bytes = { dtype: 'U8' as const, shape: [rows, blocks, layout.size / 2] }
    const floats = { dtype: 'F32' as const, shape: [rows, blocks] }
    const list: TensorToWrite[] = [{ name: names.high, ...bytes, data: part(({ high }) => high) }]
    if (layout.isWide) list.push({ name: names.low, ...bytes, data: part(({ low }) => low) })
    if (layout.hasOffsets) list.push({ name: names.offsets, ...floats, data: part(({ offsets }) => offsets) })
    list.push({ name: names.scales, ...floats, data: part(({ scales }) => scales, true) })
    return list
  })
  const zeros = Math.max(0, ...matrices.map((matrix) => zeroBytes(matrix)))
  if (zeros > 0) tensors.push({ name: zerosName, dtype: 'U8', shape: [zeros], data: new Uint8Array(zeros) })
  return tensors
}

/** Zero points of the widest matrix; the others' are a part of them. */
const zerosName = 'zeros'

const zeroBytes = ({ layout, shape: [rows, width] }: BlockMatrix): number =>
  layout.isWide ? rows * Math.ceil(width / layout.size / 2) : 0

/** The whole matrix. */
async function packMatrix({ layout, shape, parts }: BlockMatrix): Promise<PackedBlocks> {
  const numbers = shape[0] * shape[1]
  const whole: PackedBlocks = {
    high: new Uint8Array(numbers / 2),
    low: layout.isWide ? new Uint8Array(numbers / 2) : null,
    scales: new Float32Array(numbers / layout.size),
    offsets: layout.hasOffsets ? new Float32Array(numbers / layout.size) : null,
  }
  let done = 0
  for await (const part of parts()) {
    const packed = packBlocks(part, layout)
    whole.high.set(packed.high, done / 2)
    if (packed.low) whole.low?.set(packed.low, done / 2)
    whole.scales.set(packed.scales, done / layout.size)
    if (packed.offsets) whole.offsets?.set(packed.offsets, done / layout.size)
    done += part.integers.length
  }
  return whole
}

/** Where the matrices' parts lie in a file with those tensors. */
export function blockEntries(
  path: string,
  header: SafetensorsHeader,
  matrices: readonly BlockMatrix[],
): WeightMap {
  const entries = new Map<string, WeightTensor>()
  const put = (name: string, stored: string, dtype: 'uint8' | 'float32', shape?: readonly number[]): void => {
    const entry = header.tensors.get(stored)
    if (!entry) throw new TypeError(`${stored} is missing in a cached file that was checked`)
    const sizes = shape ?? entry.shape
    const byteLength = shape ? shape[0] : entry.byteLength
    entries.set(name, { file: path, offset: entry.offset, byteLength, dtype, shape: sizes })
  }
  for (const matrix of matrices) {
    const names = blockParts(matrix.name)
    put(names.high, names.high, 'uint8')
    if (matrix.layout.isWide) {
      put(names.low, names.low, 'uint8')
      put(names.lowZeros, zerosName, 'uint8', [zeroBytes(matrix)])
    }
    put(names.scales, names.scales, 'float32')
    if (matrix.layout.hasOffsets) put(names.offsets, names.offsets, 'float32')
  }
  return entries
}
