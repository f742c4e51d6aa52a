// Keys and values of every sequence, in one buffer per layer.
// Owns: the buffers, their growth, writing new rows in. Not: which sequence has which slot (scheduler.ts).
// Layout: [slot, KV, P, K] per layer, keys and values apart; P is the number of positions kept for every slot.
import type { ModelShape } from '../contract/models.ts'

/** P is a multiple of this. A softmax over P kept and S new scores then gives the same bits for every P (docs/decisions/0001.md). */
export const positionStep = 64

/** New keys and values of one layer, [B, KV, S, K] each, as a pass returns them. */
export interface NewKeyValues {
  keys: Float32Array
  values: Float32Array
}

/** Where a row of a pass is written. */
export interface WrittenRow {
  slot: number
  /** First position. */
  at: number
  count: number
}

/** The smallest P that holds so many positions. */
export const roundPositions = (positions: number): number =>
  Math.max(positionStep, Math.ceil(positions / positionStep) * positionStep)

/** Gives a buffer of so many zeros. @throws RangeError where the memory is not to be had */
export type Allocate = (length: number) => Float32Array

const emptyBuffers = ({ layers }: ModelShape): NewKeyValues[] =>
  Array.from({ length: layers }, () => ({ keys: new Float32Array(0), values: new Float32Array(0) }))

export class KeyValueCache {
  readonly shape: ModelShape
  slots = 0
  /** P */
  positions = 0
  private buffers: NewKeyValues[]
  private readonly allocate: Allocate

  constructor(shape: ModelShape, allocate: Allocate = (length) => new Float32Array(length)) {
    this.shape = shape
    this.allocate = allocate
    this.buffers = emptyBuffers(shape)
  }

  private get slotSize(): number {
    return this.shape.keyValueHeads * this.positions * this.shape.headWidth
  }

  /**
   * Changes the number of slots and positions; what fits of the old content stays. Layer by layer, to keep the peak low.
   * @throws RangeError where the memory is not to be had; the cache is empty then, without slots
   */
  resize(slots: number, positions: number): void {
    if (positions % positionStep !== 0)
      throw new TypeError(`${positions} positions is not a multiple of ${positionStep}`)
    if (slots === this.slots && positions === this.positions) return
    const { keyValueHeads, headWidth } = this.shape
    const keptRows = Math.min(slots, this.slots) * keyValueHeads
    const keptValues = Math.min(positions, this.positions) * headWidth
    const moved = (old: Float32Array): Float32Array => {
      const fresh = this.allocate(slots * keyValueHeads * positions * headWidth)
      for (let row = 0; row < keptRows; row++) {
        const from = row * this.positions * headWidth
        fresh.set(old.subarray(from, from + keptValues), row * positions * headWidth)
      }
      return fresh
    }
    try {
      for (const layer of this.buffers) {
        layer.keys = moved(layer.keys)
        layer.values = moved(layer.values)
      }
    } catch (error) {
      // Some layers have the new layout, some the old: none of it can be told apart any more.
      this.buffers = emptyBuffers(this.shape)
      this.slots = 0
      this.positions = 0
      throw error
    }
    this.slots = slots
    this.positions = positions
  }

  /** The part of a layer's buffers that belongs to slots first … first + count − 1: [count, KV, P, K], shared, not copied. */
  view(layer: number, first: number, count: number): NewKeyValues {
    const from = first * this.slotSize
    const to = (first + count) * this.slotSize
    const { keys, values } = this.buffers[layer]
    return { keys: keys.subarray(from, to), values: values.subarray(from, to) }
  }

  /** Writes rows of a pass of width S whose grid began at slot `firstSlot`. */
  write(
    layer: number,
    fresh: NewKeyValues,
    rows: readonly WrittenRow[],
    firstSlot: number,
    width: number,
  ): void {
    const { keyValueHeads, headWidth } = this.shape
    const { keys, values } = this.buffers[layer]
    for (const { slot, at, count } of rows) {
      for (let head = 0; head < keyValueHeads; head++) {
        const from = ((slot - firstSlot) * keyValueHeads + head) * width * headWidth
        const to = ((slot * keyValueHeads + head) * this.positions + at) * headWidth
        keys.set(fresh.keys.subarray(from, from + count * headWidth), to)
        values.set(fresh.values.subarray(from, from + count * headWidth), to)
      }
    }
  }

  /**
   * Zeros from position `from` on. What a mask hides still takes part in sums, with the weight 0: a NaN or an infinity that
   * another sequence left there would make NaN of it.
   */
  clear(slot: number, from: number): void {
    const { keyValueHeads, headWidth } = this.shape
    for (const { keys, values } of this.buffers)
      for (let row = slot * keyValueHeads; row < (slot + 1) * keyValueHeads; row++) {
        const start = (row * this.positions + from) * headWidth
        const end = (row + 1) * this.positions * headWidth
        keys.fill(0, start, end)
        values.fill(0, start, end)
      }
  }

  /** A copy of the first `count` positions of a slot, one entry per layer, each [KV, count, K]. */
  take(slot: number, count: number): NewKeyValues[] {
    const { keyValueHeads, headWidth } = this.shape
    const size = count * headWidth
    const copy = (from: Float32Array): Float32Array => {
      const part = new Float32Array(keyValueHeads * size)
      for (let head = 0; head < keyValueHeads; head++) {
        const start = (slot * keyValueHeads + head) * this.positions * headWidth
        part.set(from.subarray(start, start + size), head * size)
      }
      return part
    }
    return this.buffers.map(({ keys, values }) => ({ keys: copy(keys), values: copy(values) }))
  }

  /** Puts the first `count` positions of what `take` gave (of `taken` positions) into a slot. */
  put(slot: number, layers: readonly NewKeyValues[], taken: number, count: number): void {
    const { keyValueHeads, headWidth } = this.shape
    layers.forEach((part, layer) => {
      for (let head = 0; head < keyValueHeads; head++) {
        const from = head * taken * headWidth
        const to = (slot * keyValueHeads + head) * this.positions * headWidth
        this.buffers[layer].keys.set(part.keys.subarray(from, from + count * headWidth), to)
        this.buffers[layer].values.set(part.values.subarray(from, from + count * headWidth), to)
      }
    })
  }
}
