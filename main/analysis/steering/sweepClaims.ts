// The claims of a sweep: the arms of its conditions, and which effects pass all three tests.
// Owns: pairing, resampling and testing every condition against its controls. Not: words, colours and the rest of the card (verdictCard.ts).
// Method: docs/methods/verdict.md (1) to (5). All intervals share their resamples of the baseline's objects, so that differences have some, too.
import type { ConditionVerdict, SweepCondition, VerdictSettings } from '../../contract/steering.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { estimateOf, holm, resampledEffect, swapTest, type Effect } from './effects.ts'
import { objectResamples } from './objectResamples.ts'
import { pairedArm, type PairedArm } from './pairedArm.ts'
import { compareWithControls } from './randomControls.ts'

/** A condition with its pairs, its effect and all that was reckoned from them. */
export interface JudgedArm {
  condition: SweepCondition
  arm: PairedArm
  effect: Effect
}

export interface JudgedSweep {
  baseline: SweepCondition
  /** All but the baseline, in the order given. */
  judged: JudgedArm[]
  resamples: readonly Int32Array[]
}

/** Whether two conditions differ in their vector alone. */
export const isBeside = (a: SweepCondition, b: SweepCondition): boolean =>
  a.cell === b.cell && a.alpha !== null && b.alpha !== null && Math.abs(a.alpha) === Math.abs(b.alpha)

/** The advantage over controls points where the effect points, with its whole interval. */
export function isBeyondMean(
  effect: number,
  advantage: { low: number | null; high: number | null },
): boolean {
  if (advantage.low === null || advantage.high === null) return false
  return effect > 0 ? advantage.low > 0 : advantage.high < 0
}

/** @throws TypeError where there is not exactly one baseline, or an id or an episode comes twice */
export function judgedSweep(conditions: readonly SweepCondition[], settings: VerdictSettings): JudgedSweep {
  const baselines = conditions.filter(({ role }) => role === 'baseline')
  if (baselines.length !== 1) throw new TypeError(`a sweep has one baseline, not ${baselines.length}`)
  const [baseline] = baselines
  const ids = new Set<string>()
  for (const { id } of conditions) {
    if (ids.has(id)) throw new TypeError(`two conditions have the id “${id}”`)
    ids.add(id)
  }
  const resamples = objectResamples(
    baseline.episodes,
    settings.bootstraps,
    seededGenerator(`verdict/${settings.seed}/resamples`),
  )
  const judged = conditions
    .filter(({ role }) => role !== 'baseline')
    .map((condition) => {
      const arm = pairedArm(baseline.episodes, condition.episodes)
      return { condition, arm, effect: resampledEffect(arm, resamples) }
    })
  return { baseline, judged, resamples }
}

/** Of one condition, against chance alone. */
export const chanceOf = ({ condition, arm }: JudgedArm, { permutations, seed }: VerdictSettings) =>
  swapTest(arm, permutations, seededGenerator(`verdict/${seed}/swaps/${condition.id}`))

/** Against the random directions of its cell at its |α|; null for one of them, or without any. */
export function randomComparison(own: JudgedArm, judged: readonly JudgedArm[]): ConditionVerdict['random'] {
  if (own.condition.role === 'random') return null
  const randoms = judged.filter(
    ({ condition }) => condition.role === 'random' && isBeside(condition, own.condition),
  )
  return compareWithControls(
    own.effect,
    randoms.map(({ effect }) => effect),
    own.arm.objects.length,
  )
}

/** Whether an effect in either direction is beyond random directions: their mean and their spread. */
export function isBeyondRandom(
  effect: number | null,
  random: ConditionVerdict['random'],
  level: number,
): boolean {
  if (effect === null || !random) return false
  return isBeyondMean(effect, random.advantage) && random.p !== null && random.p <= level
}

/** An effect that the verdict claims. */
export interface Claim {
  id: string
  effect: number
}

/**
 * What `verdictCard` would claim, without the rest of the card: for simulations.
 * @param further  steered conditions that are not there, each with a p of 1
 */
export function claimsOf({ judged }: JudgedSweep, settings: VerdictSettings, further = 0): Claim[] {
  const { level } = settings
  const steered = judged.filter(({ condition }) => condition.role === 'steered')
  const beyond = steered.filter((own) =>
    isBeyondRandom(own.effect.value, randomComparison(own, judged), level),
  )
  // The swaps cost most, and nothing is claimed without the rest.
  if (beyond.length === 0) return []
  const pValues = steered.map((own) => chanceOf(own, settings))
  const corrected = holm([...pValues, ...Array.from({ length: further }, () => 1)])
  return steered.flatMap((own, index) => {
    const p = corrected[index]
    return beyond.includes(own) && p !== null && p <= level
      ? [{ id: own.condition.id, effect: own.effect.value }]
      : []
  })
}

/** With its interval. */
export const effectEstimate = ({ effect, arm }: JudgedArm) =>
  estimateOf(effect.value, effect.resampled, arm.objects.length)
