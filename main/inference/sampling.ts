// From one position's logits to one token and what is worth knowing about the choice.
// Owns: temperature, top-k, top-p, the draw, and statistics of the untempered distribution. Not: random bits (random.ts).
// Sums run in float64 over exp(logit − largest).
import { errors } from '../contract/errors.ts'
import { exponential } from './exponential.ts'
import { seededGenerator, type UniformGenerator } from '../analysis/seededGenerator.ts'
import type { StepSampling } from './requests.ts'

/** How many of the likeliest tokens are reported. */
export const reportedTokens = 5

export interface TokenChoice {
  id: number
  /** Natural logarithm, untempered. */
  logProbability: number
  /** 0 is the likeliest; of equal tokens the one with the lower id comes first. */
  rank: number
  /** Nats, untempered. */
  entropy: number
  topIds: Int32Array
  topLogProbabilities: Float32Array
}

/** Draws tokens for one answer; each draw takes one number from the answer's own generator. */
export class Sampler {
  private readonly sampling: StepSampling
  private readonly uniform: UniformGenerator
  /** exp(logit − largest) of the position at hand. */
  private readonly weights: Float64Array

  /** @param scratch  V values that several samplers may share, because they take turns */
  constructor(sampling: StepSampling, scratch: Float64Array) {
    this.sampling = sampling
    this.uniform = seededGenerator(sampling.seed)
    this.weights = scratch
  }

  /**
   * @param logits  V values of one position
   * @param given  the token, where it is not to be drawn
   * @throws logitsNotFinite
   */
  choose(logits: Float32Array, given: number | null = null): TokenChoice {
    const topIds = likeliest(logits, Math.min(reportedTokens, logits.length))
    const largest = logits[topIds[0]]
    const { weights } = this
    let sum = 0
    let weightedSum = 0
    for (let id = 0; id < logits.length; id++) {
      const below = logits[id] - largest
      const weight = exponential(below)
      weights[id] = weight
      sum += weight
      if (weight > 0) weightedSum += weight * below // 0 · −∞ is no number
    }
    if (!Number.isFinite(sum)) throw errors.logitsNotFinite({ largest })
    const id = given ?? this.draw(logits, topIds, sum)
    const logSum = largest + Math.log(sum)
    return {
      id,
      logProbability: logits[id] - logSum,
      rank: rankOf(logits, id, topIds),
      entropy: Math.log(sum) - weightedSum / sum,
      topIds,
      topLogProbabilities: Float32Array.from(topIds, (each) => logits[each] - logSum),
    }
  }

  private draw(logits: Float32Array, topIds: Int32Array, plainSum: number): number {
    const { temperature, topK, topP } = this.sampling
    if (temperature === 0) return topIds[0]
    const { weights } = this
    let sum = plainSum
    if (temperature !== 1) {
      const largest = logits[topIds[0]]
      sum = 0
      for (let id = 0; id < logits.length; id++) {
        weights[id] = exponential((logits[id] - largest) / temperature)
        sum += weights[id]
      }
    }
    const isCut = (topK > 0 && topK < logits.length) || topP < 1
    return isCut ? this.drawFromNucleus(logits, sum) : this.drawFromAll(sum)
  }

  private drawFromAll(sum: number): number {
    const { weights } = this
    const target = this.uniform() * sum
    let reached = 0
    let last = 0
    for (let id = 0; id < weights.length; id++) {
      if (weights[id] === 0) continue
      reached += weights[id]
      last = id
      if (reached > target) break
    }
    return last
  }

  /** Top-k first, then the smallest set whose share of what is left reaches top-p. */
  private drawFromNucleus(logits: Float32Array, plainSum: number): number {
    const { topK, topP } = this.sampling
    const { weights } = this
    const limit = topK > 0 ? Math.min(topK, logits.length) : logits.length
    const candidates = this.candidates(limit, topP, plainSum)
    const kept = candidates.slice(0, limit)
    const sum = topK > 0 ? kept.reduce((total, id) => total + weights[id], 0) : plainSum
    let nucleus = 0
    let size = 0
    while (size < kept.length && (size === 0 || nucleus < topP * sum)) nucleus += weights[kept[size++]]
    const target = this.uniform() * nucleus
    let reached = 0
    for (let place = 0; place < size; place++) {
      reached += weights[kept[place]]
      if (reached > target) return kept[place]
    }
    return kept[size - 1]
  }

  /** The heaviest ids, heaviest first: at least `count` of them, or enough for a share `topP` of `sum`. */
  private candidates(count: number, topP: number, sum: number): number[] {
    const { weights } = this
    const ids: number[] = []
    for (let floor = 1e-2; ; floor *= 1e-2) {
      ids.length = 0
      let mass = 0
      for (let id = 0; id < weights.length; id++) {
        if (weights[id] < floor) continue
        ids.push(id)
        mass += weights[id]
      }
      if (ids.length >= count || mass >= topP * sum || floor === 0) break
    }
    return ids.sort((one, other) => weights[other] - weights[one] || one - other)
  }
}

/** Natural logarithm of a token's probability, untempered; NaN where the logits are no numbers. */
export function logProbabilityOf(logits: Float32Array, id: number): number {
  let largest = -Infinity
  for (const value of logits) if (!(value <= largest)) largest = value
  let sum = 0
  for (const value of logits) sum += exponential(value - largest)
  return logits[id] - largest - Math.log(sum)
}

/** The `count` largest, largest first; of equal ones the lower id comes first. */
function likeliest(logits: Float32Array, count: number): Int32Array {
  const ids = new Int32Array(count)
  let filled = 0
  for (let id = 0; id < logits.length; id++) {
    const value = logits[id]
    if (filled === count && !(value > logits[ids[count - 1]])) continue
    let place = filled < count ? filled++ : count - 1
    while (place > 0 && value > logits[ids[place - 1]]) {
      ids[place] = ids[place - 1]
      place--
    }
    ids[place] = id
  }
  return ids
}

/** @param topIds  of ranks 0, 1, …: most tokens that are drawn are among them, and need no look at all others */
function rankOf(logits: Float32Array, chosen: number, topIds: Int32Array): number {
  const known = topIds.indexOf(chosen)
  if (known >= 0) return known
  const value = logits[chosen]
  let rank = 0
  for (let id = 0; id < logits.length; id++)
    if (logits[id] > value || (logits[id] === value && id < chosen)) rank++
  return rank
}
