// The GGUF format, versions 2 and 3: metadata and the table of tensors.
// Owns: reading files that nobody vouches for within bounds. Not: values of quantised blocks (ggufDequantize.ts), what they mean (ggufModel.ts).
// Format: magic, version, counts, key/value pairs, tensor descriptions, padding, tensors; little-endian.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { errors } from '../contract/errors.ts'

export type GgufValue = number | boolean | string | GgufValue[]

/** Numbers per block and bytes per block of each type that can be read. */
export const ggufBlocks = {
  F32: { type: 0, numbers: 1, bytes: 4 },
  F16: { type: 1, numbers: 1, bytes: 2 },
  Q4_0: { type: 2, numbers: 32, bytes: 18 },
  Q4_1: { type: 3, numbers: 32, bytes: 20 },
  Q5_0: { type: 6, numbers: 32, bytes: 22 },
  Q5_1: { type: 7, numbers: 32, bytes: 24 },
  Q8_0: { type: 8, numbers: 32, bytes: 34 },
  Q2_K: { type: 10, numbers: 256, bytes: 84 },
  Q3_K: { type: 11, numbers: 256, bytes: 110 },
  Q4_K: { type: 12, numbers: 256, bytes: 144 },
  Q5_K: { type: 13, numbers: 256, bytes: 176 },
  Q6_K: { type: 14, numbers: 256, bytes: 210 },
  BF16: { type: 30, numbers: 1, bytes: 2 },
} as const
export type GgufType = keyof typeof ggufBlocks

/** Types that exist but are not read here, for messages. */
const otherTypes: Record<number, string> = {
  9: 'Q8_1',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
}

export interface GgufTensor {
  type: GgufType
  /** Row-major: the format's own order reversed. */
  shape: readonly number[]
  /** Bytes from the start of the file. */
  offset: number
  byteLength: number
}

export interface Gguf {
  path: string
  version: number
  metadata: ReadonlyMap<string, GgufValue>
  tensors: ReadonlyMap<string, GgufTensor>
  fileBytes: number
}

/** A real file has some hundred keys, a few arrays as long as its vocabulary and some thousand tensors. */
const limits = {
  keys: 65_536,
  tensors: 262_144,
  /** Elements of all arrays together. */
  elements: 2 ** 24,
  stringBytes: 2 ** 26,
  headerBytes: 2 ** 29,
  arrayDepth: 3,
}

/**
 * Reads metadata and tensor table. Counts and lengths are checked against the file's size before anything is allocated.
 * @throws modelTruncated where the file ends too early
 * @throws modelMalformed where it contradicts itself; modelUnsupported for other versions and types of blocks
 */
export function readGguf(path: string): Gguf {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    throw errors.modelMalformed({ path, reason: 'cannot be opened' }, error)
  }
  try {
    return parse(new HeaderReader(path, descriptor))
  } finally {
    closeSync(descriptor)
  }
}

function parse(reader: HeaderReader): Gguf {
  const { path } = reader
  if (reader.fileBytes < 24) {
    throw errors.modelTruncated({ path, expectedBytes: 24, actualBytes: reader.fileBytes })
  }
  if (reader.uint32() !== 0x46554747) throw reader.malformed('not a GGUF file')
  const version = reader.uint32()
  if (version !== 2 && version !== 3) {
    const reason = version % 65536 === 0 ? 'a big-endian GGUF file' : `GGUF version ${version} (only 2 and 3)`
    throw errors.modelUnsupported({ path, reason })
  }
  const tensorCount = reader.count(limits.tensors, 'tensors')
  const keyCount = reader.count(limits.keys, 'metadata keys')
  const metadata = new Map<string, GgufValue>()
  for (let i = 0; i < keyCount; i++) {
    const key = reader.text()
    if (metadata.has(key)) throw reader.malformed(`the key “${key.slice(0, 200)}” comes twice`)
    metadata.set(key, reader.value(reader.uint32(), 0))
  }
  const alignment = metadata.get('general.alignment') ?? 32
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 2 ** 20 || alignment % 1 !== 0) {
    throw reader.malformed(`general.alignment is ${String(alignment).slice(0, 100)}`)
  }
  const descriptions = Array.from({ length: tensorCount }, () => tensorDescription(reader))
  const dataStart = Math.ceil(reader.position / alignment) * alignment
  const tensors = new Map<string, GgufTensor>()
  for (const { name, ...tensor } of descriptions) {
    if (tensors.has(name)) throw reader.malformed(`two tensors are named “${name.slice(0, 200)}”`)
    if (tensor.offset % alignment !== 0) throw reader.malformed(`tensor “${name}” is not aligned`)
    tensors.set(name, { ...tensor, offset: dataStart + tensor.offset })
  }
  checkLayout(reader, tensors)
  return { path, version, metadata, tensors, fileBytes: reader.fileBytes }
}

