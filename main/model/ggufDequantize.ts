// Quantised blocks of GGUF to 32-bit numbers.
// Owns: the block layouts. Not: files (gguf.ts). Every step rounds to 32 bits as the Python package `gguf` does,
// so results agree bit for bit (ggufDequantize.test.ts).
import { ggufBlocks, type GgufType } from './gguf.ts'
import { halfToFloat, widenBfloats, widenHalfs } from './halfFloats.ts'

const round = Math.fround

/** Reads the block at `at` and writes its numbers from `to` on. */
type BlockReader = (bytes: Uint8Array, at: number, out: Float32Array, to: number) => void

const half = (bytes: Uint8Array, at: number) => halfToFloat(bytes[at] | (bytes[at + 1] << 8))
const signed = (byte: number) => (byte << 24) >> 24

/**
 * Dequantises whole blocks.
 * @param bytes  blocks of `type`, back to back  @param out  as many numbers as they hold, row-major
 * @throws TypeError where the two lengths disagree
 */
export function dequantize(type: GgufType, bytes: Uint8Array, out: Float32Array): void {
  const block = ggufBlocks[type]
  const blocks = out.length / block.numbers
  if (bytes.length !== blocks * block.bytes) {
    throw new TypeError(`${bytes.length} bytes of ${type} for ${out.length} numbers`)
  }
  if (type === 'F32') new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes)
  else if (type === 'F16') widenHalfs(bytes, out)
  else if (type === 'BF16') widenBfloats(bytes, out)
  else {
    const read = blockReaders[type]
    for (let i = 0; i < blocks; i++) read(bytes, i * block.bytes, out, i * block.numbers)
  }
}

/** Low nibbles are the first 16 numbers, high nibbles the last 16. */
const q4_0: BlockReader = (bytes, at, out, to) => {
  const d = half(bytes, at)
  for (let j = 0; j < 16; j++) {
    const q = bytes[at + 2 + j]
    out[to + j] = d * ((q & 15) - 8)
    out[to + 16 + j] = d * ((q >> 4) - 8)
  }
}

const q4_1: BlockReader = (bytes, at, out, to) => {
  const d = half(bytes, at)
  const m = half(bytes, at + 2)
  for (let j = 0; j < 16; j++) {
    const q = bytes[at + 4 + j]
    out[to + j] = round(d * (q & 15)) + m
    out[to + 16 + j] = round(d * (q >> 4)) + m
  }
}

/** A fifth bit for each number lies in a 32-bit word. */
const fifthBit = (bytes: Uint8Array, at: number, j: number) => ((bytes[at + (j >> 3)] >> (j & 7)) & 1) << 4

const q5_0: BlockReader = (bytes, at, out, to) => {
  const d = half(bytes, at)
  for (let j = 0; j < 16; j++) {
    const q = bytes[at + 6 + j]
    out[to + j] = d * (((q & 15) | fifthBit(bytes, at + 2, j)) - 16)
    out[to + 16 + j] = d * (((q >> 4) | fifthBit(bytes, at + 2, j + 16)) - 16)
  }
}

const q5_1: BlockReader = (bytes, at, out, to) => {
  const d = half(bytes, at)
  const m = half(bytes, at + 2)
  for (let j = 0; j < 16; j++) {
    const q = bytes[at + 8 + j]
    out[to + j] = round(d * ((q & 15) | fifthBit(bytes, at + 4, j))) + m
    out[to + 16 + j] = round(d * ((q >> 4) | fifthBit(bytes, at + 4, j + 16))) + m
  }
}

const q8_0: BlockReader = (bytes, at, out, to) => {
  const d = half(bytes, at)
  for (let j = 0; j < 32; j++) out[to + j] = d * signed(bytes[at + 2 + j])
}

/** 16 scales and minima of 4 bits, then 256 numbers of 2 bits: four planes of each 32 bytes. */
const q2_k: BlockReader = (bytes, at, out, to) => {
  const d = half(bytes, at + 80)
  const dmin = half(bytes, at + 82)
  for (let j = 0; j < 256; j++) {
    const scale = bytes[at + (j >> 4)]
    const q = (bytes[at + 16 + (j >> 7) * 32 + (j & 31)] >> (((j >> 5) & 3) * 2)) & 3
    out[to + j] = round(round(d * (scale & 15)) * q) - round(dmin * (scale >> 4))
  }
}

/** The 16 six-bit scales of Q3_K: low nibbles in eight bytes, upper pairs of bits in four. */
const q3Scale = (bytes: Uint8Array, at: number, i: number) => {
  const low = (bytes[at + (i & 7)] >> (i < 8 ? 0 : 4)) & 15
  const high = (bytes[at + 8 + (i & 3)] >> ((i >> 2) * 2)) & 3
  return (low | (high << 4)) - 32
}

const q3_k: BlockReader = (bytes, at, out, to) => {
  const d = half(bytes, at + 108)
  for (let j = 0; j < 256; j++) {
    const scale = round(d * q3Scale(bytes, at + 96, j >> 4))
    const low = (bytes[at + 32 + (j >> 7) * 32 + (j & 31)] >> (((j >> 5) & 3) * 2)) & 3
    const high = ((bytes[at + (j & 31)] >> (j >> 5)) & 1) ^ 1
    out[to + j] = scale * (low - (high << 2))
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
  (bytes, at, out, to) => {
    const d = half(bytes, at)
    const dmin = half(bytes, at + 2)
    for (let i = 0; i < 8; i++) {
      const [scale, minimum] = scaleAndMinimum(bytes, at + 4, i)
      const step = round(d * scale)
      const offset = round(dmin * minimum)
      for (let j = 0; j < 32; j++) {
        const low = (bytes[at + numbersAt + (i >> 1) * 32 + j] >> ((i & 1) * 4)) & 15
        const high = fifthAt === null ? 0 : ((bytes[at + fifthAt + j] >> i) & 1) << 4
        out[to + i * 32 + j] = round(step * (low | high)) - offset
      }
    }
  }

/** Low four bits in 128 bytes, upper two in 64, 16 signed scales. */
const q6_k: BlockReader = (bytes, at, out, to) => {
  const d = half(bytes, at + 208)
  for (let j = 0; j < 256; j++) {
    const inHalf = j & 127
    const low = (bytes[at + (j >> 7) * 64 + (inHalf & 63)] >> ((inHalf >> 6) * 4)) & 15
    const high = (bytes[at + 128 + (j >> 7) * 32 + (j & 31)] >> ((inHalf >> 5) * 2)) & 3
    const scale = round(d * signed(bytes[at + 192 + (j >> 4)]))
    out[to + j] = scale * ((low | (high << 4)) - 32)
  }
}

const blockReaders: Record<Exclude<GgufType, 'F32' | 'F16' | 'BF16'>, BlockReader> = {
  Q4_0: q4_0,
  Q4_1: q4_1,
  Q5_0: q5_0,
  Q5_1: q5_1,
  Q8_0: q8_0,
  Q2_K: q2_k,
  Q3_K: q3_k,
  Q4_K: q45_k(16, null),
  Q5_K: q45_k(48, 16),
  Q6_K: q6_k,
}
