// How long a mean difference would be if labels meant nothing.
// Owns: norms under shuffled labels, and where the true one lies among them. Not: how labels are shuffled (contrastRows.ts).
import { seededGenerator } from '../seededGenerator.ts'
import { pairsStayWithin, shuffledLabels, type ContrastRows } from './contrastRows.ts'

export interface ShuffledNorms {
  mean: number
  deviation: number
  /** Share of norms, the true one among them, that are at least as large. */
  p: number
}

/** @returns null where half of the shuffles or more leave a class empty */
export function shuffledNorms(
  rows: ContrastRows,
  chosen: readonly number[],
  { shuffles, seed }: { shuffles: number; seed: string },
): ShuffledNorms | null {
  const norms: number[] = []
  for (let index = 0; index < shuffles; index++) {
    const norm = differenceNorm(rows, chosen, shuffledLabels(rows, seededGenerator(`${seed}/${index}`)))
    if (norm !== null) norms.push(norm)
  }
  // Rows that no shuffle can have are not in the true norm either.
  const { pairs } = rows
  const counted =
    pairs && pairsStayWithin(rows)
      ? rows.labels.map((label, row) => (pairs[row] < 0 ? -1 : label))
      : rows.labels
  const own = differenceNorm(rows, chosen, counted)
  if (own === null || norms.length <= shuffles / 2) return null
  const mean = norms.reduce((sum, value) => sum + value, 0) / norms.length
  const squares = norms.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  // A sum in another order may differ in its last bits; that is not smaller.
  const asLarge = norms.filter((value) => value >= own * (1 - 1e-9)).length
  return { mean, deviation: Math.sqrt(squares / (norms.length - 1)), p: (1 + asLarge) / (1 + norms.length) }
}

/** ‖μ₁ − μ₀‖ under some labels; rows labelled −1 are left out. */
function differenceNorm(
  { data, width }: ContrastRows,
  chosen: readonly number[],
  labels: Int32Array,
): number | null {
  const counts = [0, 0]
  for (const row of chosen) if (labels[row] >= 0) counts[labels[row]]++
  if (counts[0] === 0 || counts[1] === 0) return null
  const difference = new Float64Array(width)
  for (const row of chosen) {
    if (labels[row] < 0) continue
    const weight = labels[row] === 1 ? 1 / counts[1] : -1 / counts[0]
    const from = row * width
    for (let column = 0; column < width; column++) difference[column] += weight * data[from + column]
  }
  return Math.sqrt(difference.reduce((sum, value) => sum + value * value, 0))
}
