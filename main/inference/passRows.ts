// The rows of a pass: a piece of each prompt, or one token of each answer.
// Owns: such rows, which prompts run together, which part of a result is whose. Not: running them (session.ts) or what follows from it (scheduler.ts).
import { valuesBefore, type HookPoint } from '../model/hookNames.ts'
import type { CallFunction } from './cutValues.ts'
import { roundPositions } from './keyValueCache.ts'
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

/** The next piece of a prompt. @param call  of its functions */
export function promptRow({ slot, sequence, request, links }: RunningJob, call: CallFunction): PassRow {
  const { prompt, from, to, link } = sequence.pieces[0]
  const isLast = sequence.pieces.length === 1
  const isScored = link === links.length - 1 && sequence.isScored(to)
  return {
    slot: slot.index,
    kept: from,
    tokens: prompt.subarray(from, to),
    logits: request.wantLogits || isScored ? 'all' : isLast ? 'last' : 'none',
    interventions: links[link].interventions,
    call,
  }
}

/**
 * A prompt's pass has a grid of a multiple of this width, whatever part of a chunk it runs: then vectors are full on every
 * processor, and no product of attention has a single row (for which there are kernels with another order of sums).
 */
const promptWidthStep = 32
/** Beyond so many, further tokens in a pass save nothing: the weights are read once for all of them. */
const mostTokens = 256

/** S of the pass that runs a prompt's next piece. */
export function promptWidth({ sequence }: RunningJob): number {
  const { from, to } = sequence.pieces[0]
  return Math.ceil((to - from) / promptWidthStep) * promptWidthStep
}

/**
 * Those of some prompts that run in one pass with one of them: their grids are as wide, so that nobody's is another for it. The first
 * piece of an episode runs alone, for whoever begins alike takes it over.
 * @param most  positions of all rows together, each with the room of the longest
 */
export function besides(job: RunningJob, prompts: readonly RunningJob[], most: number): RunningJob[] {
  const keptOf = ({ sequence }: RunningJob): number => sequence.pieces[0].from
  const width = promptWidth(job)
  const chosen = [job]
  if (keptOf(job) === 0) return chosen
  let longest = keptOf(job)
  for (const other of prompts) {
    if (other === job || keptOf(other) === 0 || promptWidth(other) !== width) continue
    const kept = Math.max(longest, keptOf(other))
    const rows = chosen.length + 1
    if (rows * width > mostTokens || rows * roundPositions(kept) > most) continue
    chosen.push(other)
    longest = kept
  }
  return chosen
}

/** What a pass gave one of its rows. */
export interface RowResult {
  /** V of each position that they were wanted of. */
  logits: Float32Array
  /** By hook point, in the order of `points`. */
  values: Float32Array[]
}

/** The result of a pass, row by row. @param points  that were fetched */
export function rowResults(
  rows: readonly PassRow[],
  result: PassResult,
  { points, vocabulary }: { points: readonly HookPoint[]; vocabulary: number },
): RowResult[] {
  let logitRow = 0
  const wanted = ({ logits, tokens }: PassRow): number =>
    logits === 'all' ? tokens.length : logits === 'last' ? 1 : 0
  const passed = points.map(() => 0)
  return rows.map((row) => ({
    logits: result.logits.subarray(logitRow * vocabulary, (logitRow += wanted(row)) * vocabulary),
    values: points.map((point, index) => {
      const all = result.hooks.get(point.name) as Float32Array // all were asked for
      const from = passed[index]
      passed[index] += valuesBefore(point, row.kept + row.tokens.length) - valuesBefore(point, row.kept)
      return all.subarray(from, passed[index])
    }),
  }))
}
