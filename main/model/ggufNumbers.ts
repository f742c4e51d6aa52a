// Quantised blocks of GGUF as integers, scales and minima.
// Owns: the block layouts. Not: files (gguf.ts), or multiplying out (ggufDequantize.ts).
// Every step rounds to 32 bits as the Python package `gguf` does, so that dequantised numbers agree bit for bit.
import type { BlockNumbers } from './blockNumbers.ts'
import { ggufBlocks, type GgufType } from './gguf.ts'
import { halfToFloat } from './halfFloats.ts'

export type QuantisedType = Exclude<GgufType, 'F32' | 'F16' | 'BF16'>

/** Numbers that share a scale, and whether they share a minimum too. */
export const ggufGroups: Readonly<Record<QuantisedType, { size: 16 | 32; hasMinima: boolean }>> = {
  Q4_0: { size: 32, hasMinima: false },
  Q4_1: { size: 32, hasMinima: true },
  Q5_0: { size: 32, hasMinima: false },
  Q5_1: { size: 32, hasMinima: true },
  Q8_0: { size: 32, hasMinima: false },
  Q2_K: { size: 16, hasMinima: true },
  Q3_K: { size: 16, hasMinima: false },
  Q4_K: { size: 32, hasMinima: true },
  Q5_K: { size: 32, hasMinima: true },
  Q6_K: { size: 16, hasMinima: false },
}

export const isQuantisedType = (type: string): type is QuantisedType => Object.hasOwn(ggufGroups, type)

/** Reads the block at `at`; its integers go to `to` on, its scales and minima to `group` on. */
type BlockReader = (bytes: Uint8Array, at: number, out: BlockNumbers, to: number, group: number) => void

const half = (bytes: Uint8Array, at: number) => halfToFloat(bytes[at] | (bytes[at + 1] << 8))
const signed = (byte: number) => (byte << 24) >> 24

/**
 * Takes whole blocks apart.
 * @param bytes  blocks of `type`, back to back, of `count` numbers
 * @throws TypeError where the two lengths disagree
 */
export function readBlocks(type: QuantisedType, bytes: Uint8Array, count: number): BlockNumbers {
  const block = ggufBlocks[type]
  const blocks = count / block.numbers
  if (bytes.length !== blocks * block.bytes) {
    throw new TypeError(`${bytes.length} bytes of ${type} for ${count} numbers`)
  }
  const { size, hasMinima } = ggufGroups[type]
  const groups = count / size
  const out: BlockNumbers = {
    size,
    integers: new Int8Array(count),
    scales: new Float32Array(groups),
    minima: hasMinima ? new Float32Array(groups) : null,
  }
  const read = blockReaders[type]
  const perBlock = block.numbers / size
  for (let i = 0; i < blocks; i++) read(bytes, i * block.bytes, out, i * block.numbers, i * perBlock)
  return out
}

const noMinima = new Float32Array(0)
/** Of a type that has them; a write beyond an empty array does nothing. */
const minimaOf = ({ minima }: BlockNumbers): Float32Array => minima ?? noMinima

/** A fifth bit for each number lies in a 32-bit word. */
const fifthBit = (bytes: Uint8Array, at: number, j: number) => ((bytes[at + (j >> 3)] >> (j & 7)) & 1) << 4

interface Places {
  /** Whether a minimum follows the scale. */
  hasMinimum: boolean
  fifthBits: number | null
  nibbles: number
  /** Subtracted from each integer. */
  centre: number
}

/** Low nibbles are the first 16 numbers, high nibbles the last 16. */
const nibbles =
  ({ hasMinimum, fifthBits, nibbles: first, centre }: Places): BlockReader =>
  (bytes, at, out, to, group) => {
    out.scales[group] = half(bytes, at)
    if (hasMinimum) minimaOf(out)[group] = half(bytes, at + 2)
    for (let j = 0; j < 16; j++) {
      const q = bytes[at + first + j]
      const low = fifthBits === null ? 0 : fifthBit(bytes, at + fifthBits, j)
      const high = fifthBits === null ? 0 : fifthBit(bytes, at + fifthBits, j + 16)
      out.integers[to + j] = ((q & 15) | low) - centre
      out.integers[to + 16 + j] = ((q >> 4) | high) - centre
    }
  }

const q8_0: BlockReader = (bytes, at, out, to, group) => {
  out.scales[group] = half(bytes, at)
  for (let j = 0; j < 32; j++) out.integers[to + j] = signed(bytes[at + 2 + j])
}

