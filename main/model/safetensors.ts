// The safetensors format: headers of untrusted files, tensors out of them, and new files.
// Owns: checking that every tensor lies whole within its file. Not: what the tensors mean (decoderTensors.ts).
// Format: 8 bytes length, JSON header, then the tensors back to back, little-endian.
import { randomUUID } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import { parseJson, readExactly, writeFault } from './fileReading.ts'
import { widenBfloats, widenHalfs } from './halfFloats.ts'
import type { StoredDtype, WeightTensor } from './modelFiles.ts'

/** The format's own limit. */
const headerLimitBytes = 100_000_000

const bytesOfDtype = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const

export type SafetensorsDtype = keyof typeof bytesOfDtype

export interface SafetensorsEntry {
  dtype: SafetensorsDtype
  shape: readonly number[]
  /** Bytes from the start of the file. */
  offset: number
  byteLength: number
}

export interface SafetensorsHeader {
  tensors: Map<string, SafetensorsEntry>
  metadata: Record<string, string>
  fileBytes: number
}

const size = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const rawEntry = z.object({
  dtype: z.string().max(32),
  shape: z.array(size).max(16),
  data_offsets: z.tuple([size, size]),
})
const rawMetadata = z.record(z.string(), z.string())

/**
 * Reads and checks the header of a file that nobody vouches for.
 * @throws modelTruncated where tensors reach beyond the file's end
 * @throws modelMalformed where lengths, offsets, shapes or types contradict one another
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  const malformed = (reason: string) => errors.modelMalformed({ path, reason })
  const handle = await open(path, 'r').catch((error: unknown) => {
    throw errors.modelMalformed({ path, reason: 'cannot be opened' }, error)
  })
  try {
    const fileBytes = (await handle.stat()).size
    if (fileBytes < 10) throw errors.modelTruncated({ path, expectedBytes: 10, actualBytes: fileBytes })
    const prefix = await readExactly(handle, path, 0, 8)
    const headerBytes = new DataView(prefix.buffer).getBigUint64(0, true)
    if (headerBytes > BigInt(headerLimitBytes)) {
      throw malformed(`not a safetensors file (its header would have ${headerBytes} bytes)`)
    }
    const dataStart = 8 + Number(headerBytes)
    if (dataStart > fileBytes) {
      throw errors.modelTruncated({ path, expectedBytes: dataStart, actualBytes: fileBytes })
    }
    const text = new TextDecoder().decode(await readExactly(handle, path, 8, Number(headerBytes)))
    const json = parseJson(path, text)
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw malformed('its header is not a JSON object')
    }
    const tensors = new Map<string, SafetensorsEntry>()
    let metadata: Record<string, string> = {}
    for (const [name, value] of Object.entries(json)) {
      if (name === '__metadata__') {
        const parsed = rawMetadata.safeParse(value)
        if (!parsed.success) throw malformed('its metadata is not text by text')
        metadata = parsed.data
      } else {
        tensors.set(name, checkedEntry(name, value, dataStart, malformed))
      }
    }
    checkLayout(path, tensors, dataStart, fileBytes)
    return { tensors, metadata, fileBytes }
  } finally {
    await handle.close()
  }
}

function checkedEntry(
  name: string,
  value: unknown,
  dataStart: number,
  malformed: (reason: string) => Error,
): SafetensorsEntry {
  const label = `tensor “${name.slice(0, 200)}”`
  const parsed = rawEntry.safeParse(value)
  if (!parsed.success) throw malformed(`${label} is not described as the format asks`)
  const { dtype, shape, data_offsets: offsets } = parsed.data
  if (!Object.hasOwn(bytesOfDtype, dtype)) throw malformed(`${label} has the unknown type ${dtype}`)
  const known = dtype as SafetensorsDtype // checked on the line above
  const [begin, end] = offsets
  if (begin > end) throw malformed(`${label} ends before it begins`)
  const expected = shape.reduce((product, n) => product * n, bytesOfDtype[known])
  if (expected !== end - begin) {
    throw malformed(`${label} has ${end - begin} bytes where its shape asks for ${expected}`)
  }
  return { dtype: known, shape, offset: dataStart + begin, byteLength: end - begin }
}

/** The format asks that tensors fill the file without overlap, gap or rest. */
function checkLayout(
  path: string,
  tensors: ReadonlyMap<string, SafetensorsEntry>,
  dataStart: number,
  fileBytes: number,
): void {
  let end = dataStart
  const ordered = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength)
  for (const [name, tensor] of ordered) {
    if (tensor.offset !== end) {
      const how = tensor.offset < end ? 'overlaps the tensor before it' : 'leaves a gap before it'
      throw errors.modelMalformed({ path, reason: `tensor “${name.slice(0, 200)}” ${how}` })
    }
    end += tensor.byteLength
  }
  if (end > fileBytes) throw errors.modelTruncated({ path, expectedBytes: end, actualBytes: fileBytes })
  if (end < fileBytes) {
    throw errors.modelMalformed({ path, reason: `${fileBytes - end} bytes belong to no tensor` })
  }
}

const storedDtypes: Partial<Record<SafetensorsDtype, StoredDtype>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
}

