import { describe, expect, it } from 'vitest'
import { bytesPerPosition } from '../model/memoryEstimate.ts'
import { KeyValueCache, roundPositions } from './keyValueCache.ts'

const shape = {
  layers: 2,
  residualWidth: 8,
  heads: 4,
  keyValueHeads: 2,
  headWidth: 4,
  mlpWidth: 8,
  vocabulary: 10,
  contextLength: 512,
}
const filled = (slots: number, positions: number): KeyValueCache => {
  const cache = new KeyValueCache(shape)
  cache.resize(slots, positions)
  return cache
}
/** New keys of S positions whose every value names its place; values are their negatives. */
function fresh(rows: number, width: number): { keys: Float32Array; values: Float32Array } {
  const keys = Float32Array.from({ length: rows * 2 * width * 4 }, (_, index) => index + 1)
  return { keys, values: keys.map((value) => -value) }
}

describe('the key-value cache', () => {
  it('writes each row of a pass into its own slot and position', () => {
    const cache = filled(4, 64)
    const rows = [
      { slot: 1, line: 0, at: 5, count: 3 },
      { slot: 3, line: 2, at: 0, count: 1 },
    ]
    cache.write(0, fresh(3, 3), rows, 3)
    const { keys, values } = cache.view(0, 0, 4)
    const at = (slot: number, head: number, position: number): number =>
      ((slot * 2 + head) * 64 + position) * 4
    expect([...keys.subarray(at(1, 0, 5), at(1, 0, 5) + 4)]).toEqual([1, 2, 3, 4])
    expect([...keys.subarray(at(1, 1, 7), at(1, 1, 7) + 4)]).toEqual([21, 22, 23, 24])
    expect([...keys.subarray(at(3, 0, 0), at(3, 0, 0) + 4)]).toEqual([49, 50, 51, 52])
    expect(values[at(3, 1, 0)]).toBe(-61)
    expect(keys.reduce((count, value) => count + (value === 0 ? 0 : 1), 0)).toBe((3 + 1) * 2 * 4)
  })

  it('keeps its content when it grows and what fits when it shrinks', () => {
    const cache = filled(2, 64)
    cache.write(
      1,
      fresh(2, 64),
      [
        { slot: 0, line: 0, at: 0, count: 64 },
        { slot: 1, line: 1, at: 0, count: 64 },
      ],
      64,
    )
    const before = cache.take(1, 64)
    cache.resize(3, 128)
    expect(cache.take(1, 64)).toEqual(before)
    cache.resize(2, 64)
    expect(cache.take(1, 64)).toEqual(before)
  })

  it('copies the beginning of one slot into another', () => {
    const cache = filled(2, 64)
    cache.write(0, fresh(1, 10), [{ slot: 0, line: 0, at: 0, count: 10 }], 10)
    const copy = cache.take(0, 10)
    cache.put(1, copy, 10, 7)
    expect(cache.take(1, 7)).toEqual(cache.take(0, 7))
    expect(cache.take(1, 8)[0].keys.subarray(28, 32)).toEqual(new Float32Array(4))
  })

  it('exchanges what lies in two slots', () => {
    const cache = filled(3, 64)
    cache.write(1, fresh(1, 20), [{ slot: 0, line: 0, at: 0, count: 20 }], 20)
    cache.write(1, fresh(1, 9), [{ slot: 2, line: 0, at: 3, count: 9 }], 9)
    const [first, last] = [cache.take(0, 20), cache.take(2, 20)]
    cache.swap(0, 2, 20)
    expect([cache.take(0, 20), cache.take(2, 20)]).toEqual([last, first])
  })

  it('gathers the beginnings of slots that do not lie side by side', () => {
    const cache = filled(4, 192)
    cache.write(0, fresh(1, 40), [{ slot: 1, line: 0, at: 0, count: 40 }], 40)
    cache.write(0, fresh(1, 70), [{ slot: 3, line: 0, at: 0, count: 70 }], 70)
    const [{ keys, values }] = cache.gather([3, 1], 128)!
    expect([keys, values].map(({ length }) => length)).toEqual([2 * 2 * 128 * 4, 2 * 2 * 128 * 4])
    const [third, first] = [cache.take(3, 128)[0], cache.take(1, 128)[0]]
    expect(keys).toEqual(Float32Array.from([...third.keys, ...first.keys]))
    expect(values).toEqual(Float32Array.from([...third.values, ...first.values]))
    expect(cache.gather([1], 64)![0].keys).toEqual(cache.take(1, 64)[0].keys)
  })

  it('gathers nothing where there is no memory for it, and loses nothing by that', () => {
    let left = Infinity
    const cache = new KeyValueCache(shape, (length) => {
      if (left-- === 0) throw new RangeError('Array buffer allocation failed')
      return new Float32Array(length)
    })
    cache.resize(2, 64)
    cache.write(0, fresh(1, 10), [{ slot: 1, line: 0, at: 0, count: 10 }], 10)
    const before = cache.take(1, 64)
    left = 2
    expect(cache.gather([1], 64)).toBeNull()
    expect(cache.take(1, 64)).toEqual(before)
    left = Infinity
    expect(cache.gather([1], 64)).toEqual(before)
  })

  it('shares its buffers with a view', () => {
    const cache = filled(3, 64)
    expect(cache.view(0, 1, 1).keys.buffer).toBe(cache.view(0, 0, 3).keys.buffer)
    expect(cache.view(0, 1, 2).keys).toHaveLength(2 * 2 * 64 * 4)
  })

  it('takes whole steps of positions only, on which the bits of a softmax rest', () => {
    expect([0, 1, 64, 65].map(roundPositions)).toEqual([64, 64, 64, 128])
    expect(() => filled(1, 100)).toThrow(TypeError)
  })

  it('knows its size', () => {
    const cache = filled(2, 64)
    const { keys } = cache.view(0, 0, 2)
    expect(bytesPerPosition(shape) * 2 * 64).toBe(keys.byteLength * 2 * shape.layers)
  })

  it.each([1, 2, 3])('is empty, not half moved, when memory ends at buffer %i of four', (last) => {
    let left = Infinity
    const cache = new KeyValueCache(shape, (length) => {
      if (left-- === 0) throw new RangeError('Array buffer allocation failed')
      return new Float32Array(length)
    })
    cache.resize(2, 64)
    left = last
    expect(() => cache.resize(3, 128)).toThrow(RangeError)
    expect([cache.slots, cache.positions]).toEqual([0, 0])
    expect(cache.view(0, 0, 0).keys).toHaveLength(0)
    left = Infinity
    cache.resize(1, 64)
    for (const layer of [0, 1]) expect(cache.view(layer, 0, 1).values).toEqual(new Float32Array(2 * 64 * 4))
  })
})