function tensorDescription(reader: HeaderReader): GgufTensor & { name: string } {
  const name = reader.text()
  const label = `tensor “${name.slice(0, 200)}”`
  const dimensions = reader.uint32()
  if (dimensions > 4) throw reader.malformed(`${label} has ${dimensions} dimensions`)
  const shape = Array.from({ length: dimensions }, () => reader.uint64(`${label}: a dimension`)).reverse()
  const number = reader.uint32()
  const offset = reader.uint64(`${label}: its offset`)
  const found = Object.entries(ggufBlocks).find(([, block]) => block.type === number)
  if (!found) {
    const type = otherTypes[number] ?? `type ${number}`
    throw errors.modelUnsupported({ path: reader.path, reason: `${label} is stored as ${type}` })
  }
  const [type, block] = found
  const width = shape.at(-1) ?? 1
  if (width % block.numbers !== 0) {
    throw reader.malformed(`${label}: rows of ${width} do not fill blocks of ${block.numbers}`)
  }
  const numbers = shape.reduce((product, n) => product * n, 1)
  const byteLength = (numbers / block.numbers) * block.bytes
  if (!Number.isSafeInteger(numbers) || !Number.isSafeInteger(byteLength)) {
    throw reader.malformed(`${label} is impossibly large`)
  }
  return { name, type: type as GgufType, shape, offset, byteLength } // a key of ggufBlocks
}

function checkLayout(reader: HeaderReader, tensors: ReadonlyMap<string, GgufTensor>): void {
  let end = 0
  for (const [name, tensor] of [...tensors].sort(([, a], [, b]) => a.offset - b.offset)) {
    if (tensor.offset < end) {
      throw reader.malformed(`tensor “${name.slice(0, 200)}” overlaps the one before it`)
    }
    end = tensor.offset + tensor.byteLength
  }
  if (end > reader.fileBytes) {
    throw errors.modelTruncated({
      path: reader.path,
      expectedBytes: end,
      actualBytes: reader.fileBytes,
    })
  }
}

/** Reads forward through a window; never past the file's end. */
class HeaderReader {
  readonly path: string
  readonly fileBytes: number
  position = 0
  private readonly descriptor: number
  private window = Buffer.alloc(2 ** 20)
  private windowStart = 0
  private windowBytes = 0
  private elementsLeft = limits.elements

  constructor(path: string, descriptor: number) {
    this.path = path
    this.descriptor = descriptor
    this.fileBytes = fstatSync(descriptor).size
  }

  malformed(reason: string): Error {
    return errors.modelMalformed({ path: this.path, reason })
  }

  /** Makes `length` bytes at the present position available and returns where in the window they begin. */
  private take(length: number): number {
    const end = this.position + length
    if (end > this.fileBytes) {
      throw errors.modelTruncated({
        path: this.path,
        expectedBytes: end,
        actualBytes: this.fileBytes,
      })
    }
    if (end > limits.headerBytes) throw this.malformed('its header is impossibly long')
    if (end > this.windowStart + this.windowBytes) this.fill(length)
    const at = this.position - this.windowStart
    this.position = end
    return at
  }

  private fill(length: number): void {
    if (length > this.window.length) this.window = Buffer.alloc(length)
    this.windowStart = this.position
    this.windowBytes = 0
    while (this.windowBytes < length) {
      const room = this.window.length - this.windowBytes
      const at = this.windowStart + this.windowBytes
      const read = readSync(this.descriptor, this.window, this.windowBytes, room, at)
      if (read === 0) throw this.malformed('it became shorter while it was read')
      this.windowBytes += read
    }
  }

  uint32(): number {
    return this.window.readUInt32LE(this.take(4))
  }

  /** @throws modelMalformed above 2⁵³ − 1 */
  uint64(what: string): number {
    const value = this.window.readBigUInt64LE(this.take(8))
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw this.malformed(`${what} is ${value}`)
    return Number(value)
  }

  count(limit: number, what: string): number {
    const value = this.uint64(`the number of ${what}`)
    if (value > limit) throw this.malformed(`it claims ${value} ${what}`)
    return value
  }

  text(): string {
    const length = this.uint64('a length of text')
    if (length > limits.stringBytes) throw this.malformed(`it claims a text of ${length} bytes`)
    const at = this.take(length)
    return this.window.toString('utf8', at, at + length)
  }

  value(type: number, depth: number): GgufValue {
    switch (type) {
      case 0:
        return this.window.readUInt8(this.take(1))
      case 1:
        return this.window.readInt8(this.take(1))
      case 2:
        return this.window.readUInt16LE(this.take(2))
      case 3:
        return this.window.readInt16LE(this.take(2))
      case 4:
        return this.window.readUInt32LE(this.take(4))
      case 5:
        return this.window.readInt32LE(this.take(4))
      case 6:
        return this.window.readFloatLE(this.take(4))
      case 7:
        return this.window.readUInt8(this.take(1)) !== 0
      case 8:
        return this.text()
      case 9:
        return this.array(depth)
      case 10:
        return Number(this.window.readBigUInt64LE(this.take(8)))
      case 11:
        return Number(this.window.readBigInt64LE(this.take(8)))
      case 12:
        return this.window.readDoubleLE(this.take(8))
      default:
        throw this.malformed(`metadata of the unknown type ${type}`)
    }
  }

  private array(depth: number): GgufValue[] {
    if (depth >= limits.arrayDepth) throw this.malformed('arrays within arrays within arrays')
    const type = this.uint32()
    const length = this.uint64('a length of an array')
    // Every element takes at least a byte, so a true length never exceeds what is left of the file.
    if (length > this.fileBytes - this.position) {
      throw errors.modelTruncated({
        path: this.path,
        expectedBytes: this.position + length,
        actualBytes: this.fileBytes,
      })
    }
    this.elementsLeft -= length
    if (this.elementsLeft < 0)
      throw this.malformed(`it claims arrays of more than ${limits.elements} elements`)
    const values: GgufValue[] = []
    for (let i = 0; i < length; i++) values.push(this.value(type, depth + 1))
    return values
  }
}