/** The tensor as weights refer to it; null where its type is none that a graph can take. */
export function asWeight(file: string, entry: SafetensorsEntry): WeightTensor | null {
  const dtype = storedDtypes[entry.dtype]
  if (!dtype) return null
  return { file, offset: entry.offset, byteLength: entry.byteLength, dtype, shape: entry.shape }
}

/**
 * A weight as 32-bit numbers, row-major.
 * @throws modelTruncated where the file has become shorter since its header was read
 * @throws TypeError for bytes, which are no numbers by themselves
 */
export async function readWeight(weight: WeightTensor): Promise<Float32Array> {
  const handle = await open(weight.file, 'r')
  try {
    return widened(weight, await readExactly(handle, weight.file, weight.offset, weight.byteLength))
  } finally {
    await handle.close()
  }
}

/** Rows are read in parts of about this many numbers. */
const partNumbers = 2 ** 21

/**
 * The rows of a matrix, [out, in] however it is stored, as 32-bit numbers: whole rows, some at a time; one that lies transposed comes as a whole.
 * @throws modelTruncated, TypeError as readWeight
 */
export async function* readRows(weight: WeightTensor): AsyncGenerator<Float32Array> {
  const [outer, inner] = weight.shape
  if (weight.isTransposed) {
    const stored = await readWeight(weight)
    const rows = new Float32Array(stored.length)
    for (let i = 0; i < outer; i++)
      for (let j = 0; j < inner; j++) rows[j * outer + i] = stored[i * inner + j]
    yield rows
    return
  }
  const rowBytes = weight.byteLength / outer
  const count = Math.max(1, Math.floor(partNumbers / inner))
  const handle = await open(weight.file, 'r')
  try {
    for (let row = 0; row < outer; row += count) {
      const size = Math.min(count, outer - row) * rowBytes
      yield widened(weight, await readExactly(handle, weight.file, weight.offset + row * rowBytes, size))
    }
  } finally {
    await handle.close()
  }
}

function widened({ dtype }: WeightTensor, bytes: Uint8Array<ArrayBuffer>): Float32Array {
  if (dtype === 'uint8') throw new TypeError('bytes are no numbers by themselves')
  if (dtype === 'float32') return new Float32Array(bytes.buffer)
  const values = new Float32Array(bytes.length / 2)
  if (dtype === 'float16') widenHalfs(bytes, values)
  else widenBfloats(bytes, values)
  return values
}

export interface TensorToWrite {
  name: string
  dtype: SafetensorsDtype
  shape: readonly number[]
  /** The whole tensor, or its parts in order, made while they are written. */
  data: ArrayBufferView | AsyncIterable<ArrayBufferView> | Iterable<ArrayBufferView>
}

/**
 * Writes a safetensors file; it appears under its name only when it is whole.
 * Parts are written as they come, so a file may be larger than memory.
 * @throws diskFull, fileUnwritable
 * @throws TypeError where a tensor's data and shape disagree or a name comes twice
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly TensorToWrite[],
  metadata: Record<string, string> = {},
): Promise<void> {
  const header = headerOf(tensors, metadata)
  const temporary = `${path}.${randomUUID()}.partial`
  try {
    const handle = await open(temporary, 'wx')
    try {
      await writeWhole(handle, header)
      for (const tensor of tensors) {
        const expected = tensor.shape.reduce((product, n) => product * n, bytesOfDtype[tensor.dtype])
        let written = 0
        for await (const part of ArrayBuffer.isView(tensor.data) ? [tensor.data] : tensor.data) {
          written += part.byteLength
          if (written > expected) break
          await writeWhole(handle, part)
        }
        if (written !== expected) {
          throw new TypeError(`${tensor.name}: ${written} bytes given, its shape has ${expected}`)
        }
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw writeFault(path, error)
  }
}

/** The bytes of a small safetensors file. @throws TypeError as writeSafetensors */
export function safetensorsBytes(
  tensors: readonly (TensorToWrite & { data: ArrayBufferView })[],
  metadata: Record<string, string> = {},
): Uint8Array {
  const parts = [
    headerOf(tensors, metadata),
    ...tensors.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function headerOf(tensors: readonly TensorToWrite[], metadata: Record<string, string>): Uint8Array {
  const entries: [string, unknown][] = Object.keys(metadata).length ? [['__metadata__', metadata]] : []
  const names = new Set<string>(['__metadata__'])
  let end = 0
  for (const { name, dtype, shape } of tensors) {
    if (names.has(name)) throw new TypeError(`two tensors named ${name}`)
    names.add(name)
    const begin = end
    end += shape.reduce((product, n) => product * n, bytesOfDtype[dtype])
    entries.push([name, { dtype, shape, data_offsets: [begin, end] }])
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)))
  // Spaces bring the data to a multiple of eight.
  const padded = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(32)
  new DataView(padded.buffer).setBigUint64(0, BigInt(padded.length - 8), true)
  padded.set(json, 8)
  return padded
}

async function writeWhole(handle: Awaited<ReturnType<typeof open>>, part: ArrayBufferView): Promise<void> {
  const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
  let done = 0
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(bytes.length - done, 2 ** 30))
    done += bytesWritten
  }
}
