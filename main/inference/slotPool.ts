// Places for sequences in the key/value cache: how many, how long, and whose.
// Owns: slots, their growth and shrinking within a budget, which slot a request gets. Not: which sequence runs (scheduler.ts).
import { errors } from '../contract/errors.ts'
import type { ModelShape } from '../contract/models.ts'
import { bytesPerPosition } from '../model/memoryEstimate.ts'
import { ActivationRecord } from './capture.ts'
import type { GateOpenings } from './interventionBinding.ts'
import { KeyValueCache, type Allocate, positionStep, roundPositions } from './keyValueCache.ts'

export interface SlotPoolOptions {
  /** Sequences at once. */
  maxRows: number
  /** Bytes that keys, values and recorded activations may take. */
  cacheBytes: number
  /** For tests of what happens when memory ends. */
  allocate?: Allocate
}

export interface Slot {
  index: number
  /** Prompts whose keys and values lie here; null where there are none that could be gone on from. */
  chain: string | null
  /** Positions of the chain's last prompt. */
  length: number
  activations: ActivationRecord
  openings: GateOpenings
  lastUsed: number
}

/** What a sequence takes of a slot. */
export interface Room {
  /** Prompt and answer together. */
  positions: number
  /** Values recorded of each token, on average over its positions. */
  recorded: number
}

/** A slot that was left alone for so many rounds of all slots is not expected to be gone on from. */
const staleRounds = 4
/** Steps of every running sequence during which a slot was left alone: another may have its place then. */
const idleSteps = 2
/** Every pass reads the room of all slots: it is given back when so much of it is not needed. */
const wastefulShare = 9 / 8

export class SlotPool {
  readonly cache: KeyValueCache
  slots: Slot[] = []
  private readonly options: SlotPoolOptions
  /** Values that one position of a slot is reckoned to record. */
  private recorded = 0
  private uses = 0

  constructor(shape: ModelShape, options: SlotPoolOptions) {
    this.options = options
    this.cache = new KeyValueCache(shape, options.allocate)
  }

  get bytes(): number {
    const { slots, positions, shape } = this.cache
    return slots * positions * bytesPerPosition(shape)
  }

  get activationBytes(): number {
    return this.slots.reduce((sum, slot) => sum + slot.activations.bytes, 0)
  }

  /**
   * Sees to buffers of enough positions for one more sequence.
   * @param running  those of the sequences at work
   * @returns false while they are in the way
   * @throws notEnoughMemory where not even one such slot may be had; RangeError where the machine has less than the
   *   budget: no slot is left then and what ran must begin again
   */
  makeRoom({ positions: needed, recorded }: Room, running: readonly number[]): boolean {
    const { cache, options } = this
    const isIdle = running.length === 0
    const wanted = Math.max(needed, ...running, isIdle ? 0 : this.expectedPositions())
    const isWasteful = isIdle
      ? this.isWastefulAtRest(needed)
      : this.withReserve(wanted) * wastefulShare <= cache.positions
    if (needed <= cache.positions && recorded <= this.recorded && !isWasteful) return true
    const mostRecorded = isIdle ? recorded : Math.max(recorded, this.recorded)
    const positionBytes = bytesPerPosition(cache.shape, mostRecorded)
    const slotsOf = (positions: number): number =>
      Math.min(options.maxRows, Math.floor(options.cacheBytes / (positions * positionBytes)))
    const roomy = this.withReserve(wanted)
    const least = slotsOf(roomy) > 0 ? roomy : wanted
    const positions = isIdle || isWasteful ? least : Math.max(cache.positions, least)
    const slots = slotsOf(positions)
    if (slots < this.slots.length && !isIdle) return false
    if (slots === 0) {
      const neededBytes = positions * positionBytes
      throw errors.notEnoughMemory({ neededBytes, freeBytes: options.cacheBytes })
    }
    this.resize(slots, positions)
    this.recorded = mostRecorded
    return true
  }

  /** The slot that holds `chain`, else an empty one, else the one unused for longest. @param busy  those at work */
  choose(
    busy: ReadonlySet<Slot>,
    chain: string | null,
    hooks: readonly string[],
  ): { slot: Slot; isContinued: boolean } {
    const idle = this.slots.filter((slot) => !busy.has(slot))
    const own =
      chain === null ? undefined : idle.find((slot) => slot.chain === chain && slot.activations.covers(hooks))
    const empty = idle.find((slot) => slot.chain === null)
    const oldest = idle.reduce((best, slot) => (slot.lastUsed < best.lastUsed ? slot : best))
    const slot = own ?? empty ?? oldest
    if (!own) {
      slot.activations.forget()
      slot.openings.clear()
    }
    this.moveDown(slot, busy)
    slot.chain = null
    slot.length = 0 // a slot at work keeps what it needs, whatever rested there
    slot.lastUsed = ++this.uses
    return { slot, isContinued: own !== undefined }
  }

  /**
   * Exchanges a slot's place with the lowest that was left alone for long: a pass reads the room of every slot between its rows, in
   * use or not. Nothing is lost, and moving costs a tenth of what one unused place costs during an answer.
   */
  private moveDown(slot: Slot, busy: ReadonlySet<Slot>): void {
    const stale = this.uses - 2 * idleSteps * (busy.size + 1)
    const lower = this.slots
      .slice(0, slot.index)
      .find((other) => !busy.has(other) && other.lastUsed < Math.min(stale, slot.lastUsed))
    if (!lower) return
    const [from, to] = [slot.index, lower.index]
    this.cache.swap(from, to, Math.max(slot.length, lower.length))
    this.slots[from] = Object.assign(lower, { index: from })
    this.slots[to] = Object.assign(slot, { index: to })
  }

  /** What lies in the slot may be gone on from. */
  keep(slot: Slot, chain: string, length: number): void {
    slot.chain = chain
    slot.length = length
    slot.lastUsed = ++this.uses
  }

  forget(slot: Slot): void {
    slot.chain = null
    slot.length = 0
    slot.activations.forget()
  }

  /** Some more than asked for: prompts grow from step to step, and each growth copies. */
  private withReserve(positions: number): number {
    const most = Math.max(positions, this.cache.shape.contextLength)
    return roundPositions(Math.min(positions + positionStep, most))
  }

  /** Positions of what rests between two steps. */
  private expectedPositions(): number {
    const stale = this.uses - 2 * staleRounds * this.slots.length
    const lengths = this.slots.map(({ chain, length, lastUsed }) =>
      chain === null || lastUsed < stale ? 0 : length,
    )
    return roundPositions(Math.max(0, ...lengths))
  }

  private isWastefulAtRest(needed: number): boolean {
    const isShortOfSlots = this.slots.length < this.options.maxRows
    return needed * (isShortOfSlots ? 2 : 4) <= this.cache.positions
  }

  private resize(slots: number, positions: number): void {
    try {
      this.cache.resize(slots, positions)
    } catch (error) {
      this.slots = []
      throw error
    }
    this.slots = Array.from(
      { length: slots },
      (_, index) =>
        this.slots[index] ?? {
          index,
          chain: null,
          length: 0,
          activations: new ActivationRecord(),
          openings: new Map(),
          lastUsed: 0,
        },
    )
    for (const slot of this.slots) if (slot.length > positions) this.forget(slot)
  }
}
