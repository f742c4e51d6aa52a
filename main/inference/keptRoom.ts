// Which kept keys and values a pass reads, and at which line of its grid each row lies.
// Owns: choosing between the cache itself and a compact copy of it. Not: copying (keyValueCache.ts) or running (session.ts).
// Bits do not depend on it: room is a multiple of `positionStep` either way, and rows do not know one another (docs/decisions/0001.md).
import { roundPositions, type KeyValueCache, type NewKeyValues } from './keyValueCache.ts'

export interface KeptRoom {
  /** By row. */
  lines: number[]
  /** B */
  count: number
  /** P */
  positions: number
  /** [B, KV, P, K] */
  ofLayer(layer: number): NewKeyValues
}

/** Of a prompt's row, reading a position that is not needed costs about three times what copying one costs that is. */
const readingCost = 3
/** Parts of the cache that a copy may take at most: estimates of memory have room for it (`growthFactor`). */
const largestPart = 1 / 4

/**
 * @param rows  in ascending order of slot
 * @param width  new positions of each row in the grid
 */
export function keptRoom(
  rows: readonly { slot: number; kept: number }[],
  width: number,
  cache: KeyValueCache,
): KeptRoom {
  const { slot: first } = rows[0]
  const span = rows[rows.length - 1].slot - first + 1
  const positions = roundPositions(Math.max(...rows.map(({ kept }) => kept)))
  const needed = rows.length * positions
  const spared = span * cache.positions - needed
  const isCopied = width > 1 && spared * readingCost > needed && needed <= mostCopied(cache)
  const slots = rows.map(({ slot }) => slot)
  const layers = isCopied ? cache.gather(slots, positions) : null
  if (layers)
    return { lines: [...rows.keys()], count: rows.length, positions, ofLayer: (layer) => layers[layer] }
  return {
    lines: rows.map(({ slot }) => slot - first),
    count: span,
    positions: cache.positions,
    ofLayer: (layer) => cache.view(layer, first, span),
  }
}

/** Positions that a copy may have, of all rows together. */
export const mostCopied = ({ slots, positions }: KeyValueCache): number =>
  Math.floor(slots * largestPart) * positions
