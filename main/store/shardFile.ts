// A safetensors file that grows at its end.
// Owns: its layout, writing, sealing, reading a range. Not: which tensors it holds and whether they count (activationShards.ts).
// Layout: 8 bytes header length, JSON header padded with spaces to a fixed room, tensors without gaps. The header names the
// tensors only once the file is sealed; until then other programs refuse it and the database knows what it holds.
import { createHash, type Hash } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { errors } from '../contract/errors.ts'
import { bytesPerValue, type ActivationDtype } from './blobs.ts'
import { translating } from './storeErrors.ts'

/** The header has room for this many steps like the first, and takes at least this much of the file. */
const ROOM_STEPS = 64
const ROOM_BYTES = 64 * 2 ** 10
/** Tensors begin at a whole number of pages, for those who map the file. */
const PAGE_BYTES = 4096
const COPY_BYTES = 2 ** 20

export interface ShardTensor {
  name: string
  dtype: ActivationDtype
  /** [positions, D] */
  shape: readonly [number, number]
}

const sizeOf = ({ dtype, shape }: ShardTensor): number => shape[0] * shape[1] * bytesPerValue(dtype)

export class ShardWriter {
  readonly path: string
  /** Where the tensors begin. */
  readonly dataStart: number
  private readonly file: number
  private readonly tensors: ShardTensor[]
  private headerBytes: number
  private dataBytes: number
  private hash: Hash
  private pending: { tensors: readonly ShardTensor[]; bytes: number; hash: Hash } | null = null

  private constructor(path: string, file: number, dataStart: number, tensors: ShardTensor[]) {
    this.path = path
    this.dataStart = dataStart
    this.file = file
    this.tensors = tensors
    this.hash = createHash('sha256')
    this.headerBytes = headerOf(tensors).length
    this.dataBytes = tensors.reduce((sum, tensor) => sum + sizeOf(tensor), 0)
  }

  /** An empty shard, in place of whatever was there, whose first step is `first`. @throws disk_full, workspace_unwritable */
  static create(path: string, first: readonly ShardTensor[]): ShardWriter {
    return translating(path, () => {
      mkdirSync(dirname(path), { recursive: true })
      const room = Math.max(ROOM_BYTES, ROOM_STEPS * namesLength(first))
      const dataStart = Math.ceil(room / PAGE_BYTES) * PAGE_BYTES
      const writer = new ShardWriter(path, openSync(path, 'w+'), dataStart, [])
      writer.orClose(() => writer.writeHeader([]))
      syncFolder(dirname(path))
      return writer
    })
  }

  /**
   * Takes up a shard that a dead process left: what lies behind its committed tensors is cut off.
   * @throws workspace_damaged when the file is shorter than that or missing
   */
  static recover(path: string, dataStart: number, tensors: readonly ShardTensor[]): ShardWriter {
    return translating(path, () => {
      const writer = new ShardWriter(path, openExisting(path, 'r+'), dataStart, [...tensors])
      return writer.orClose(() => {
        const end = dataStart + writer.dataBytes
        if (fstatSync(writer.file).size < end)
          throw errors.workspaceDamaged({ path, reason: 'the file is cut short' })
        ftruncateSync(writer.file, end)
        for (let at = dataStart; at < end; at += COPY_BYTES)
          writer.hash.update(readRange(writer.file, path, at, Math.min(COPY_BYTES, end - at)))
        return writer
      })
    })
  }

  get size(): number {
    return this.dataBytes
  }

  /** Whether the header can name them and the tensors stay within `limit` bytes; one step's always fit an empty shard. */
  hasRoomFor(tensors: readonly ShardTensor[], limit: number): boolean {
    const added = tensors.reduce((sum, tensor) => sum + sizeOf(tensor), 0)
    if (8 + this.headerBytes + namesLength(tensors) > this.dataStart) return false
    return this.dataBytes === 0 || this.dataBytes + added <= limit
  }

