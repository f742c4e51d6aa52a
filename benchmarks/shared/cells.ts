// Cells of the speed benchmark: what is measured, on whose side, and the table of it.
import type { ComputeDtype } from '../../main/contract/models.ts'
import type { PassCost } from './limits.ts'
import { rounded } from './measuring.ts'

export interface CellPlace {
  kind: 'prefill' | 'decode'
  batch: number
  /** Tokens of each prompt (prefill), or that each row has behind it (decode). */
  context: number
}

/** What was measured in a cell, or why it was not. */
export type CellFigures =
  | {
      tokensPerCoreSecond: number
      tokensPerSecond: number
      /** Of the repeats, as a part of their median; null where there was one alone. */
      spread: number | null
    }
  | { skipped: string }

export interface Setting {
  engine: string
  dtype: ComputeDtype
  threads: number
}

export type Cell = Setting & CellPlace & CellFigures

/** Everything of one engine, dtype and number of threads. */
export interface SettingRecord extends Setting {
  model: string
  versions: Record<string, string>
  /** Of ours in float32. */
  cost?: PassCost
  cells: (CellPlace & CellFigures)[]
}

/** What one side is asked to measure. */
export interface CellJob {
  threads: number
  dtype: ComputeDtype
  places: readonly CellPlace[]
  /** Most wall seconds that a cell may take; one that would take longer is skipped. */
  cellSeconds: number
}

export const ours = 'Innerview'

const isAt = (place: CellPlace, cell: CellPlace): boolean =>
  place.kind === cell.kind && place.batch === cell.batch && place.context === cell.context

/** A cell's tokens per core-second on one side; null where there are none. */
export function rateAt(record: SettingRecord | undefined, place: CellPlace): number | null {
  const cell = record?.cells.find((each) => isAt(place, each))
  return cell && 'tokensPerCoreSecond' in cell ? cell.tokensPerCoreSecond : null
}

/** One line for each cell of ours with what others did beside it, as how many times theirs ours is. */
export function comparison(own: SettingRecord, others: readonly SettingRecord[]): Record<string, object> {
  const line = (place: CellPlace & CellFigures): object => {
    if ('skipped' in place) return { 'tokens per core-second': place.skipped }
    const { tokensPerCoreSecond: rate, tokensPerSecond, spread } = place
    const beside = others.map((other): [string, string] => {
      const theirs = rateAt(other, place)
      return [other.engine, theirs === null ? '–' : `${rounded(theirs)} (${rounded(rate / theirs)} ×)`]
    })
    return {
      'tokens per core-second': rounded(rate),
      'tokens per second': rounded(tokensPerSecond),
      spread: spread === null ? '–' : `${(100 * spread).toFixed(1)} %`,
      ...Object.fromEntries(beside),
    }
  }
  return Object.fromEntries(
    own.cells.map((place) => [`${place.kind}, ${place.batch} × ${place.context}`, line(place)]),
  )
}
