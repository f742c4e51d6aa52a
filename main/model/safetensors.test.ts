import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { asWeight, readSafetensorsHeader, readWeight, writeSafetensors } from './safetensors.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'safetensors-'))
})
afterEach(() => rm(folder, { recursive: true }))

/** A file with any header and any bytes after it. */
async function rawFile(header: unknown, dataBytes: number, claimedHeaderBytes?: bigint): Promise<string> {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const prefix = Buffer.alloc(8)
  prefix.writeBigUInt64LE(claimedHeaderBytes ?? BigInt(json.length))
  const path = join(folder, 'raw.safetensors')
  await writeFile(path, Buffer.concat([prefix, json, Buffer.alloc(dataBytes)]))
  return path
}
const tensor = (shape: number[], begin: number, end: number, dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
})

describe('writeSafetensors', () => {
  it('writes what the reader reads back, with metadata and data on a multiple of eight', async () => {
    const path = join(folder, 'a.safetensors')
    const b = Float32Array.of(1, -2, 3.5, NaN, Infinity, -0)
    await writeSafetensors(
      path,
      [
        { name: 'a', dtype: 'I64', shape: [1], data: BigInt64Array.of(7n) },
        { name: 'b', dtype: 'F32', shape: [2, 3], data: b },
        { name: 'empty', dtype: 'F32', shape: [0, 3], data: new Float32Array(0) },
      ],
      { note: 'ä' },
    )
    const header = await readSafetensorsHeader(path)
    expect(header.metadata).toEqual({ note: 'ä' })
    expect([...header.tensors.keys()]).toEqual(['a', 'b', 'empty'])
    expect(header.tensors.get('a')!.offset % 8).toBe(0)
    expect(asWeight(path, header.tensors.get('a')!)).toBeNull()
    const weight = asWeight(path, header.tensors.get('b')!)!
    expect(weight).toMatchObject({ file: path, dtype: 'float32', shape: [2, 3], byteLength: 24 })
    expect(await readWeight(weight)).toEqual(b)
  })

  it('takes a tensor in parts and views that lie within a larger buffer', async () => {
    const path = join(folder, 'a.safetensors')
    async function* parts() {
      yield Float32Array.of(9, 1, 2).subarray(1)
      yield Float32Array.of(3)
    }
    await writeSafetensors(path, [{ name: 'x', dtype: 'F32', shape: [3], data: parts() }])
    const weight = asWeight(path, (await readSafetensorsHeader(path)).tensors.get('x')!)!
    expect([...(await readWeight(weight))]).toEqual([1, 2, 3])
  })

  it('leaves the old file and no other where a part fails', async () => {
    const path = join(folder, 'a.safetensors')
    await writeSafetensors(path, [{ name: 'x', dtype: 'F32', shape: [1], data: Float32Array.of(1) }])
    const before = await readFile(path)
    async function* failing() {
      yield Float32Array.of(1)
      throw new Error('no more')
    }
    const write = writeSafetensors(path, [{ name: 'x', dtype: 'F32', shape: [2], data: failing() }])
    await expect(write).rejects.toThrow('no more')
    expect(await readFile(path)).toEqual(before)
    expect(await readdir(folder)).toEqual(['a.safetensors'])
  })

  it.each([1, 3])('refuses %i numbers for a shape of two', async (count) => {
    const path = join(folder, 'a.safetensors')
    const data = new Float32Array(count)
    await expect(writeSafetensors(path, [{ name: 'x', dtype: 'F32', shape: [2], data }])).rejects.toThrow(
      TypeError,
    )
    expect(await readdir(folder)).toEqual([])
  })

  it('refuses a name twice and the name of the metadata', async () => {
    const one = { dtype: 'F32', shape: [1], data: Float32Array.of(1) } as const
    const path = join(folder, 'a.safetensors')
    const twice = [
      { name: 'x', ...one },
      { name: 'x', ...one },
    ]
    await expect(writeSafetensors(path, twice)).rejects.toThrow(TypeError)
    await expect(writeSafetensors(path, [{ name: '__metadata__', ...one }])).rejects.toThrow(TypeError)
  })

  it('names a folder that does not exist', async () => {
    const path = join(folder, 'none', 'a.safetensors')
    await expect(writeSafetensors(path, [])).rejects.toMatchObject({
      code: 'file_unwritable',
      details: { path },
    })
  })
})