  /**
   * Writes tensors behind the last and waits until the disk has them; they count after `confirm`.
   * @returns each tensor's offset in the file   @throws disk_full, workspace_unwritable
   */
  append(tensors: readonly (ShardTensor & { bytes: Uint8Array })[]): number[] {
    return translating(this.path, () => {
      const hash = this.hash.copy()
      const offsets: number[] = []
      let at = this.dataStart + this.dataBytes
      for (const { bytes } of tensors) {
        writeFully(this.file, bytes, at)
        hash.update(bytes)
        offsets.push(at)
        at += bytes.byteLength
      }
      fsyncSync(this.file)
      const names = tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }))
      this.pending = { tensors: names, bytes: at - this.dataStart - this.dataBytes, hash }
      return offsets
    })
  }

  confirm(): void {
    if (!this.pending) throw new TypeError('nothing was appended')
    for (const tensor of this.pending.tensors) {
      this.headerBytes += namesLength([tensor])
      this.tensors.push(tensor)
    }
    this.dataBytes += this.pending.bytes
    this.hash = this.pending.hash
    this.pending = null
  }

  /** The next tensors take the place of those last appended. */
  discard(): void {
    this.pending = null
  }

  /** Names the tensors in the header and closes the file. @returns SHA-256 of the tensor bytes, hex */
  seal(): string {
    return translating(this.path, () =>
      this.orClose(() => {
        ftruncateSync(this.file, this.dataStart + this.dataBytes)
        this.writeHeader(this.tensors)
        this.close()
        return this.hash.digest('hex')
      }),
    )
  }

  close(): void {
    closeSync(this.file)
  }

  private writeHeader(tensors: readonly ShardTensor[]): void {
    const block = Buffer.alloc(this.dataStart, ' ')
    block.writeBigUInt64LE(BigInt(this.dataStart - 8))
    headerOf(tensors).copy(block, 8)
    writeFully(this.file, block, 0)
    fsyncSync(this.file)
  }

  private orClose<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      this.close()
      throw error
    }
  }
}

/** @throws workspace_damaged when the file does not reach that far or is missing */
export function readShard(path: string, offset: number, bytes: number): Uint8Array {
  return translating(path, () => {
    const file = openExisting(path, 'r')
    try {
      return readRange(file, path, offset, bytes)
    } finally {
      closeSync(file)
    }
  })
}

function openExisting(path: string, flags: 'r' | 'r+'): number {
  try {
    return openSync(path, flags)
  } catch (error) {
    const isMissing = error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (isMissing) throw errors.workspaceDamaged({ path, reason: 'the file is missing' }, error)
    throw error
  }
}

function readRange(file: number, path: string, offset: number, bytes: number): Uint8Array {
  const target = new Uint8Array(bytes)
  for (let done = 0; done < bytes;) {
    const read = readSync(file, target, done, bytes - done, offset + done)
    if (read === 0) throw errors.workspaceDamaged({ path, reason: 'the file is cut short' })
    done += read
  }
  return target
}

function writeFully(file: number, bytes: Uint8Array, offset: number): void {
  for (let done = 0; done < bytes.byteLength;)
    done += writeSync(file, bytes, done, bytes.byteLength - done, offset + done)
}

/** At most what the header grows by; an entry's own length depends on how many digits its offsets have. */
const namesLength = (tensors: readonly ShardTensor[]): number =>
  tensors.reduce((sum, tensor) => sum + Buffer.byteLength(entryOf(tensor, 2 ** 50)) + 1, 0)

function entryOf(tensor: ShardTensor, begin: number): string {
  const dtype = tensor.dtype === 'float16' ? 'F16' : 'F32'
  const entry = { dtype, shape: tensor.shape, data_offsets: [begin, begin + sizeOf(tensor)] }
  return `${JSON.stringify(tensor.name)}:${JSON.stringify(entry)}`
}

function headerOf(tensors: readonly ShardTensor[]): Buffer {
  let begin = 0
  const entries = tensors.map((tensor) => {
    const entry = entryOf(tensor, begin)
    begin += sizeOf(tensor)
    return entry
  })
  return Buffer.from(`{${entries.join(',')}}`)
}

/** Makes a new file's name durable. Windows does that by itself and cannot open folders. */
function syncFolder(path: string): void {
  if (process.platform === 'win32') return
  const folder = openSync(path, 'r')
  fsyncSync(folder)
  closeSync(folder)
}
