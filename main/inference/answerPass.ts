// One token of each answer in one pass.
// Owns: the rows of such a pass, and which part of its result is whose. Not: running it (session.ts) or what follows from it (scheduler.ts).
import { valuesBefore, type HookPoint } from '../model/hookNames.ts'
import type { CallFunction } from './cutValues.ts'
import type { PassRow } from './passRow.ts'
import type { RunningJob } from './scheduledJob.ts'
import type { PassResult } from './session.ts'

/** @param call  of its functions */
export function answerRow({ slot, sequence, request }: RunningJob, call: CallFunction): PassRow {
  const wantsLogits = sequence.phase === 'decode' || request.wantLogits
  return {
    slot: slot.index,
    kept: sequence.lastPosition,
    tokens: Int32Array.of(sequence.lastToken),
    logits: wantsLogits ? 'last' : 'none',
    interventions: sequence.interventions,
    call,
  }
}

/** What a pass gave one of its rows. */
export interface RowResult {
  /** V, or none where the row wanted none. */
  logits: Float32Array
  /** By hook point, in the order of `points`. */
  values: Float32Array[]
}

/** The result of a pass of one token a row, row by row. @param points  that were fetched */
export function rowResults(
  rows: readonly PassRow[],
  result: PassResult,
  { points, vocabulary }: { points: readonly HookPoint[]; vocabulary: number },
): RowResult[] {
  let logitRow = 0
  const passed = points.map(() => 0)
  return rows.map(({ logits, kept }) => ({
    logits:
      logits === 'none'
        ? new Float32Array(0)
        : result.logits.subarray(logitRow * vocabulary, ++logitRow * vocabulary),
    values: points.map((point, index) => {
      const all = result.hooks.get(point.name) as Float32Array // all were asked for
      const from = passed[index]
      passed[index] += valuesBefore(point, kept + 1) - valuesBefore(point, kept)
      return all.subarray(from, passed[index])
    }),
  }))
}
