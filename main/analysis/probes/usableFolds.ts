// Folds that can be learnt from.
// Owns: which these are, under given labels, and fitting them. Not: how the split was made (splits.ts).
import { fitParts, type FitOptions } from './fitParts.ts'
import type { Fit, Part } from './fit.ts'
import { heldOutPredictions, type HeldOut } from './heldOut.ts'
import type { ProbeData } from './probeData.ts'
import type { ProductMatrix } from './productMatrix.ts'
import type { Fold } from './splits.ts'

/** Has samples of every class to learn from, and something to judge. */
export function isUsable({ train, test }: Fold, labels: ArrayLike<number>, classes: number): boolean {
  const seen = new Set<number>()
  for (const row of train) seen.add(labels[row])
  return test.length > 0 && seen.size === classes
}

export const partOf = (fold: Fold, labels: ArrayLike<number>, groups: ArrayLike<number>): Part => ({
  rows: fold.train,
  labels,
  groups,
})

export interface JudgedFolds {
  held: HeldOut
  fits: Fit[]
}

/** Fits all folds on one matrix and puts their held-out predictions together. Every fold is usable. */
export function fitFolds(
  matrix: ProductMatrix,
  data: Pick<ProbeData, 'labels' | 'groups' | 'classes'>,
  folds: readonly Fold[],
  options: FitOptions,
): JudgedFolds {
  const parts = folds.map((fold) => partOf(fold, data.labels, data.groups))
  const fits = fitParts(matrix, parts, data.classes.length, options)
  const judged = folds.map((fold, index) => ({ fold, index, fit: fits[index] }))
  return { held: heldOutPredictions(data, data.labels, judged), fits }
}
