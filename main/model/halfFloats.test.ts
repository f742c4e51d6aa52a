import { expect, it } from 'vitest'
import { halfToFloat, widenBfloats, widenHalfs } from './halfFloats.ts'

it('knows the landmarks of binary16', () => {
  const landmarks: [number, number][] = [
    [0x0000, 0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x7bff, 65504],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
  ]
  for (const [bits, value] of landmarks) expect(halfToFloat(bits)).toBe(value)
  expect(Object.is(halfToFloat(0x8000), -0)).toBe(true)
  expect(halfToFloat(0x7e00)).toBeNaN()
})

it('widens little-endian bytes', () => {
  const halfs = new Float32Array(2)
  widenHalfs(Uint8Array.of(0x00, 0x3c, 0x01, 0x00), halfs)
  expect([...halfs]).toEqual([1, 2 ** -24])
  const bfloats = new Float32Array(3)
  widenBfloats(Uint8Array.of(0x80, 0x3f, 0x00, 0xc0, 0x80, 0xff), bfloats)
  expect([...bfloats]).toEqual([1, -2, -Infinity])
})
