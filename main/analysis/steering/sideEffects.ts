// What else steering changed, and how much it cost.
// Owns: effect, interval and colour of each side effect, and how much of the main effect goes with answer length. Not: measuring them.
// Method: green only where the whole interval lies within what is held to be no change (two one-sided tests, Schuirmann 1987).
import type { SideEffect, SideEffectVerdict, VerdictColour } from '../../contract/steering.ts'
import { bootstrapInterval } from '../clusterBootstrap.ts'
import { estimateOf } from './effects.ts'
import { figure } from './figureWords.ts'
import { effectOf, type PairedArm } from './pairedArm.ts'

interface Pairs {
  /** By index of the baseline's episodes; NaN where either side has no number. */
  own: Float64Array
  baseline: Float64Array
  notFinite: number
}

type Sides = Pick<PairedArm, 'episodes' | 'baselineEpisodes'>

function pairsOf(arm: Sides, name: string): Pairs {
  const valueOf = (index: number): [number, number] => {
    const own = arm.episodes[index]?.sideEffects?.[name] ?? null
    const baseline = arm.baselineEpisodes[index].sideEffects?.[name] ?? null
    return own === null || baseline === null || !Number.isFinite(own) || !Number.isFinite(baseline)
      ? [NaN, NaN]
      : [own, baseline]
  }
  const values = arm.episodes.map((_, index) => valueOf(index))
  return {
    own: Float64Array.from(values, ([own]) => own),
    baseline: Float64Array.from(values, ([, baseline]) => baseline),
    notFinite: arm.episodes.filter((episode) => {
      const value = episode?.sideEffects?.[name] ?? null
      return value !== null && !Number.isFinite(value)
    }).length,
  }
}

/** Different objects, or prompts, that have a number. */
const objectsWith = ({ baselineEpisodes }: Sides, values: Float64Array): number =>
  new Set(baselineEpisodes.flatMap(({ task }, i) => (Number.isNaN(values[i]) ? [] : task))).size

/** Mean over picks where there is a number. */
function meanOver(values: Float64Array, picks: Iterable<number>): number {
  let [sum, count] = [0, 0]
  for (const pick of picks)
    if (!Number.isNaN(values[pick])) {
      sum += values[pick]
      count++
    }
  return sum / count
}

/** Numbers of prompts in place of episodes'; the baseline's. @throws TypeError unless both have as many */
export function promptSides(
  name: string,
  own: readonly (number | null)[],
  baseline: readonly (number | null)[],
): Sides {
  if (own.length !== baseline.length) throw new TypeError(`${own.length} prompts beside ${baseline.length}`)
  const sidesOf = (values: readonly (number | null)[]) =>
    values.map((value, index) => ({
      task: String(index),
      seed: 0,
      outcomes: [],
      sideEffects: { [name]: value },
    }))
  return { episodes: sidesOf(own), baselineEpisodes: sidesOf(baseline) }
}

/** @param unit  what was resampled @throws TypeError for a ratio of numbers that are not positive */
export function judgeSideEffect(
  effect: SideEffect,
  arm: Sides,
  resamples: readonly Int32Array[],
  unit: 'episode' | 'prompt' = 'episode',
): SideEffectVerdict {
  const { name, title, scale } = effect
  const pairs = pairsOf(arm, name)
  const isRatio = scale === 'ratio'
  if (isRatio && [...pairs.own, ...pairs.baseline].some((value) => value <= 0))
    throw new TypeError(`${name} is compared as a ratio and has a number that is not positive`)
  const scaled = (values: Float64Array): Float64Array => (isRatio ? values.map(Math.log) : values)
  const [own, baseline] = [scaled(pairs.own), scaled(pairs.baseline)]
  const unscaled = (value: number): number => (isRatio ? Math.exp(value) : value)
  const change = (picks: Iterable<number>): number =>
    unscaled(meanOver(own, picks) - meanOver(baseline, picks))
  const every = [...own.keys()]
  const clusters = objectsWith(arm, own)
  const estimate = estimateOf(change(every), Float64Array.from(resamples, change), clusters)
  const [ownMean, baselineMean] = [own, baseline].map((values) => unscaled(meanOver(values, every)))
  const tolerance = effect.isToleranceShare ? effect.tolerance * Math.abs(baselineMean) : effect.tolerance
  const figures = {
    name,
    title,
    baseline: Number.isFinite(baselineMean) ? baselineMean : null,
    steered: Number.isFinite(ownMean) ? ownMean : null,
    effect: estimate,
    tolerance: Number.isFinite(tolerance) ? tolerance : null,
    notFinite: pairs.notFinite,
  }
  const colour = colourOf(figures, effect)
  return { ...figures, colour, sentence: sentenceOf(figures, colour, { isRatio, unit, harm: effect.harm }) }
}

