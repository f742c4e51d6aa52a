import { describe, expect, it } from 'vitest'
import type { ModelShape } from '../contract/models.ts'
import { bytesPerPosition } from '../model/memoryEstimate.ts'
import { SlotPool, type Slot } from './slotPool.ts'

const shape: ModelShape = {
  layers: 2,
  residualWidth: 8,
  heads: 2,
  keyValueHeads: 1,
  headWidth: 4,
  mlpWidth: 16,
  vocabulary: 10,
  contextLength: 4096,
}
const room = (positions: number) => ({ positions, recorded: 0 })
const pool = (rows = 2, positions = 100_000): SlotPool =>
  new SlotPool(shape, { maxRows: rows, cacheBytes: rows * positions * bytesPerPosition(shape) })
const nobody: ReadonlySet<Slot> = new Set()

describe('room', () => {
  it('grows with what is asked for, with some to spare', () => {
    const slots = pool()
    expect(slots.makeRoom(room(128), [])).toBe(true)
    expect(slots.cache.positions).toBe(192)
    expect(slots.makeRoom(room(192), [128])).toBe(true)
    expect(slots.cache.positions).toBe(192)
    slots.makeRoom(room(512), [128])
    expect(slots.cache.positions).toBe(576)
  })

  it('is given back while sequences run, once none of them is long', () => {
    const slots = pool()
    slots.makeRoom(room(1024), [])
    slots.makeRoom(room(128), [1024])
    expect(slots.cache.positions).toBe(1088)
    slots.makeRoom(room(128), [128])
    expect(slots.cache.positions).toBe(192)
  })

  it('is kept for a sequence that rests between two steps, but not for ever', () => {
    const slots = pool()
    slots.makeRoom(room(1024), [])
    const { slot } = slots.choose(nobody, null, [])
    slots.keep(slot, 'long', 1000)
    const answerShort = (): void => {
      slots.makeRoom(room(128), [128])
      slots.keep(slots.choose(new Set([slot]), null, []).slot, 'short', 100)
    }
    for (let i = 0; i < 4; i++) answerShort()
    expect(slots.cache.positions).toBeGreaterThanOrEqual(1024)
    expect(slots.choose(nobody, 'long', []).isContinued).toBe(true)
    slots.keep(slot, 'long', 1000)
    for (let i = 0; i < 20; i++) answerShort()
    expect(slots.cache.positions).toBe(192)
    expect(slots.choose(nobody, 'long', []).isContinued).toBe(false)
  })

  it('is not taken from running sequences where the budget is too small for both', () => {
    const slots = pool(2, 256)
    expect(slots.makeRoom(room(128), [])).toBe(true)
    expect(slots.makeRoom(room(512), [128])).toBe(false)
    expect(slots.makeRoom(room(512), [])).toBe(true)
    expect(slots.slots).toHaveLength(1)
    expect(() => slots.makeRoom(room(4096), [])).toThrow(
      expect.objectContaining({ code: 'not_enough_memory' }),
    )
  })

  it('leaves no slot where the machine has less memory than the budget says', () => {
    const slots = new SlotPool(shape, {
      maxRows: 2,
      cacheBytes: 1e9,
      allocate(length) {
        if (length > 10_000) throw new RangeError('Array buffer allocation failed')
        return new Float32Array(length)
      },
    })
    slots.makeRoom(room(128), [])
    expect(slots.slots).toHaveLength(2)
    expect(() => slots.makeRoom(room(3000), [128])).toThrow(RangeError)
    expect(slots.slots).toEqual([])
  })
})

describe('a slot', () => {
  it('goes to who left its chain there, else an empty one, else the one unused for longest', () => {
    const slots = pool(2)
    slots.makeRoom(room(64), [])
    const [a, b] = slots.slots
    expect(slots.choose(nobody, 'x', [])).toEqual({ slot: a, isContinued: false })
    slots.keep(a, 'x', 10)
    expect(slots.choose(nobody, null, []).slot).toBe(b)
    slots.keep(b, 'y', 10)
    expect(slots.choose(nobody, 'x', [])).toEqual({ slot: a, isContinued: true })
    slots.keep(a, 'x', 10)
    expect(slots.choose(nobody, 'z', []).slot).toBe(b)
    expect(slots.choose(new Set([b]), 'z', []).slot).toBe(a)
  })

  it('takes the place of one below that was left alone for long, and neither loses what it holds', () => {
    const slots = pool(3)
    slots.makeRoom(room(64), [])
    const mark = (slot: Slot, value: number): void => {
      const layer = {
        keys: new Float32Array(20 * 4).fill(value),
        values: new Float32Array(20 * 4).fill(-value),
      }
      slots.cache.put(slot.index, [layer, layer], 20, 20)
    }
    const held = slots.slots.map((slot, index) => {
      mark(slot, index + 1)
      slots.keep(slot, `chain ${index}`, 20)
      return slot
    })
    const goOn = (chain: string): Slot => {
      const { slot, isContinued } = slots.choose(nobody, chain, [])
      expect(isContinued).toBe(true)
      slots.keep(slot, chain, 20)
      return slot
    }
    for (let turn = 0; turn < 10; turn++) {
      goOn('chain 1')
      goOn('chain 2')
    }
    expect(held.map(({ index }) => index).toSorted()).toEqual([0, 1, 2])
    expect(slots.slots.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(held[0].index).toBe(2)
    for (const [index, { index: place }] of held.entries()) {
      const [layer] = slots.cache.take(place, 20)
      expect(layer.keys).toEqual(new Float32Array(20 * 4).fill(index + 1))
    }
  })

  it('stays where it is while all others are in turns too', () => {
    const slots = pool(3)
    slots.makeRoom(room(64), [])
    slots.slots.forEach((slot, index) => slots.keep(slot, `${index}`, 20))
    const before = [...slots.slots]
    for (let turn = 0; turn < 30; turn++) {
      const { slot } = slots.choose(nobody, `${turn % 3}`, [])
      slots.keep(slot, `${turn % 3}`, 20)
    }
    expect(slots.slots).toEqual(before)
  })

  it('whose chain lacks a hook point is begun anew', () => {
    const slots = pool(1)
    slots.makeRoom(room(64), [])
    const { slot } = slots.choose(nobody, null, [])
    slots.keep(slot, 'x', 10)
    expect(slots.choose(nobody, 'x', ['hook_embed']).isContinued).toBe(false)
  })
})