describe('readWeight', () => {
  it('widens 16-bit floats', async () => {
    const path = join(folder, 'a.safetensors')
    await writeSafetensors(path, [
      { name: 'half', dtype: 'F16', shape: [2], data: Uint16Array.of(0x3c00, 0xc000) },
      { name: 'bfloat', dtype: 'BF16', shape: [2], data: Uint16Array.of(0x3f80, 0xc000) },
    ])
    const { tensors } = await readSafetensorsHeader(path)
    expect([...(await readWeight(asWeight(path, tensors.get('half')!)!))]).toEqual([1, -2])
    expect([...(await readWeight(asWeight(path, tensors.get('bfloat')!)!))]).toEqual([1, -2])
  })

  it('says where a file has become shorter', async () => {
    const path = join(folder, 'a.safetensors')
    await writeSafetensors(path, [{ name: 'x', dtype: 'F32', shape: [4], data: new Float32Array(4) }])
    const weight = asWeight(path, (await readSafetensorsHeader(path)).tensors.get('x')!)!
    await writeFile(path, (await readFile(path)).subarray(0, -4))
    await expect(readWeight(weight)).rejects.toMatchObject({ code: 'model_truncated' })
  })
})

describe('readSafetensorsHeader', () => {
  const fault = async (path: string) => {
    const error: unknown = await readSafetensorsHeader(path).then(
      () => null,
      (reason: unknown) => reason,
    )
    return error as { code: string; message: string }
  }

  it('accepts tensors in any order of the header', async () => {
    const path = await rawFile({ b: tensor([1], 4, 8), a: tensor([1], 0, 4) }, 8)
    expect([...(await readSafetensorsHeader(path)).tensors.keys()]).toEqual(['b', 'a'])
  })

  it.each([
    ['a file of five bytes', async () => (await writeFile(join(folder, 'x'), '12345'), join(folder, 'x'))],
    ['a header longer than the file', () => rawFile('{}', 0, 5000n)],
    ['tensors beyond the end', () => rawFile({ a: tensor([4], 0, 16) }, 12)],
  ])('finds %s cut short', async (_, make) => {
    expect((await fault(await make())).code).toBe('model_truncated')
  })

  it.each([
    ['a header of exabytes', () => rawFile('{}', 0, 2n ** 63n), 'header would have'],
    ['a header just beyond the limit', () => rawFile('{}', 0, 100_000_001n), 'header would have'],
    ['a header that is not JSON', () => rawFile('{"a"', 0), 'not JSON'],
    ['a header that is a list', () => rawFile([], 0), 'not a JSON object'],
    ['metadata that is no text', () => rawFile({ __metadata__: { a: 1 } }, 0), 'metadata'],
    ['a tensor that is a number', () => rawFile({ a: 1 }, 0), 'not described'],
    ['negative offsets', () => rawFile({ a: tensor([1], -4, 0) }, 4), 'not described'],
    ['fractional shapes', () => rawFile({ a: tensor([0.5], 0, 2) }, 2), 'not described'],
    ['an end before its begin', () => rawFile({ a: tensor([0], 8, 4) }, 8), 'ends before'],
    ['an unknown type', () => rawFile({ a: tensor([1], 0, 4, 'F31') }, 4), 'unknown type'],
    [
      'a type that is an inherited name',
      () => rawFile({ a: tensor([1], 0, 4, 'toString') }, 4),
      'unknown type',
    ],
    ['a shape that does not fit its bytes', () => rawFile({ a: tensor([2], 0, 4) }, 4), 'asks for 8'],
    ['a shape beyond all numbers', () => rawFile({ a: tensor([2 ** 52, 2 ** 52], 0, 4) }, 4), 'asks for'],
    ['overlapping tensors', () => rawFile({ a: tensor([2], 0, 8), b: tensor([2], 4, 12) }, 12), 'overlaps'],
    ['a gap', () => rawFile({ a: tensor([1], 0, 4), b: tensor([1], 8, 12) }, 12), 'gap'],
    ['bytes of no tensor', () => rawFile({ a: tensor([1], 0, 4) }, 8), 'belong to no tensor'],
  ])('refuses %s', async (_, make, reason) => {
    const error = await fault(await make())
    expect(error.code).toBe('model_malformed')
    expect(error.message).toContain(reason)
  })
})
