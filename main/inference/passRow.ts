// One sequence's part in a pass.
// Owns: the shape of it. Not: laying it out (passFeeds.ts, interventionFeeds.ts) or running it (session.ts).
import type { CallFunction } from './cutValues.ts'
import type { BoundInterventions } from './interventionBinding.ts'

/** New tokens of one sequence. */
export interface PassRow {
  slot: number
  /** Positions that the slot holds already; the new tokens follow them. */
  kept: number
  tokens: Int32Array
  logits: 'none' | 'last' | 'all'
  interventions?: BoundInterventions
  /** For functions among them. */
  call?: CallFunction
}

export interface PlacedRow extends PassRow {
  /** Of the pass's grid. */
  line: number
}
