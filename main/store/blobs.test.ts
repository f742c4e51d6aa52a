import { describe, expect, test } from 'vitest'
import { bytesOf, decodeActivation, encodeActivation, float32Of, int32Of } from './blobs.ts'

const roundTrip = (values: number[], dtype: 'float32' | 'float16'): number[] => {
  const bytes = encodeActivation(Float32Array.from(values), dtype)
  expect(bytes.byteLength).toBe(values.length * (dtype === 'float16' ? 2 : 4))
  const target = new Float32Array(values.length + 2)
  decodeActivation(bytes, dtype, target, 1)
  expect([target[0], target.at(-1)]).toEqual([0, 0])
  return [...target.subarray(1, -1)]
}

describe('float16', () => {
  test('keeps what a half can hold: whole numbers to 2048, ±0, NaN, infinities, the smallest subnormal', () => {
    const exact = [0, -0, 1, -2048, 2047, 65_504, 2 ** -14, 2 ** -24, NaN, Infinity, -Infinity]
    expect(roundTrip(exact, 'float16')).toEqual(exact)
  })

  test('rounds to the nearest, ties to even', () => {
    expect(roundTrip([2049, 2051, 2049.001, 1 + 2 ** -11, 1 + 3 * 2 ** -11], 'float16')).toEqual([
      ...[2048, 2052, 2050, 1, 1 + 2 ** -9],
    ])
  })

  test('overflows from 65,520 on and becomes 0 up to 2⁻²⁵', () => {
    expect(roundTrip([65_519, 65_520, -1e9, 2 ** -25, -(2 ** -25), 1.5 * 2 ** -25], 'float16')).toEqual([
      ...[65_504, Infinity, -Infinity, 0, -0, 2 ** -24],
    ])
  })

  test('errs by at most 2⁻¹¹ of the value in its normal range', () => {
    const values = Array.from({ length: 5000 }, (_, i) => Math.fround(2 ** (-14 + (i / 5000) * 29.9)))
    roundTrip(values, 'float16').forEach((read, i) =>
      expect(Math.abs(read - values[i]) / values[i]).toBeLessThanOrEqual(2 ** -11),
    )
  })
})

test('float32 comes back bit by bit', () => {
  const values = [NaN, Infinity, -0, 2 ** -149, Math.fround(Math.PI)]
  expect(roundTrip(values, 'float32')).toEqual(values)
})

test('bytes at any offset become an array of their own', () => {
  const within = new Uint8Array(13)
  within.set(bytesOf(Int32Array.from([7, -8])), 1)
  within.set(bytesOf(Float32Array.from([0.5])), 9)
  expect([...int32Of(within.subarray(1, 9))]).toEqual([7, -8])
  const floats = float32Of(within.subarray(9))
  within.fill(0)
  expect([...floats]).toEqual([0.5])
})

test('a view of part of an array is written as that part', () => {
  const view = Int32Array.from([1, 2, 3, 4]).subarray(1, 3)
  expect([...int32Of(bytesOf(view))]).toEqual([2, 3])
})
