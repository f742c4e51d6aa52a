// The value at a cut of the graph, sequence by sequence.
// Owns: taking one sequence's part out of a pass's value and putting it back. Not: what is done with it (hookFunctions.ts).
import type { HookPoint } from '../model/hookNames.ts'
import type { DecoderConfig } from '../model/modelFiles.ts'
import type { HookTensor } from './hookFunctions.ts'
import { windowOf, type FedRow, type PassSize } from './interventionFeeds.ts'
import { unseen } from './keyedRows.ts'

/** Calls a function by its number; null leaves the value as it is. */
export type CallFunction = (id: number, tensor: HookTensor) => Promise<Float32Array | null>

/** A sequence of a pass whose functions can be called. */
export interface CallingRow extends FedRow {
  call: CallFunction
}

interface Pass {
  size: PassSize
  config: DecoderConfig
}

interface Span {
  /** In the pass's value. */
  whole: number
  /** In the sequence's tensor. */
  own: number
  length: number
}

/** Where a sequence's values lie; with keys, those that each query sees. */
function* spansOf(point: HookPoint, row: FedRow, { size, config }: Pass): Generator<Span> {
  const { isKeyed, width } = point
  const window = windowOf(point, config)
  const count = row.tokens.length
  if (!isKeyed) {
    yield { whole: row.packed * width, own: 0, length: count * width }
    return
  }
  const total = size.keptLength + size.width
  const keys = row.kept + count
  for (let head = 0; head < width; head++)
    for (let token = 0; token < count; token++) {
      const whole = ((row.line * width + head) * size.width + token) * total
      const own = (head * count + token) * keys
      const oldest = Math.max(0, row.kept + token - window + 1)
      const kept = Math.max(0, row.kept - oldest)
      const fresh = Math.max(0, oldest - row.kept)
      if (kept > 0) yield { whole: whole + oldest, own: own + oldest, length: kept }
      yield {
        whole: whole + size.keptLength + fresh,
        own: own + row.kept + fresh,
        length: token + 1 - fresh,
      }
    }
}

function tensorOf(point: HookPoint, value: Float32Array, row: FedRow, pass: Pass): HookTensor {
  const count = row.tokens.length
  const keys = row.kept + count
  const shape = point.isKeyed ? [1, point.width, count, keys] : [1, count, ...point.sizes]
  const isScores = point.name.endsWith('hook_attn_scores')
  const data = new Float32Array(shape.reduce((product, length) => product * length, 1))
  if (isScores) data.fill(-Infinity)
  for (const { whole, own, length } of spansOf(point, row, pass))
    data.set(value.subarray(whole, whole + length), own)
  if (isScores) data.forEach((score, index) => score < unseen / 2 && (data[index] = -Infinity))
  const isPrompt = row.interventions?.isPrompt(row.kept) ?? true
  return {
    hook: point.name,
    data,
    shape,
    axes: point.axes,
    phase: isPrompt ? 'prompt' : 'decode',
    firstPosition: row.kept,
  }
}

/**
 * The value after all functions of all sequences, one function after the other in the order of their request.
 * @param value  of the whole pass; not changed
 */
export async function throughFunctions(
  point: HookPoint,
  value: Float32Array,
  rows: readonly CallingRow[],
  pass: Pass,
): Promise<Float32Array> {
  const result = value.slice()
  for (const row of rows) {
    for (const id of row.interventions?.functionsAt(point.name, row.kept) ?? []) {
      const given = await row.call(id, tensorOf(point, result, row, pass))
      if (!given) continue
      for (const { whole, own, length } of spansOf(point, row, pass))
        result.set(
          given.subarray(own, own + length).map((one) => Math.max(one, unseen)),
          whole,
        )
    }
  }
  return result
}