/** 16 scales and minima of 4 bits, then 256 numbers of 2 bits: four planes of each 32 bytes. */
const q2_k: BlockReader = (bytes, at, out, to, group) => {
  const d = half(bytes, at + 80)
  const dmin = half(bytes, at + 82)
  for (let i = 0; i < 16; i++) {
    out.scales[group + i] = d * (bytes[at + i] & 15)
    minimaOf(out)[group + i] = -(dmin * (bytes[at + i] >> 4))
  }
  for (let j = 0; j < 256; j++)
    out.integers[to + j] = (bytes[at + 16 + (j >> 7) * 32 + (j & 31)] >> (((j >> 5) & 3) * 2)) & 3
}

/** The 16 six-bit scales of Q3_K: low nibbles in eight bytes, upper pairs of bits in four. */
const q3Scale = (bytes: Uint8Array, at: number, i: number) => {
  const low = (bytes[at + (i & 7)] >> (i < 8 ? 0 : 4)) & 15
  const high = (bytes[at + 8 + (i & 3)] >> ((i >> 2) * 2)) & 3
  return (low | (high << 4)) - 32
}

const q3_k: BlockReader = (bytes, at, out, to, group) => {
  const d = half(bytes, at + 108)
  for (let i = 0; i < 16; i++) out.scales[group + i] = d * q3Scale(bytes, at + 96, i)
  for (let j = 0; j < 256; j++) {
    const low = (bytes[at + 32 + (j >> 7) * 32 + (j & 31)] >> (((j >> 5) & 3) * 2)) & 3
    const high = ((bytes[at + (j & 31)] >> (j >> 5)) & 1) ^ 1
    out.integers[to + j] = low - (high << 2)
  }
}

/** The eight six-bit scales and minima of Q4_K and Q5_K in twelve bytes. */
const scaleAndMinimum = (bytes: Uint8Array, at: number, i: number): [number, number] => {
  if (i < 4) return [bytes[at + i] & 63, bytes[at + 4 + i] & 63]
  const k = i - 4
  const rest = bytes[at + 8 + k]
  return [(rest & 15) | ((bytes[at + k] >> 2) & 48), (rest >> 4) | ((bytes[at + 4 + k] >> 2) & 48)]
}

/** Q4_K, and Q5_K where `fifthAt` says where the fifth bits lie. */
const q45_k =
  (numbersAt: number, fifthAt: number | null): BlockReader =>
  (bytes, at, out, to, group) => {
    const d = half(bytes, at)
    const dmin = half(bytes, at + 2)
    for (let i = 0; i < 8; i++) {
      const [scale, minimum] = scaleAndMinimum(bytes, at + 4, i)
      out.scales[group + i] = d * scale
      minimaOf(out)[group + i] = -(dmin * minimum)
      for (let j = 0; j < 32; j++) {
        const low = (bytes[at + numbersAt + (i >> 1) * 32 + j] >> ((i & 1) * 4)) & 15
        const high = fifthAt === null ? 0 : ((bytes[at + fifthAt + j] >> i) & 1) << 4
        out.integers[to + i * 32 + j] = low | high
      }
    }
  }

/** Low four bits in 128 bytes, upper two in 64, 16 signed scales. */
const q6_k: BlockReader = (bytes, at, out, to, group) => {
  const d = half(bytes, at + 208)
  for (let i = 0; i < 16; i++) out.scales[group + i] = d * signed(bytes[at + 192 + i])
  for (let j = 0; j < 256; j++) {
    const inHalf = j & 127
    const low = (bytes[at + (j >> 7) * 64 + (inHalf & 63)] >> ((inHalf >> 6) * 4)) & 15
    const high = (bytes[at + 128 + (j >> 7) * 32 + (j & 31)] >> ((inHalf >> 5) * 2)) & 3
    out.integers[to + j] = (low | (high << 4)) - 32
  }
}

const blockReaders: Record<QuantisedType, BlockReader> = {
  Q4_0: nibbles({ hasMinimum: false, fifthBits: null, nibbles: 2, centre: 8 }),
  Q4_1: nibbles({ hasMinimum: true, fifthBits: null, nibbles: 4, centre: 0 }),
  Q5_0: nibbles({ hasMinimum: false, fifthBits: 2, nibbles: 6, centre: 16 }),
  Q5_1: nibbles({ hasMinimum: true, fifthBits: 4, nibbles: 8, centre: 0 }),
  Q8_0: q8_0,
  Q2_K: q2_k,
  Q3_K: q3_k,
  Q4_K: q45_k(16, null),
  Q5_K: q45_k(48, 16),
  Q6_K: q6_k,
}
