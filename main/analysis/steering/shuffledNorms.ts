// How long a vector would be if labels meant nothing.
// Owns: norms of vectors from shuffled labels, and where a vector's own norm lies among them. Not: how labels are shuffled (contrastRows.ts).
import { seededGenerator } from '../seededGenerator.ts'
import type { ContrastDirection } from './contrastDirection.ts'
import { chosenRows, shuffledLabels, type ContrastRows } from './contrastRows.ts'
import { normOf } from './vectorGeometry.ts'

export interface ShuffledNorms {
  mean: number
  deviation: number
  /** Share of norms, the vector's own among them, that are at least as large. */
  p: number
}

/** The vector of one shuffle of labels between episodes; null where it leaves a class empty. @param seed  decides the shuffle */
export function shuffledDirection(
  rows: ContrastRows,
  chosen: readonly number[],
  directionOf: ContrastDirection,
  seed: string,
): Float64Array | null {
  const labels = shuffledLabels(rows, seededGenerator(seed))
  return directionOf(
    chosenRows(
      rows,
      chosen.filter((row) => labels[row] >= 0),
      labels,
    ),
  )
}

/**
 * @param norm  of the vector from the true labels
 * @returns null where half of the shuffles or more leave a class empty
 */
export function shuffledNorms(
  norm: number,
  shuffles: number,
  shuffle: (index: number) => Float64Array | null,
): ShuffledNorms | null {
  const norms: number[] = []
  for (let index = 0; index < shuffles; index++) {
    const direction = shuffle(index)
    if (direction) norms.push(normOf(direction))
  }
  if (norms.length <= shuffles / 2) return null
  const mean = norms.reduce((sum, value) => sum + value, 0) / norms.length
  const squares = norms.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  // A sum in another order may differ in its last bits; that is not smaller.
  const asLarge = norms.filter((value) => value >= norm * (1 - 1e-9)).length
  return {
    mean,
    deviation: Math.sqrt(squares / (norms.length - 1)),
    p: (1 + asLarge) / (1 + norms.length),
  }
}
