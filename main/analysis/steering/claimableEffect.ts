// The smallest effect that a verdict would claim: found by all three tests of a claim, not by one alone.
// Owns: the chance of passing them together. Not: the design effect and the single test (sensitivity.ts), or whole sweeps (simulatedSweep.ts).
// Method: each draw of the arms' noise has a smallest effect that passes all tests; the wanted quantile over draws. docs/methods/verdict.md (10).
import { studentQuantile } from '../distributions.ts'
import { percentile } from '../clusterBootstrap.ts'
import { normalGenerator } from '../normalDraws.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { effectError, type EffectDesign } from './sensitivity.ts'

const DRAWS = 4000

/**
 * The smallest effect of one condition that is claimed with the given power: significant after Holm's correction, its lead over random directions
 * clear of 0, and beyond their spread. Directions are supposed to do nothing themselves; where they do, more is needed.
 * @param directions  random ones at its dose
 * @returns in the outcome's own units; null below two episodes, and below two directions, with which nothing is claimed however large
 * @throws TypeError as detectableEffect
 */
export function claimableEffect(design: EffectDesign, directions: number): number | null {
  const { episodes, comparisons = 1, level = 0.05, power = 0.8 } = design
  const error = effectError(design)
  if (episodes < 2 || directions < 2) return null
  // Of one arm: what arms share through their objects cancels in every difference between them.
  const deviation = error / Math.SQRT2
  const [chance, lead] = [level / (2 * comparisons), level / 2].map((tail) =>
    studentQuantile(1 - tail, episodes - 1),
  )
  const spread = studentQuantile(1 - level, directions - 1)
  const widening = Math.sqrt(1 + 1 / directions)
  const normal = normalGenerator(seededGenerator('claimable'))
  const needed = Float64Array.from({ length: DRAWS }, () => {
    const [own, baseline] = [normal(), normal()]
    // The error itself is only known from so many episodes.
    const known = Math.max(0.1, 1 + normal() / Math.sqrt(2 * (episodes - 1)))
    const others = Array.from({ length: directions }, normal)
    const mean = others.reduce((sum, value) => sum + value, 0) / directions
    const variance = others.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (directions - 1)
    // Few directions that agree better than their noise lets them are given that noise; see randomControls.ts.
    const seen = Math.max(1, Math.sqrt(variance))
    return Math.max(
      chance * known * Math.SQRT2 - (own - baseline),
      lead * known * widening - (own - mean),
      spread * seen * widening - (own - mean),
    )
  }).sort()
  return deviation * percentile(needed, power)
}
