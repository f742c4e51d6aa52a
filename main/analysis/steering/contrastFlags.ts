// What speaks against a contrast vector, in words.
// Owns: thresholds and sentences. Not: the figures that they judge.
import type { ContrastFlag, VectorReport } from '../../contract/contrasts.ts'

/** Below this share of the rows' norm a difference is rounding. */
const ROUNDING = 1e-5
const UNSTABLE_COSINE = 0.5
const LEAST_D_PRIME = 0.2
/** Standard deviations between the classes' mean steps. */
const STEP_DISTANCE = 0.5

const refusal = (kind: string, text: string): ContrastFlag => ({ kind, isRefusal: true, text })
const warning = (kind: string, text: string): ContrastFlag => ({ kind, isRefusal: false, text })

const stepsInWords = (first: number, last: number): string =>
  first === last ? `step ${first}` : `steps ${first} to ${last}`

/** Why there is no vector, before any is made; null where there may be one. */
export function refusedCounts(
  { firstStep, lastStep, away, towards }: Pick<VectorReport, 'firstStep' | 'lastStep' | 'away' | 'towards'>,
  leastPerClass: number,
  pairs: number | null,
): ContrastFlag | null {
  const where = stepsInWords(firstStep, lastStep)
  if (towards < leastPerClass || away < leastPerClass)
    return refusal(
      'fewSamples',
      `At ${where} there are ${towards} rows of the class to steer to and ${away} of the other; ${leastPerClass} of each are needed.`,
    )
  if (pairs !== null && pairs < leastPerClass)
    return refusal(
      'noPairs',
      `At ${where} there are ${pairs} pairs with a row of each class; ${leastPerClass} are needed for a component of pairs.`,
    )
  return null
}

/** Why a direction is not handed out; null where it is. @param norm  null where no direction could be told */
export function refusedDirection(
  { firstStep, lastStep }: Pick<VectorReport, 'firstStep' | 'lastStep'>,
  norm: number | null,
  rowNorm: number | null,
): ContrastFlag | null {
  const where = stepsInWords(firstStep, lastStep)
  if (norm === null)
    return refusal(
      'degenerate',
      `At ${where} the rows of each class do not differ among themselves: nothing to whiten with.`,
    )
  if (norm > ROUNDING * (rowNorm ?? 0)) return null
  return refusal(
    'zero',
    `At ${where} the vector is zero: both classes have the same activations, as they do where every prompt is the same.`,
  )
}

/** What a reader should know of a vector that is handed out. @param stepDistance  standard deviations between the classes' mean steps */
export function warningsOf(report: Omit<VectorReport, 'flags'>, stepDistance: number | null): ContrastFlag[] {
  const where = stepsInWords(report.firstStep, report.lastStep)
  const flags: ContrastFlag[] = []
  const last = report.stability?.curve.at(-1)
  if (!last)
    flags.push(
      warning(
        'unstable',
        `At ${where} there are too few episodes to see whether others would give the same vector.`,
      ),
    )
  else if (last.cosine < UNSTABLE_COSINE || last.low <= 0)
    flags.push(
      warning(
        'unstable',
        `At ${where} two halves of the episodes give vectors with a cosine of ${last.cosine.toFixed(2)} only: other episodes would give another vector.`,
      ),
    )
  if (report.shuffled && report.shuffled.p > 0.05)
    flags.push(
      warning(
        'likeShuffled',
        `At ${where} the vector is no longer than those of shuffled labels (${Math.round(report.shuffled.p * 100)} % of them are as long).`,
      ),
    )
  if (report.heldOutDPrime !== null && report.heldOutDPrime < LEAST_D_PRIME)
    flags.push(
      warning(
        'indistinct',
        `At ${where} the classes of unseen episodes do not lie apart along the vector (d′ ${report.heldOutDPrime.toFixed(2)}).`,
      ),
    )
  if (stepDistance !== null && Math.abs(stepDistance) > STEP_DISTANCE)
    flags.push(
      warning(
        'stepsDiffer',
        `At ${where} the class to steer to comes ${stepDistance > 0 ? 'later' : 'earlier'} in the episodes: the vector may say “${stepDistance > 0 ? 'late' : 'early'}”. Make one for each step, too.`,
      ),
    )
  return flags
}

/** Rows as long as attention sinks. */
export const sinkWarning = (rows: number): ContrastFlag =>
  warning(
    'sinkRows',
    `${rows} ${rows === 1 ? 'row is' : 'rows are'} more than ten times as long as the median, as attention sinks are: leave position 0 out of the pooling.`,
  )
