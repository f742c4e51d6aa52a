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
  /** Of the pass's grid. */
  line: number
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
  /** For `gather`; each as long as the longest that was asked for. */
  private copies: NewKeyValues[] = []
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
    this.copies = []
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

  /**
   * Copies of the first `positions` positions of some slots, one entry per layer, each [slots, KV, positions, K]. They lie in buffers that
   * the next call writes over.
   * @returns null where there is no memory for them
   */
  gather(slots: readonly number[], positions: number): NewKeyValues[] | null {
    const { keyValueHeads, headWidth } = this.shape
    const size = positions * headWidth
    const length = slots.length * keyValueHeads * size
    if (!this.makeCopies(length)) return null
    const copy = (from: Float32Array, to: Float32Array): Float32Array => {
      let at = 0
      for (const slot of slots)
        for (let head = 0; head < keyValueHeads; head++, at += size) {
          const start = (slot * keyValueHeads + head) * this.positions * headWidth
          to.set(from.subarray(start, start + size), at)
        }
      return to.subarray(0, length)
    }
    return this.buffers.map(({ keys, values }, layer) => ({
      keys: copy(keys, this.copies[layer].keys),
      values: copy(values, this.copies[layer].values),
    }))
  }

  private makeCopies(length: number): boolean {
    if ((this.copies[0]?.keys.length ?? 0) >= length) return true
    this.copies = []
    try {
      this.copies = this.buffers.map(() => ({ keys: this.allocate(length), values: this.allocate(length) }))
      return true
    } catch (error) {
      if (error instanceof RangeError) return false
      throw error
    }
  }

  /** Writes rows of a pass of width S. */
  write(layer: number, fresh: NewKeyValues, rows: readonly WrittenRow[], width: number): void {
    const { keyValueHeads, headWidth } = this.shape
    const { keys, values } = this.buffers[layer]
    for (const { slot, line, at, count } of rows) {
      for (let head = 0; head < keyValueHeads; head++) {
        const from = (line * keyValueHeads + head) * width * headWidth
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

  /** Exchanges the first `count` positions of two slots; what lies behind them is no longer what it was. */
  swap(one: number, other: number, count: number): void {
    const { keyValueHeads, headWidth } = this.shape
    const size = count * headWidth
    const held = new Float32Array(size)
    for (const { keys, values } of this.buffers)
      for (const buffer of [keys, values])
        for (let head = 0; head < keyValueHeads; head++) {
          const here = (one * keyValueHeads + head) * this.positions * headWidth
          const there = (other * keyValueHeads + head) * this.positions * headWidth
          held.set(buffer.subarray(here, here + size))
          buffer.copyWithin(here, there, there + size)
          buffer.set(held, there)
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
