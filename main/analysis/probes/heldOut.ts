// Predictions for rows while they were held out: what every figure is computed from.
// Owns: putting the folds' predictions together. Not: the fits or the figures.
import type { ProbeData } from './probeData.ts'
import type { Fit } from './fit.ts'
import type { Fold } from './splits.ts'

/** Arrays by sample; a row that no fold judges has none, a row that two folds judge has two. */
export interface HeldOut {
  rows: Int32Array
  labels: Int32Array
  /** 0 … G − 1 of the data. */
  groups: Int32Array
  folds: Int32Array
  /** One array for class 1 of two classes, else one a class, against the rest. */
  logOdds: Float64Array[]
  /**
   * Log odds less their mean over the fold's own samples: what is ranked. Intercepts differ from fold to fold by the classes
   * that were learnt from, so that pooled odds would rank folds, not rows (docs/methods/probes.md).
   */
  evidence: Float64Array[]
  /** Class named. */
  named: Int32Array
}

/** Evidence that differs by less is the same: features that tell nothing must not rank by their rounding. */
const ROUNDING = 1e-9

/** Class with the highest odds; of two, class 1 above even odds, as scikit-learn. */
function nameOf(logOdds: readonly Float64Array[], sample: number): number {
  if (logOdds.length === 1) return logOdds[0][sample] > 0 ? 1 : 0
  let best = 0
  for (let k = 1; k < logOdds.length; k++) if (logOdds[k][sample] > logOdds[best][sample]) best = k
  return best
}

/**
 * @param judged  each fold with its fit
 * @param labels  by row; other than the data's in a control
 */
export function heldOutPredictions(
  { groups, classes }: Pick<ProbeData, 'groups' | 'classes'>,
  labels: ArrayLike<number>,
  judged: readonly { fold: Fold; index: number; fit: Fit }[],
): HeldOut {
  const count = judged.reduce((sum, { fold }) => sum + fold.test.length, 0)
  const outputs = classes.length === 2 ? 1 : classes.length
  const integers = (): Int32Array => new Int32Array(count)
  const held: HeldOut = {
    rows: integers(),
    labels: integers(),
    groups: integers(),
    folds: integers(),
    logOdds: Array.from({ length: outputs }, () => new Float64Array(count)),
    evidence: Array.from({ length: outputs }, () => new Float64Array(count)),
    named: integers(),
  }
  let sample = 0
  for (const { fold, index, fit } of judged) {
    const centres = fit.logOdds.map(
      (odds) => fold.test.reduce((sum, row) => sum + odds[row], 0) / fold.test.length,
    )
    for (const row of fold.test) {
      held.rows[sample] = row
      held.labels[sample] = labels[row]
      held.groups[sample] = groups[row]
      held.folds[sample] = index
      for (let k = 0; k < outputs; k++) {
        held.logOdds[k][sample] = fit.logOdds[k][row]
        held.evidence[k][sample] = Math.round((fit.logOdds[k][row] - centres[k]) / ROUNDING) * ROUNDING
      }
      held.named[sample] = nameOf(held.logOdds, sample)
      sample++
    }
  }
  return held
}
