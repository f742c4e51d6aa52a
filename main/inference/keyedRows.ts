// Attention scores and patterns of a pass as rows by token.
// Owns: picking, out of what a pass computed, each token's values for the keys it may see. Not: keeping them (capture.ts).
// A grid [B, H, S, P+S] has room for kept keys, then for new ones, mostly empty; a token at position p has p + 1 keys.

/** What stands in the graph for a key that is not seen, and what is reported for it: minus infinity as in TransformerLens. */
export const unseen = -1e9
const isUnseen = (score: number): boolean => score < unseen / 2

/** New tokens of one sequence. */
interface KeyedRow {
  /** Of the grid. */
  line: number
  /** Position of the first of them. */
  kept: number
  tokens: Int32Array
}

export interface KeyedGrid {
  /** [B, H, S, P+S] */
  data: Float32Array
  heads: number
  /** S */
  width: number
  /** P */
  keptLength: number
}

/**
 * Rows [H, p + 1] of every token of a pass, one after the other, keys in order of position.
 * Keys outside a sliding window are −∞ in scores and 0 in patterns.
 */
export function keyedRows(grid: KeyedGrid, rows: readonly KeyedRow[]): Float32Array {
  const { data, heads, width, keptLength } = grid
  const total = keptLength + width
  const size = rows.reduce(
    (sum, { kept, tokens }) =>
      sum + heads * (tokens.length * kept + (tokens.length * (tokens.length + 1)) / 2),
    0,
  )
  const found = new Float32Array(size)
  let at = 0
  for (const { line, kept, tokens } of rows) {
    for (let token = 0; token < tokens.length; token++) {
      for (let head = 0; head < heads; head++) {
        const start = ((line * heads + head) * width + token) * total
        found.set(data.subarray(start, start + kept), at)
        at += kept
        found.set(data.subarray(start + keptLength, start + keptLength + token + 1), at)
        at += token + 1
      }
    }
  }
  return found
}

/** Scores as they are reported: −∞ where a key is not seen. Changes its argument. */
export function markUnseen(scores: Float32Array): Float32Array {
  for (let i = 0; i < scores.length; i++) if (isUnseen(scores[i])) scores[i] = -Infinity
  return scores
}
