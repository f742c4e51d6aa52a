// Sweeps whose truth is known: what a verdict finds in them tells how far it can be trusted.
// Owns: drawing them, and the share of them in which the verdict claims an effect. Not: the verdict.
// Method: correlated outcomes by Lunn & Davies 1998: each step repeats its episode's own draw with probability √ρ and is drawn anew otherwise.
import { checkOptions, type OptionKinds } from '../../contract/options.ts'
import {
  verdictSettings,
  type SweepCondition,
  type SweepEpisode,
  type VerdictSettingsInput,
} from '../../contract/steering.ts'
import { normalGenerator } from '../normalDraws.ts'
import { seededGenerator, type UniformGenerator } from '../seededGenerator.ts'
import { claimsOf, effectEstimate, judgedSweep } from './sweepClaims.ts'

export interface SimulatedSweep {
  episodes: number
  steps: number
  /** Of the baseline, 0 … 1. */
  rate: number
  /** True change of the rate at the largest α; in proportion at others. 0 is no effect. */
  effect: number
  /** Between steps of one episode. */
  clusterCorrelation: number
  alphas: readonly number[]
  randomDirections: number
  /** Standard deviation of what any direction changes at the largest α, the steered one's too: above 0, a vector moves the rate just because it is a vector. */
  directionSpread?: number
  /** Random directions at each α, or at the largest alone; at each where left out. */
  randomAt?: 'every' | 'largest'
  /** Whether the arms of a pair share their episode's draw, as the same object and seed make them. */
  isPaired?: boolean
}

const planKinds: OptionKinds<SimulatedSweep> = {
  episodes: 'number',
  steps: 'number',
  rate: 'number',
  effect: 'number',
  clusterCorrelation: 'number',
  alphas: 'any',
  randomDirections: 'number',
  directionSpread: 'number',
  randomAt: 'any',
  isPaired: 'boolean',
}

/** A sweep of which everything is known. The same seed gives the same. */
export function simulatedSweep(plan: SimulatedSweep, seed: string): SweepCondition[] {
  const { episodes, rate, effect, alphas, randomDirections, directionSpread = 0 } = plan
  const { randomAt = 'every' } = plan
  const random = seededGenerator(seed)
  const normal = normalGenerator(random)
  const largest = Math.max(...alphas.map(Math.abs))
  const own = Array.from({ length: episodes }, random)
  const condition = (
    role: SweepCondition['role'],
    title: string,
    alpha: number | null,
    change: number,
    direction: string | null = null,
  ): SweepCondition => ({
    id: title,
    title,
    role,
    cell: '',
    alpha,
    direction,
    prompts: {},
    episodes: own.map((draw, episode) =>
      simulatedEpisode(plan, { episode, draw, rate: rate + change, random }),
    ),
  })
  // What a direction does belongs to it, at every α alike.
  const drifts = Array.from({ length: randomDirections + 1 }, () => directionSpread * normal())
  return [
    condition('baseline', 'baseline', null, 0),
    ...alphas.flatMap((alpha) => [
      condition('steered', `α = ${alpha}`, alpha, ((effect + drifts[0]) * alpha) / largest),
      ...(randomAt === 'every' || Math.abs(alpha) === largest ? drifts.slice(1) : []).map((drift, index) =>
        condition(
          'random',
          `random ${index + 1} at ${alpha}`,
          alpha,
          (drift * alpha) / largest,
          String(index),
        ),
      ),
    ]),
  ]
}

function simulatedEpisode(
  { steps, clusterCorrelation, isPaired = true }: SimulatedSweep,
  { episode, draw, rate, random }: { episode: number; draw: number; rate: number; random: UniformGenerator },
): SweepEpisode {
  const common = (isPaired ? draw : random()) < rate
  const repeats = Math.sqrt(clusterCorrelation)
  const outcomes = Array.from({ length: steps }, () => {
    const [repeated, anew] = [random() < repeats, random() < rate]
    return (repeated ? common : anew) ? 1 : 0
  })
  return { task: `object ${episode}`, seed: episode, outcomes, sideEffects: {} }
}

export interface SimulatedPower {
  /** Share of trials with a claim in the direction of the planted effect; in either direction where there is none. */
  claims: number
  trials: number
  /** Of 95 % intervals of the largest α's effect, the share that holds the truth; null where directions add to it. */
  coverage: number | null
}

interface PowerOptions {
  trials: number
  seed: number
  /** Steered conditions of other cells, which do nothing: claims are corrected for them, too. */
  further?: number
  /** Of the verdict; with fewer resamples and permutations it is faster, and no less valid. */
  settings?: VerdictSettingsInput
}
const powerOptions: OptionKinds<PowerOptions> = {
  trials: 'count',
  seed: 'number',
  further: 'number',
  settings: 'any',
}

/**
 * In how many of many simulated sweeps the verdict claims an effect: its power, or with `effect: 0` its rate of false claims.
 * @throws TypeError for an unknown key
 */
export function simulatedPower(plan: SimulatedSweep, options: PowerOptions): SimulatedPower {
  checkOptions('a simulated sweep', plan, planKinds)
  const { trials, seed, further = 0, settings = {} } = checkOptions('simulatedPower', options, powerOptions)
  const largest = plan.alphas.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a))
  let [claims, covered] = [0, 0]
  for (let trial = 0; trial < trials; trial++) {
    const conditions = simulatedSweep(plan, `power/${seed}/${trial}`)
    const quick = { bootstraps: 400, permutations: 499, sideEffects: [], ...settings, seed: trial }
    const judging = verdictSettings.parse(quick)
    const sweep = judgedSweep(conditions, judging)
    const isRight = (value: number): boolean =>
      plan.effect === 0 || Math.sign(value) === Math.sign(plan.effect)
    if (claimsOf(sweep, judging, further).some(({ effect }) => isRight(effect))) claims++
    const effect = effectEstimate(
      sweep.judged.find(({ condition: { role, alpha } }) => role === 'steered' && alpha === largest)!, // every α is steered
    )
    if (
      effect.low !== null &&
      effect.high !== null &&
      effect.low <= plan.effect &&
      plan.effect <= effect.high
    )
      covered++
  }
  return { claims: claims / trials, trials, coverage: plan.directionSpread ? null : covered / trials }
}
