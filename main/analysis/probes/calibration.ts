// Whether probabilities mean what they say.
// Owns: the bins of the calibration curve. Not: the Brier score (figures.ts).
import type { ProbeDocument } from '../../contract/probes.ts'
import { wilsonInterval } from '../intervals.ts'
import type { HeldOut } from './heldOut.ts'
import { sigmoid } from './losses.ts'

type Bin = ProbeDocument['calibration'][number]

const BINS = 10

/** Ten bins of equal width over the predicted probability of class 1; empty ones are left out. Two classes. */
export function calibrationBins(held: HeldOut): Bin[] {
  const sums = Array.from({ length: BINS }, () => ({ predicted: 0, hits: 0, n: 0 }))
  held.labels.forEach((label, sample) => {
    const probability = sigmoid(held.logOdds[0][sample])
    const bin = sums[Math.min(BINS - 1, Math.floor(probability * BINS))]
    bin.predicted += probability
    bin.hits += label
    bin.n++
  })
  return sums.flatMap(({ predicted, hits, n }) => {
    const interval = wilsonInterval(hits, n)
    return interval ? [{ predicted: predicted / n, observed: hits / n, ...interval, n }] : []
  })
}
