// Writes GGUF files, sound and unsound, for tests of those who read them.
// Kept apart from the reader on purpose: each is written from the format's description, so that one can convict the other.
import { writeFileSync } from 'node:fs'

export type GgufInput =
  | { type: 'uint32' | 'int32' | 'uint64' | 'float32'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'strings'; value: readonly string[] }
  | { type: 'int32s' | 'float32s'; value: readonly number[] }

export interface GgufTensorInput {
  name: string
  /** The format's number of a type; 0 is float32. */
  type: number
  /** Row-major. */
  shape: readonly number[]
  data: Uint8Array
  /** Replaces the true offset. */
  offset?: number
}

export interface GgufFileInput {
  version?: number
  metadata: Record<string, GgufInput>
  tensors?: readonly GgufTensorInput[]
  /** Replaces the true counts. */
  keyCount?: bigint
  tensorCount?: bigint
  alignment?: number
}

const numbers = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9, uint64: 10 }

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
const i32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}
const f32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeFloatLE(value)
  return bytes
}
export const u64 = (value: bigint | number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
export const ggufString = (text: string) => {
  const bytes = Buffer.from(text)
  return Buffer.concat([u64(bytes.length), bytes])
}

function valueBytes(input: GgufInput): Buffer[] {
  switch (input.type) {
    case 'uint32':
      return [u32(numbers.uint32), u32(input.value)]
    case 'int32':
      return [u32(numbers.int32), i32(input.value)]
    case 'uint64':
      return [u32(numbers.uint64), u64(input.value)]
    case 'float32':
      return [u32(numbers.float32), f32(input.value)]
    case 'bool':
      return [u32(numbers.bool), Buffer.of(input.value ? 1 : 0)]
    case 'string':
      return [u32(numbers.string), ggufString(input.value)]
    case 'strings':
      return [
        u32(numbers.array),
        u32(numbers.string),
        u64(input.value.length),
        ...input.value.map(ggufString),
      ]
    case 'int32s':
      return [u32(numbers.array), u32(numbers.int32), u64(input.value.length), ...input.value.map(i32)]
    case 'float32s':
      return [u32(numbers.array), u32(numbers.float32), u64(input.value.length), ...input.value.map(f32)]
  }
}

/** The file's bytes. */
export function ggufBytes(input: GgufFileInput): Buffer {
  const { tensors = [], alignment = 32 } = input
  const padded = (bytes: Uint8Array) =>
    Buffer.concat([bytes], Math.ceil(bytes.length / alignment) * alignment)
  let offset = 0
  const descriptions = tensors.map((tensor) => {
    const at = tensor.offset ?? offset
    offset += padded(tensor.data).length
    const dimensions = [...tensor.shape].reverse().map(u64)
    return Buffer.concat([
      ggufString(tensor.name),
      u32(tensor.shape.length),
      ...dimensions,
      u32(tensor.type),
      u64(at),
    ])
  })
  const entries = Object.entries(input.metadata)
  const header = Buffer.concat([
    Buffer.from('GGUF'),
    u32(input.version ?? 3),
    u64(input.tensorCount ?? tensors.length),
    u64(input.keyCount ?? entries.length),
    ...entries.flatMap(([key, value]) => [ggufString(key), ...valueBytes(value)]),
    ...descriptions,
  ])
  return Buffer.concat([padded(header), ...tensors.map((tensor) => padded(tensor.data))])
}

export function writeGguf(path: string, input: GgufFileInput): string {
  writeFileSync(path, ggufBytes(input))
  return path
}
