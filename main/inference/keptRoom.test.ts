import { describe, expect, it } from 'vitest'
import { keptRoom } from './keptRoom.ts'
import { KeyValueCache, type Allocate } from './keyValueCache.ts'

const shape = {
  layers: 1,
  residualWidth: 8,
  heads: 1,
  keyValueHeads: 1,
  headWidth: 2,
  mlpWidth: 8,
  vocabulary: 10,
  contextLength: 4096,
}
function cacheOf(slots: number, positions: number, allocate?: Allocate): KeyValueCache {
  const cache = new KeyValueCache(shape, allocate)
  cache.resize(slots, positions)
  for (let slot = 0; slot < slots; slot++) {
    const filled = new Float32Array(positions * 2).fill(slot + 1)
    cache.put(slot, [{ keys: filled, values: filled }], positions, positions)
  }
  return cache
}
const row = (slot: number, kept: number) => ({ slot, kept })

describe('room of a pass', () => {
  it('is the cache itself where every row needs what it has', () => {
    const room = keptRoom([row(2, 500), row(3, 300)], 32, cacheOf(8, 512))
    expect(room).toMatchObject({ lines: [0, 1], count: 2, positions: 512 })
    expect(room.ofLayer(0).keys[0]).toBe(3)
  })

  it('of a prompt leaves out positions that its rows do not need, and slots between them', () => {
    const room = keptRoom([row(1, 100), row(7, 60)], 32, cacheOf(8, 512))
    expect(room).toMatchObject({ lines: [0, 1], count: 2, positions: 128 })
    expect([0, 128 * 2].map((place) => room.ofLayer(0).keys[place])).toEqual([2, 8])
  })

  it('of answers is never copied, since they read it only once', () => {
    expect(keptRoom([row(0, 10), row(7, 10)], 1, cacheOf(8, 512))).toMatchObject({ count: 8, positions: 512 })
  })

  it('is not copied where the copy would be a large part of the cache, or there is no memory for it', () => {
    expect(keptRoom([row(0, 10)], 32, cacheOf(2, 512)).positions).toBe(512)
    let left = Infinity
    const cache = cacheOf(8, 512, (length) => {
      if (left-- <= 0) throw new RangeError('Array buffer allocation failed')
      return new Float32Array(length)
    })
    left = 0
    expect(keptRoom([row(3, 10)], 32, cache).positions).toBe(512)
    left = Infinity
    expect(keptRoom([row(3, 10)], 32, cache).positions).toBe(64)
  })
})
