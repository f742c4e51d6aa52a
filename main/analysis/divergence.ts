// How far one distribution over a vocabulary lies from another.
// Owns: Kullback and Leibler's divergence of two rows of logits. Not: where the logits come from (inference/).
// Source: Kullback & Leibler 1951. Summed in float64.

/**
 * KL(p ‖ q) in nats.
 * @param p  V logits of the distribution that is weighed by  @param q  V logits
 * @returns NaN where a logit is no number; rounding never makes it negative
 */
export function divergence(p: Float32Array, q: Float32Array): number {
  const [logP, logQ] = [logSum(p), logSum(q)]
  let sum = 0
  for (let i = 0; i < p.length; i++) {
    const log = p[i] - logP
    const weight = Math.exp(log)
    if (!(weight <= 0)) sum += weight * (log - (q[i] - logQ))
  }
  return Math.max(0, sum)
}

/** log Σ exp. */
function logSum(logits: Float32Array): number {
  let largest = -Infinity
  for (const value of logits) if (!(value <= largest)) largest = value
  let sum = 0
  for (const value of logits) sum += Math.exp(value - largest)
  return largest + Math.log(sum)
}
