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

/** Tensors begin here: a whole number of pages, for those who map the file. Room for about 8,000 tensors' names. */
export const SHARD_DATA_START = 2 ** 20
/** A shard that would grow beyond this is sealed and the next one begun. */
const SHARD_DATA_BYTES = 256 * 2 ** 20
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
  private readonly file: number
  private readonly tensors: ShardTensor[]
  private headerBytes: number
  private dataBytes: number
  private hash: Hash
  private pending: { tensors: readonly ShardTensor[]; bytes: number; hash: Hash } | null = null

  private constructor(path: string, file: number, tensors: ShardTensor[], hash: Hash) {
    this.path = path
    this.file = file
    this.tensors = tensors
    this.hash = hash
    this.headerBytes = headerOf(tensors).length
    this.dataBytes = tensors.reduce((sum, tensor) => sum + sizeOf(tensor), 0)
  }

  /** An empty shard in place of whatever was there. @throws disk_full, workspace_unwritable */
  static create(path: string): ShardWriter {
    return translating(path, () => {
      mkdirSync(dirname(path), { recursive: true })
      const writer = new ShardWriter(path, openSync(path, 'w+'), [], createHash('sha256'))
      writer.orClose(() => writer.writeHeader([]))
      syncFolder(dirname(path))
      return writer
    })
  }

  /**
   * Takes up a shard that a dead process left: what lies behind its committed tensors is cut off.
   * @throws workspace_damaged when the file is shorter than that or missing
   */
  static recover(path: string, tensors: readonly ShardTensor[]): ShardWriter {
    return translating(path, () => {
      const writer = new ShardWriter(path, openForRecovery(path), [...tensors], createHash('sha256'))
      return writer.orClose(() => {
        const end = SHARD_DATA_START + writer.dataBytes
        if (fstatSync(writer.file).size < end)
          throw errors.workspaceDamaged({ path, reason: 'the file is cut short' })
        ftruncateSync(writer.file, end)
        for (let at = SHARD_DATA_START; at < end; at += COPY_BYTES)
          writer.hash.update(readRange(writer.file, path, at, Math.min(COPY_BYTES, end - at)))
        return writer
      })
    })
  }

  get size(): number {
    return this.dataBytes
  }

  hasRoomFor(tensors: readonly ShardTensor[]): boolean {
    const added = tensors.reduce((sum, tensor) => sum + sizeOf(tensor), 0)
    // An entry's length depends on its offsets' digits: take the longest they may have.
    const names = tensors.reduce(
      (sum, tensor) => sum + entryOf(tensor, SHARD_DATA_BYTES * 1000).length + 1,
      0,
    )
    if (8 + this.headerBytes + names > SHARD_DATA_START) return false
    return this.dataBytes === 0 || this.dataBytes + added <= SHARD_DATA_BYTES
  }

  /**
   * Writes tensors behind the last and waits until the disk has them; they count after `confirm`.
   * @returns each tensor's offset in the file   @throws disk_full, workspace_unwritable
   */
  append(tensors: readonly (ShardTensor & { bytes: Uint8Array })[]): number[] {
    return translating(this.path, () => {
      const hash = this.hash.copy()
      const offsets: number[] = []
      let at = SHARD_DATA_START + this.dataBytes
      for (const { bytes } of tensors) {
        writeFully(this.file, bytes, at)
        hash.update(bytes)
        offsets.push(at)
        at += bytes.byteLength
      }
      fsyncSync(this.file)
      const names = tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape }))
      this.pending = { tensors: names, bytes: at - SHARD_DATA_START - this.dataBytes, hash }
      return offsets
    })
  }

  confirm(): void {
    if (!this.pending) throw new TypeError('nothing was appended')
    for (const tensor of this.pending.tensors) {
      this.headerBytes += entryOf(tensor, this.dataBytes).length + 1
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
        ftruncateSync(this.file, SHARD_DATA_START + this.dataBytes)
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
    const block = Buffer.alloc(SHARD_DATA_START, ' ')
    block.writeBigUInt64LE(BigInt(SHARD_DATA_START - 8))
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

const openForRecovery = (path: string): number => openExisting(path, 'r+')

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
