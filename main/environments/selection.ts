// Which tasks of a list a run plays: `:5`, `:0:10`, `@2/8`.
// Owns: reading that notation and applying it. Not: the order of play (taskOrder.ts).
// Source: the selectors of `ares.make("20q:…")`; negative numbers count from the end, as in Python's own slices.
import { errors } from '../contract/errors.ts'

const indexForm = /^:(-?\d+)$/
const sliceForm = /^:(-?\d+)?:(-?\d+)?$/
const shardForm = /^@(\d+)\/(\d+)$/

/**
 * The tasks that a selection names, in the list's own order.
 * `''` all · `:N` one, from 0 · `:A:B` from A up to but without B, either may be missing · `@I/N` shard I (from 0) of N.
 * Shards differ by at most one task and together hold every task once.
 * @throws selection_invalid where the text is none of these; selection_empty where it names no task.
 */
export function select<T>(tasks: readonly T[], selection: string): T[] {
  const text = selection.trim()
  const [start, end] = text === '' ? [0, tasks.length] : bounds(text, tasks.length)
  const selected = tasks.slice(start, end)
  if (selected.length === 0) throw errors.selectionEmpty({ selection: text, available: tasks.length })
  return selected
}

/** Start and end of the range, both within 0 … length. */
function bounds(text: string, length: number): [number, number] {
  const index = indexForm.exec(text)
  if (index) {
    const asked = Number(index[1])
    const position = asked < 0 ? length + asked : asked
    return position >= 0 && position < length ? [position, position + 1] : [0, 0]
  }
  const slice = sliceForm.exec(text)
  if (slice) return [fromEnd(slice[1], 0, length), fromEnd(slice[2], length, length)]
  const shard = shardForm.exec(text)
  if (shard) {
    const part = Number(shard[1])
    const parts = Number(shard[2])
    if (parts > 0 && part < parts) {
      return [roundHalfToEven((part * length) / parts), roundHalfToEven(((part + 1) * length) / parts)]
    }
  }
  throw errors.selectionInvalid({ selection: text })
}

function fromEnd(digits: string | undefined, missing: number, length: number): number {
  if (digits === undefined) return missing
  const value = Number(digits)
  return Math.min(length, Math.max(0, value < 0 ? length + value : value))
}

/** Python's `round`: the boundaries must fall where upstream's do. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  if (rest !== 0.5) return Math.round(value)
  return below % 2 === 0 ? below : below + 1
}
