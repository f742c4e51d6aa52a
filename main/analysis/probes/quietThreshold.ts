// Where a score must lie so that few quiet steps pass.
// Owns: the threshold for a rate of false alarms. Not: the scores, or what is done with it (earlyWarning.ts, a sweep's gate).

/** A tenth of thirty is three, also in binary. */
const COUNTING_ERROR = 1e-9

/**
 * The lowest score that at most a share of the class-0 scores reach.
 * @param scores  N  @param labels  N of 0 or 1
 * @returns ∞ where even the highest is reached by more
 */
export function quietThreshold(scores: Float64Array, labels: ArrayLike<number>, rate: number): number {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a])
  const zeros = order.reduce((sum, sample) => sum + (labels[sample] === 0 ? 1 : 0), 0)
  let [lowest, alarms] = [Infinity, 0]
  for (let at = 0; at < order.length; at++) {
    if (labels[order[at]] === 0) alarms++
    if (alarms > rate * zeros + COUNTING_ERROR) break
    if (at + 1 === order.length || scores[order[at + 1]] < scores[order[at]]) lowest = scores[order[at]]
  }
  return lowest
}
