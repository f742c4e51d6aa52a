import { strToU8, zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { npyBytes, readArray, readNpy, readNpz } from './npy.ts'

const failing = (reason: RegExp): unknown => ({
  code: 'array_unreadable',
  message: expect.stringMatching(reason),
})
const thrown = (work: () => unknown): unknown => {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}

/** As NumPy writes it, version 1.0. */
function npy(
  descr: string,
  shape: string,
  data: Uint8Array,
  { fortran = 'False', version = 1 } = {},
): Uint8Array {
  const header = strToU8(`{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`)
  const start = version === 1 ? 10 : 12
  const bytes = new Uint8Array(start + header.length + data.length)
  bytes.set([0x93, ...strToU8('NUMPY'), version, 0])
  const view = new DataView(bytes.buffer)
  if (version === 1) view.setUint16(8, header.length, true)
  else view.setUint32(8, header.length, true)
  bytes.set(header, start)
  bytes.set(data, start + header.length)
  return bytes
}
const bytesOf = (array: Float32Array | Float64Array | BigInt64Array | Int16Array): Uint8Array =>
  new Uint8Array(array.buffer)

describe('an .npy file', () => {
  test('is read row-major, whatever its order and its version', () => {
    const data = bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6))
    expect(readNpy(npy("'<f4'", '(2, 3)', data), 'x')).toEqual({
      data: Float32Array.of(1, 2, 3, 4, 5, 6),
      shape: [2, 3],
    })
    expect(readNpy(npy("'<f4'", '(2, 3)', data, { fortran: 'True', version: 2 }), 'x').data).toEqual(
      Float32Array.of(1, 3, 5, 2, 4, 6),
    )
  })

  test('of integers, doubles, truth values, halves and foreign byte order is read as numbers', () => {
    expect([...readNpy(npy("'<i8'", '(2,)', bytesOf(BigInt64Array.of(-3n, 7n))), 'x').data]).toEqual([-3, 7])
    expect([...readNpy(npy("'<f8'", '(1,)', bytesOf(Float64Array.of(0.1))), 'x').data]).toEqual([0.1])
    expect([...readNpy(npy("'|b1'", '(2,)', Uint8Array.of(1, 0)), 'x').data]).toEqual([1, 0])
    expect([...readNpy(npy("'>i2'", '(2,)', Uint8Array.of(1, 0, 0, 2)), 'x').data]).toEqual([256, 2])
    expect([...readNpy(npy("'<f2'", '(1,)', Uint8Array.of(0, 0x3c)), 'x').data]).toEqual([1])
    expect(readNpy(npy("'<f8'", '()', bytesOf(Float64Array.of(4))), 'x')).toMatchObject({ shape: [] })
  })

  test('that we wrote is read back', () => {
    const written = npyBytes(Float64Array.of(1.5, -2), [2, 1])
    expect((written.length - 16) % 64).toBe(0)
    expect(readNpy(written, 'x')).toEqual({ data: Float64Array.of(1.5, -2), shape: [2, 1] })
  })

  test.each([
    ['nothing', new Uint8Array(0), /no \.npy file/],
    ['text', strToU8('this is not an array at all'), /no \.npy file/],
    ['pickled objects', npy("'|O8'", '(1,)', new Uint8Array(8)), /Python objects/],
    ['records', npy("[('a', '<f4')]", '(1,)', new Uint8Array(4)), /no plain number/],
    ['texts', npy("'<U4'", '(1,)', new Uint8Array(16)), /texts or integers/],
    ['texts of no letter', npy("'<U0'", '(9,)', new Uint8Array(0)), /no number that is read/],
    ['dates', npy("'<M8'", '(1,)', new Uint8Array(8)), /no number that is read/],
    ['fewer bytes than its shape', npy("'<f4'", '(3, 4)', new Uint8Array(8)), /does not fit/],
    ['more bytes than its shape', npy("'<f4'", '(1,)', new Uint8Array(8)), /does not fit/],
    [
      'a shape beyond all numbers',
      npy("'<f4'", '(99999999999, 99999999999)', new Uint8Array(8)),
      /does not fit/,
    ],
    ['no shape', npy("'<f4'", 'None', new Uint8Array(4)), /shape is missing/],
    ['a header that goes on', npy("'<f4'", '(1,)', new Uint8Array(4)).slice(0, 30), /header is cut short/],
  ])('of %s is refused in words', (_what, bytes, reason) => {
    expect(thrown(() => readNpy(bytes, 'a.npy'))).toMatchObject(failing(reason) as object)
  })
})

describe('names', () => {
  test('are texts of four bytes a letter or of one, without the zeros behind them', () => {
    const letters = Uint32Array.from([...'ab\0\0ö🐈\0\0'], (letter) => letter.codePointAt(0)!)
    const array = npy("'<U4'", '(2,)', new Uint8Array(letters.buffer))
    expect(readArray(array, 'x')).toEqual({ names: ['ab', 'ö🐈'], shape: [2] })
    expect(readArray(npy("'|S3'", '(2,)', strToU8('cat\0\0\0')), 'x')).toEqual({
      names: ['cat', ''],
      shape: [2],
    })
  })
  test('are whole integers where a double would make two of them one', () => {
    const far = BigInt64Array.of(2n ** 60n, 2n ** 60n + 1n)
    expect(readArray(npy("'<i8'", '(2,)', bytesOf(far)), 'x')).toEqual({ names: [...far], shape: [2] })
  })
})

describe('an .npz archive', () => {
  test('gives its arrays by name and leaves other files alone', () => {
    const X = npyBytes(Float64Array.of(1, 2), [1, 2])
    const found = readNpz(zipSync({ 'X.npy': X, 'notes.txt': strToU8('hello') }), 'a.npz')
    expect([...found.keys()]).toEqual(['X'])
    expect(found.get('X')!.shape).toEqual([1, 2])
  })

  test('that is damaged, or claims to unpack to more than memory holds, is refused', () => {
    expect(thrown(() => readNpz(strToU8('no archive'), 'a.npz'))).toMatchObject({ code: 'array_unreadable' })
    const bomb = zipSync({ 'X.npy': npyBytes(Float64Array.of(1), [1]) })
    const view = new DataView(bomb.buffer)
    const directory = bomb.findIndex((_, i) => i + 4 <= bomb.length && view.getUint32(i, true) === 0x02014b50)
    view.setUint32(directory + 24, 0xfffffffe, true)
    expect(thrown(() => readNpz(bomb, 'a.npz'))).toMatchObject({ code: 'array_unreadable' })
  })
})
