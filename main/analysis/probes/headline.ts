// The one sentence that a probe comes down to.
// Owns: which rival it is measured against, whether it stands, and the words. Not: the figures.
import type { Estimate } from '../../contract/estimates.ts'
import type { ProbeDocument, Rival } from '../../contract/probes.ts'

/** Of the permutation test. */
export const LEVEL = 0.05

/** With so few permutations p cannot fall below the level, however good the probe. */
export const tooFew = (permutations: number): boolean => 1 / (1 + permutations) >= LEVEL

/** As papers print it: .81 */
export const figure = (value: number): string => value.toFixed(2).replace(/^(-?)0\./, '$1.')
const interval = ({ value, low, high }: Estimate): string =>
  `${value === null ? 'undefined' : figure(value)}${low === null || high === null ? '' : ` [${figure(low)}, ${figure(high)}]`}`

/** The rival with the highest AUROC; null where none has one. */
export function strongest(rivals: readonly Rival[]): Rival | null {
  return rivals.reduce<Rival | null>(
    (best, rival) =>
      rival.auroc.value !== null && (best === null || rival.auroc.value > best.auroc.value!) ? rival : best,
    null,
  )
}

/**
 * The probe less the best rival that was known at the same moment.
 * Significant where the advantage's interval lies above 0 and the permutation test, which must have been made, agrees.
 */
export function headlineOf(
  auroc: Estimate,
  rivals: readonly Rival[],
  permutation: ProbeDocument['permutation'],
): ProbeDocument['headline'] {
  const best = strongest(rivals.filter((rival) => rival.available))
  const agrees = typeof permutation?.p === 'number' && permutation.p < LEVEL
  if (!best) {
    const sentence = `The probe's AUROC is ${interval(auroc)}; no rival could be judged beside it.`
    return { rival: null, advantage: { value: null, low: null, high: null }, sentence, significant: false }
  }
  const { advantage } = best
  const above = advantage.low !== null && advantage.low > 0
  const relation = above
    ? `above the best rival known at that moment by ${interval(advantage)}`
    : `not reliably above the best rival known at that moment (difference ${interval(advantage)})`
  const shuffled = !permutation
    ? 'shuffled labels were not tried'
    : agrees
      ? `shuffled labels do not reach it (p = ${permutation.p!.toPrecision(2)})`
      : tooFew(permutation.permutations)
        ? `${permutation.permutations} permutations are too few to tell it from shuffled labels (p < ${LEVEL} takes 20)`
        : 'probes on shuffled labels do as well'
  const sentence = `The probe's AUROC is ${interval(auroc)}, ${relation}: “${best.title}”, ${interval(best.auroc)}; ${shuffled}.`
  return { rival: best.kind, advantage, sentence, significant: above && agrees }
}
