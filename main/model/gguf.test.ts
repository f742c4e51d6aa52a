import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ggufBytes, ggufString, u64, writeGguf } from '../../tests/support/writeGguf.ts'
import type { GgufFileInput } from '../../tests/support/writeGguf.ts'
import { readGguf } from './gguf.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gguf-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const pathOf = () => join(folder, 'model.gguf')
const raw = (bytes: Uint8Array): string => {
  writeFileSync(pathOf(), bytes)
  return pathOf()
}
const written = (input: GgufFileInput): string => writeGguf(pathOf(), input)
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
const header = (tensors: bigint, keys: bigint, ...rest: Uint8Array[]) =>
  Buffer.concat([Buffer.from('GGUF'), u32(3), u64(tensors), u64(keys), ...rest])
const f32 = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer)
const one = { name: 'a', type: 0, shape: [2], data: f32(1, 2) }

describe('readGguf', () => {
  it.each([2, 3])('reads metadata of every kind and tensors of version %i', (version) => {
    const path = written({
      version,
      metadata: {
        count: { type: 'uint32', value: 4_000_000_000 },
        signed: { type: 'int32', value: -7 },
        large: { type: 'uint64', value: 2 ** 40 },
        single: { type: 'float32', value: 0.5 },
        flag: { type: 'bool', value: true },
        text: { type: 'string', value: 'größer' },
        texts: { type: 'strings', value: ['', 'ä', 'x'.repeat(3_000_000)] },
        numbers: { type: 'int32s', value: [1, -2] },
      },
      tensors: [one, { name: 'q', type: 8, shape: [3, 64], data: new Uint8Array(3 * 68) }],
    })
    const gguf = readGguf(path)
    expect(gguf.version).toBe(version)
    expect(Object.fromEntries(gguf.metadata)).toEqual({
      count: 4_000_000_000,
      signed: -7,
      large: 2 ** 40,
      single: 0.5,
      flag: true,
      text: 'größer',
      texts: ['', 'ä', 'x'.repeat(3_000_000)],
      numbers: [1, -2],
    })
    expect(gguf.tensors.get('a')).toMatchObject({ type: 'F32', shape: [2], byteLength: 8 })
    expect(gguf.tensors.get('q')).toMatchObject({ type: 'Q8_0', shape: [3, 64], byteLength: 204 })
    for (const { offset } of gguf.tensors.values()) expect(offset % 32).toBe(0)
  })

  it('follows another alignment', () => {
    const input = {
      metadata: { 'general.alignment': { type: 'uint32', value: 256 } },
      tensors: [one, { ...one, name: 'b' }],
      alignment: 256,
    } as const
    const offsets = [...readGguf(written(input)).tensors.values()].map((tensor) => tensor.offset)
    expect(offsets[0] % 256).toBe(0)
    expect(offsets[1] - offsets[0]).toBe(256)
  })

  it('ends with a truncation wherever a file is cut', () => {
    const metadata = { a: { type: 'strings', value: ['x', 'y'] }, b: { type: 'bool', value: true } } as const
    const whole = ggufBytes({ metadata, tensors: [one] })
    const end = whole.length - 24 // the padding after the last tensor may be missing
    for (let length = 0; length < end; length++) {
      expect(() => readGguf(raw(whole.subarray(0, length)))).toThrow(/should have at least|not a GGUF/)
    }
    expect(readGguf(raw(whole.subarray(0, end))).tensors.size).toBe(1)
  })

  it.each<[string, () => string, string]>([
    ['another format', () => raw(Buffer.alloc(64)), 'not a GGUF file'],
    ['quintillions of tensors', () => raw(header(2n ** 60n, 0n)), 'the number of tensors is'],
    ['a billion tensors', () => raw(header(10n ** 9n, 0n)), 'claims 1000000000 tensors'],
    ['a billion keys', () => raw(header(0n, 10n ** 9n)), 'claims 1000000000 metadata keys'],
    ['a key of exabytes', () => raw(header(0n, 1n, u64(2n ** 62n))), 'length of text'],
    ['a key of gigabytes', () => raw(header(0n, 1n, u64(2n ** 31n))), 'text of 2147483648 bytes'],
    ['an unknown type', () => raw(header(0n, 1n, ggufString('a'), u32(13))), 'unknown type 13'],
    [
      'arrays in arrays without end',
      () =>
        raw(
          header(
            0n,
            1n,
            ggufString('a'),
            u32(9),
            ...Array.from({ length: 50 }, () => [u32(9), u64(1)]).flat(),
          ),
        ),
      'arrays within arrays',
    ],
    [
      'more array elements than any model has',
      () => raw(header(0n, 1n, ggufString('a'), u32(9), u32(0), u64(2 ** 24 + 1), Buffer.alloc(2 ** 24 + 1))),
      'more than 16777216 elements',
    ],
    [
      'a key twice',
      () => raw(header(0n, 2n, ggufString('a'), u32(0), Buffer.of(1), ggufString('a'), u32(0), Buffer.of(1))),
      'comes twice',
    ],
    ['a tensor twice', () => written({ metadata: {}, tensors: [one, one] }), 'two tensors'],
    [
      'an alignment of zero',
      () => written({ metadata: { 'general.alignment': { type: 'uint32', value: 0 } } }),
      'general.alignment',
    ],
    [
      'five dimensions',
      () => written({ metadata: {}, tensors: [{ ...one, shape: [1, 1, 1, 1, 2] }] }),
      '5 dimensions',
    ],
    [
      'rows that do not fill blocks',
      () => written({ metadata: {}, tensors: [{ ...one, type: 8, shape: [33] }] }),
      'do not fill blocks',
    ],
    [
      'a tensor of impossible size',
      () => written({ metadata: {}, tensors: [{ ...one, shape: [2 ** 40, 2 ** 40] }] }),
      'impossibly large',
    ],
    ['an odd offset', () => written({ metadata: {}, tensors: [{ ...one, offset: 3 }] }), 'not aligned'],
    [
      'overlapping tensors',
      () => written({ metadata: {}, tensors: [one, { ...one, name: 'b', offset: 0 }] }),
      'overlaps',
    ],
  ])('refuses %s', (_, make, reason) => {
    const path = make()
    expect(() => readGguf(path)).toThrow(expect.objectContaining({ code: 'model_malformed' }))
    expect(() => readGguf(path)).toThrow(reason)
  })

  it.each<[string, () => string]>([
    [
      'an array of a trillion elements',
      () => raw(header(0n, 1n, ggufString('a'), u32(9), u32(8), u64(10n ** 12n))),
    ],
    ['a tensor of terabytes', () => written({ metadata: {}, tensors: [{ ...one, shape: [2 ** 40] }] })],
    [
      'a tensor that begins beyond the end',
      () => written({ metadata: {}, tensors: [{ ...one, offset: 2 ** 30 }] }),
    ],
  ])('finds a file with %s cut short, without taking memory for it', (_, make) => {
    expect(() => readGguf(make())).toThrow(expect.objectContaining({ code: 'model_truncated' }))
  })

  it('names versions and types of blocks that it cannot read', () => {
    expect(() => readGguf(written({ version: 1, metadata: {} }))).toThrow('GGUF version 1')
    expect(() => readGguf(written({ version: 0x03000000, metadata: {} }))).toThrow('big-endian')
    const iq = { ...one, type: 23, shape: [256] }
    expect(() => readGguf(written({ metadata: {}, tensors: [iq] }))).toThrow(/IQ4_XS/)
  })
})
