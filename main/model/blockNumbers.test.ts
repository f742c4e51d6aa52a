import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { multiplyOut, packBlocks, roundedLayouts, roundToBlocks, type BlockLayout } from './blockNumbers.ts'
import type { PackedBlocks, RoundedKind } from './blockNumbers.ts'
import { ggufLayout } from './blockWeights.ts'
import { ggufBlocks } from './gguf.ts'
import { ggufGroups, readBlocks, type QuantisedType } from './ggufNumbers.ts'

const goldenOf = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../tests/parity/golden/${name}.json`, import.meta.url), 'utf8'))
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))
const floatsOf = (text: string) => new Float32Array(bytesOf(text).buffer)

const rounding = goldenOf('quantise') as {
  values: string
  kinds: Record<RoundedKind, { integers: string; scales: string; numbers: string }>
} // our own files
const gguf = goldenOf('ggufDequantize') as {
  types: Record<QuantisedType, { blocks: string; numbers: string }>
}

/** What the graph makes of packed blocks, in double precision. */
function unpacked({ high, low, scales, offsets }: PackedBlocks, size: number): Float64Array {
  const half = (bytes: Uint8Array, i: number) => (i % 2 === 0 ? bytes[i >> 1] & 15 : bytes[i >> 1] >> 4)
  return Float64Array.from({ length: high.length * 2 }, (_, i) => {
    const block = Math.floor(i / size)
    const integer = low ? half(high, i) * 16 + half(low, i) - 128 : half(high, i) - 8
    return scales[block] * integer + (offsets?.[block] ?? 0)
  })
}

describe('roundToBlocks', () => {
  it.each(['int4', 'int8'] as const)('agrees with NumPy bit for bit on %s, there and back', (kind) => {
    const golden = rounding.kinds[kind]
    const blocks = roundToBlocks(floatsOf(rounding.values), kind)!
    expect(blocks.integers).toEqual(new Int8Array(bytesOf(golden.integers).buffer))
    expect(blocks.scales).toEqual(floatsOf(golden.scales))
    const back = new Float32Array(blocks.integers.length)
    multiplyOut(blocks, back)
    expect(back.map((value) => value + 0)).toEqual(floatsOf(golden.numbers).map((value) => value + 0))
  })

  it.each(['int4', 'int8'] as const)('is never further off than half a step of %s', (kind) => {
    const values = floatsOf(rounding.values).subarray(0, 24 * 32)
    const blocks = roundToBlocks(values, kind)!
    values.forEach((value, i) => {
      const scale = blocks.scales[Math.floor(i / 32)]
      expect(Math.abs(value - scale * blocks.integers[i])).toBeLessThanOrEqual(scale * 0.500001)
    })
  })

  it.each([Number.NaN, Infinity, -Infinity])('gives nothing for a block with %s', (wrong) => {
    expect(roundToBlocks(new Float32Array(64).fill(wrong, 40, 41), 'int8')).toBeNull()
  })

  it('refuses a part of a block', () => {
    expect(() => roundToBlocks(new Float32Array(40), 'int4')).toThrow(TypeError)
  })
})

describe('packBlocks', () => {
  it.each(['int4', 'int8'] as const)('keeps every number of %s', (kind) => {
    const blocks = roundToBlocks(floatsOf(rounding.values), kind)!
    const numbers = unpacked(packBlocks(blocks, roundedLayouts[kind]), 32)
    expect(numbers).toEqual(
      Float64Array.from(blocks.integers, (q, i) => blocks.scales[Math.floor(i / 32)] * q + 0),
    )
  })

  it.each(Object.keys(ggufGroups) as QuantisedType[])('keeps every number of %s within rounding', (type) => {
    const bytes = bytesOf(gguf.types[type].blocks)
    const count = (bytes.length / ggufBlocks[type].bytes) * ggufBlocks[type].numbers
    const layout = ggufLayout(type)
    const numbers = unpacked(packBlocks(readBlocks(type, bytes, count), layout), layout.size)
    const expected = floatsOf(gguf.types[type].numbers)
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
    // Sums of two rounded numbers: some parts in 2²⁴ of the largest.
    expected.forEach((value, i) => expect(Math.abs(value - numbers[i])).toBeLessThan(largest * 2 ** -22))
  })

  it('refuses integers that do not fit and blocks of another size', () => {
    const blocks = roundToBlocks(floatsOf(rounding.values), 'int8')!
    expect(() => packBlocks(blocks, roundedLayouts.int4)).toThrow(TypeError)
    const small: BlockLayout = { ...roundedLayouts.int8, size: 16 }
    expect(() => packBlocks(blocks, small)).toThrow(TypeError)
  })
})