type Figures = Omit<SideEffectVerdict, 'colour' | 'sentence'>

function colourOf({ effect, tolerance, notFinite }: Figures, { harm, scale }: SideEffect): VerdictColour {
  if (notFinite > 0) return 'red'
  if (harm === 'none' || effect.low === null || effect.high === null || tolerance === null) return 'grey'
  const [least, most] = scale === 'ratio' ? [1 / (1 + tolerance), 1 + tolerance] : [-tolerance, tolerance]
  const [goesDown, goesUp] = [harm !== 'up', harm !== 'down']
  if ((goesDown && effect.high < least) || (goesUp && effect.low > most)) return 'red'
  return (goesDown && effect.low < least) || (goesUp && effect.high > most) ? 'amber' : 'green'
}

function sentenceOf(
  { title, baseline, steered, effect, notFinite }: Figures,
  colour: VerdictColour,
  { isRatio, unit, harm }: { isRatio: boolean; unit: string; harm: SideEffect['harm'] },
): string {
  if (notFinite > 0)
    return `${title}: no finite number in ${notFinite} ${notFinite === 1 ? unit : `${unit}s`}; the model broke there.`
  if (baseline === null || steered === null) return `${title}: not measured.`
  const interval =
    effect.low === null || effect.high === null ? '' : ` [${figure(effect.low)}, ${figure(effect.high)}]`
  const change =
    effect.value === null
      ? ''
      : ` (${isRatio ? '×' : effect.value > 0 ? '+' : ''}${figure(effect.value)}${interval})`
  // A change for the better is let pass whatever its size, so it is harm alone that is spoken of.
  const what = harm === 'either' ? 'change' : 'harm'
  const verdict = {
    green: `no ${what} that matters`,
    amber: `${what} that matters is not ruled out`,
    red: 'changed for the worse',
    grey: harm === 'none' ? 'for information: it may be the effect itself' : `too few ${unit}s to tell`,
  }[colour]
  return `${title}: ${figure(baseline)} → ${figure(steered)}${change}, ${verdict}.`
}

const LEAST_PAIRS = 5

/**
 * Share of the card's effect that goes with the change of answer length: slope of the outcome's change on the length's change over episodes, times
 * the mean change of length, over the effect. An association, not a cause.
 * @returns null below five pairs, without lengths or an effect, or where the slope's interval holds 0
 */
export function shareOfLength(arm: PairedArm, resamples: readonly Int32Array[]): number | null {
  const { own, baseline } = pairsOf(arm, 'length')
  const outcomes = arm.sums.map((sum, i) => sum / arm.steps[i] - arm.baselineSums[i] / arm.baselineSteps[i])
  const lengths = own.map((value, i) => (Number.isNaN(outcomes[i]) ? NaN : value - baseline[i]))
  const clusters = objectsWith(arm, lengths)
  if (clusters < LEAST_PAIRS) return null
  const every = [...lengths.keys()]
  const slope = (picks: Iterable<number>): number => {
    const chosen = [...picks].filter((pick) => !Number.isNaN(lengths[pick]))
    const [x, y] = [meanOver(lengths, chosen), meanOver(outcomes, chosen)]
    let [product, square] = [0, 0]
    for (const pick of chosen) {
      product += (lengths[pick] - x) * (outcomes[pick] - y)
      square += (lengths[pick] - x) ** 2
    }
    return square === 0 ? NaN : product / square
  }
  const interval = bootstrapInterval(Float64Array.from(resamples, slope), clusters)
  const present = every.filter((index) => !Number.isNaN(lengths[index]))
  // The card's own effect, Σ over Σ: where episodes differ in steps the mean of their changes is another.
  const effect = effectOf(arm, Int32Array.from(present))
  if (!interval || effect === 0 || (interval.low <= 0 && interval.high >= 0)) return null
  return (slope(every) * meanOver(lengths, present)) / effect
}
