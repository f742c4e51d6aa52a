// Numbers in blocks: integers of few bits that share a scale, and sometimes a minimum.
// Owns: rounding to them, multiplying them out, and packing them as MatMulNBits reads them. Not: GGUF's own blocks (ggufNumbers.ts), files, or graphs (blockNodes.ts).
// Formulas and what they cost: docs/models.md, “Quantised”.

/** Row-major; number i is scales[i / size] · integers[i], plus minima[i / size] where there are any. */
export interface BlockNumbers {
  /** Numbers in a block. */
  size: 16 | 32
  integers: Int8Array
  scales: Float32Array
  minima: Float32Array | null
}

/** How blocks of one kind are packed. */
export interface BlockLayout {
  size: 16 | 32
  /** Integers take two halves of four bits each, not one. */
  isWide: boolean
  hasOffsets: boolean
  /** Makes integers into what is stored, which is never negative: 0 … 15, or 0 … 255 where wide. */
  added: number
}

/** Blocks as a graph takes them: number i is scale · (stored − 8) + offset, or scale · (stored − 128) + offset where wide. */
export interface PackedBlocks {
  /** Two numbers a byte, the first in its low half; of wide ones the upper four bits. */
  high: Uint8Array
  /** Of wide ones the lower four bits. */
  low: Uint8Array | null
  scales: Float32Array
  offsets: Float32Array | null
}

/** Of rounding to nearest: largest integer, in a layout that is symmetric around zero. */
export const roundedLayouts = {
  int4: { size: 32, isWide: false, hasOffsets: false, added: 8, largest: 7 },
  int8: { size: 32, isWide: true, hasOffsets: false, added: 128, largest: 127 },
} as const satisfies Record<string, BlockLayout & { largest: number }>
export type RoundedKind = keyof typeof roundedLayouts

const zeroPoint = ({ isWide }: BlockLayout): number => (isWide ? 128 : 8)

/** Ties go to the even neighbour, as NumPy's `rint` has it. */
function nearestInteger(value: number): number {
  const up = Math.round(value)
  return up - value === 0.5 && up % 2 !== 0 ? up - 1 : up
}

/**
 * Rounds numbers to the nearest of −7 … 7 (−127 … 127) times a block's scale, which is its largest magnitude by 7 (127).
 * A block of zeros has scale 0.
 * @param values  whole blocks of 32, back to back
 * @returns null where a number is not finite
 * @throws TypeError where the last block is not whole
 */
export function roundToBlocks(values: Float32Array, kind: RoundedKind): BlockNumbers | null {
  const { size, largest } = roundedLayouts[kind]
  if (values.length % size !== 0) throw new TypeError(`${values.length} numbers are no whole blocks`)
  const integers = new Int8Array(values.length)
  const scales = new Float32Array(values.length / size)
  for (let block = 0; block < scales.length; block++) {
    const own = values.subarray(block * size, (block + 1) * size)
    let magnitude = 0
    // NaN makes the sum NaN, and no maximum would show it.
    let sum = 0
    for (const value of own) {
      magnitude = Math.max(magnitude, Math.abs(value))
      sum += Math.abs(value)
    }
    if (!Number.isFinite(sum)) return null
    const scale = Math.fround(magnitude / largest)
    scales[block] = scale
    // The quotient of the smallest magnitudes may have no scale but zero.
    if (scale === 0) continue
    for (let i = 0; i < size; i++) {
      const rounded = nearestInteger(Math.fround(own[i] / scale))
      integers[block * size + i] = Math.min(largest, Math.max(-largest, rounded))
    }
  }
  return { size, integers, scales, minima: null }
}

/** @param out  as many numbers as there are integers; each step rounds to 32 bits */
export function multiplyOut({ size, integers, scales, minima }: BlockNumbers, out: Float32Array): void {
  for (let block = 0; block < scales.length; block++) {
    const scale = scales[block]
    const end = (block + 1) * size
    if (minima === null) for (let i = block * size; i < end; i++) out[i] = scale * integers[i]
    else for (let i = block * size; i < end; i++) out[i] = Math.fround(scale * integers[i]) + minima[block]
  }
}

/** @throws TypeError where an integer does not fit the layout, or blocks are of another size. */
export function packBlocks(
  { size, integers, scales, minima }: BlockNumbers,
  layout: BlockLayout,
): PackedBlocks {
  if (size !== layout.size) throw new TypeError(`blocks of ${size} in a layout of ${layout.size}`)
  const high = new Uint8Array(integers.length / 2)
  const low = layout.isWide ? new Uint8Array(integers.length / 2) : null
  const limit = layout.isWide ? 255 : 15
  for (let i = 0; i < integers.length; i++) {
    const stored = integers[i] + layout.added
    if (stored < 0 || stored > limit) throw new TypeError(`${integers[i]} does not fit into a block`)
    const shift = 4 * (i & 1)
    high[i >> 1] |= (layout.isWide ? stored >> 4 : stored) << shift
    if (low) low[i >> 1] |= (stored & 15) << shift
  }
  return { high, low, scales, offsets: layout.hasOffsets ? offsetsOf(scales, minima, layout) : null }
}

/** What the graph's zero point takes away too much comes back with the minimum. */
function offsetsOf(scales: Float32Array, minima: Float32Array | null, layout: BlockLayout): Float32Array {
  const missing = zeroPoint(layout) - layout.added
  return scales.map((scale, block) => (minima?.[block] ?? 0) + missing * scale)
}
