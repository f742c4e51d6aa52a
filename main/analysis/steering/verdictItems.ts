// The rows of a verdict card: one question each, with a colour and a plain sentence.
// Owns: what each control says about the condition that the card is for. Not: the figures, or the overall sentence (verdictCard.ts).
import type { VectorStability } from '../../contract/contrasts.ts'
import type {
  ConditionVerdict,
  DoseResponse,
  VerdictColour,
  VerdictDocument,
  VerdictItem,
  VerdictSettings,
} from '../../contract/steering.ts'
import { isWanted, isWithin } from './conditionVerdict.ts'
import { estimateOf } from './effects.ts'
import { changeInWords, estimateInWords } from './figureWords.ts'
import { compareWithControls } from './randomControls.ts'
import { isBeyondMean, type JudgedArm } from './sweepClaims.ts'

export interface CardContext {
  /** The condition that the card is for, and its verdict. */
  judged: JudgedArm
  verdict: ConditionVerdict
  /** All others of its cell at the same |α|, and prompt arms of any. */
  controls: readonly JudgedArm[]
  doses: DoseResponse | null
  stability: readonly (VectorStability | null)[]
  sensitivity: VerdictDocument['sensitivity']
  settings: VerdictSettings
}

type Judgement = [colour: VerdictColour, sentence: string]
const titles = {
  effect: 'Effect',
  random: 'Random directions',
  shuffled: 'Shuffled labels',
  orthogonal: 'Orthogonalised vector',
  negated: 'Opposite sign',
  doseResponse: 'Dose and response',
  wrongWay: 'Moved the wrong way',
  sideEffects: 'Side effects',
  promptArm: 'Just asking',
  stability: 'Stability of the vector',
  sensitivity: 'What could be found',
} as const

/** Every row of the card, in the order of `titles`. */
export function verdictItems(context: CardContext): VerdictItem[] {
  const judgements: Record<keyof typeof titles, Judgement> = {
    effect: [context.verdict.colour, context.verdict.sentence],
    random: randomItem(context),
    shuffled: shuffledItem(context),
    orthogonal: orthogonalItem(context),
    negated: negatedItem(context),
    doseResponse: context.doses
      ? [context.doses.colour, context.doses.sentence]
      : ['grey', 'Fewer than three doses: no curve.'],
    wrongWay: wrongWayItem(context),
    sideEffects: sideEffectsItem(context),
    promptArm: promptItem(context),
    stability: stabilityItem(context),
    sensitivity: sensitivityItem(context),
  }
  return Object.entries(titles).map(([kind, title]) => {
    const [colour, sentence] = judgements[kind as keyof typeof titles] // the keys of `titles`
    return { kind, title, colour, sentence }
  })
}

const ofRole = ({ controls }: CardContext, role: string): JudgedArm[] =>
  controls.filter(({ condition, effect }) => condition.role === role && Number.isFinite(effect.value))

function randomItem({ verdict, settings: { isRate, level, worthwhile } }: CardContext): Judgement {
  const { random, effect } = verdict
  if (!random || effect.value === null)
    return ['grey', 'No random direction of the same norm was tried, so nothing here can be green.']
  const words = `${random.directions} random ${random.directions === 1 ? 'direction changes' : 'directions change'} it by ${changeInWords(random.meanEffect, isRate)} on average; the vector’s lead is ${estimateInWords(random.advantage, isRate)}`
  if (!isBeyondMean(effect.value, random.advantage))
    return verdict.holm !== null && verdict.holm <= level && isWithin(random.advantage, worthwhile)
      ? ['red', `${words}: any direction does as well.`]
      : ['amber', `${words}: not shown to do more than any direction.`]
  if (random.p === null)
    return [
      'amber',
      `${words}. ${random.directions < 2 ? 'One direction does not show how far they spread.' : 'They show no spread to compare with.'}`,
    ]
  return random.p <= level
    ? ['green', `${words}, beyond their spread.`]
    : ['amber', `${words}, but another random direction could lie as far out (p = ${random.p.toFixed(2)}).`]
}

function shuffledItem(context: CardContext): Judgement {
  const { judged, settings } = context
  const shuffled = ofRole(context, 'shuffled')
  const compared = compareWithControls(
    judged.effect,
    shuffled.map(({ effect }) => effect),
    judged.arm.objects.length,
  )
  if (!compared) return ['grey', 'No vector from shuffled labels was tried.']
  const words = `A vector from shuffled labels changes it by ${changeInWords(compared.meanEffect, settings.isRate)}; the true labels’ lead is ${estimateInWords(compared.advantage, settings.isRate)}`
  return isBeyondMean(judged.effect.value, compared.advantage)
    ? ['green', `${words}.`]
    : ['amber', `${words}: the labels may not matter.`]
}

function orthogonalItem(context: CardContext): Judgement {
  const { judged, settings } = context
  const [other] = ofRole(context, 'orthogonal')
  if (!other) return ['grey', 'No orthogonalised vector was tried.']
  const left = estimateOf(other.effect.value, other.effect.resampled, other.arm.objects.length)
  const words = `${other.condition.title} changes it by ${estimateInWords(left, settings.isRate)}`
  return isBeyondMean(judged.effect.value, left)
    ? ['green', `${words}: the effect is not only in what was taken out.`]
    : ['amber', `${words}: the effect may lie in what was taken out.`]
}

/** −α as a control, or as a dose of the grid: that it was meant as one makes it no other vector. */
const opposites = (context: CardContext): JudgedArm[] => [
  ...ofRole(context, 'negated'),
  ...ofRole(context, 'steered').filter(
    ({ condition }) => condition.alpha === -(context.judged.condition.alpha ?? NaN),
  ),
]

function negatedItem(context: CardContext): Judgement {
  const { judged, settings } = context
  const [other] = opposites(context)
  if (!other) return ['grey', 'The opposite sign was not tried.']
  const turned = estimateOf(other.effect.value, other.effect.resampled, other.arm.objects.length)
  const words = `−α changes it by ${estimateInWords(turned, settings.isRate)}`
  if (isBeyondMean(-judged.effect.value, turned)) return ['green', `${words}, the other way.`]
  return isBeyondMean(judged.effect.value, turned)
    ? ['red', `${words}, the same way: it disturbs rather than steers.`]
    : ['amber', `${words}, which is not clearly the other way.`]
}

function wrongWayItem(context: CardContext): Judgement {
  const { judged, verdict, settings } = context
  const { wrongWay } = verdict
  if (!wrongWay) return ['grey', 'No episode changed.']
  const { wrong, moved, share, low, high } = wrongWay
  const percent = (value: number): number => Math.round(value * 100)
  const what = judged.arm.objects.length < judged.arm.pairs ? 'objects' : 'episodes'
  const words = `${wrong} of the ${moved} ${what} that changed moved the wrong way (${percent(share)} % [${percent(low)}, ${percent(high)}])`
  // Half of them would if nothing but chance moved them.
  if (low > 0.5) return ['red', `${words}.`]
  const isControlled = verdict.random !== null && verdict.holm !== null && verdict.holm <= settings.level
  return high < 0.5 && isControlled
    ? ['green', `${words}.`]
    : ['amber', `${words}; chance alone would move about half.`]
}

function sideEffectsItem({ verdict, settings }: CardContext): Judgement {
  const { lengthShare } = verdict
  const harmless = new Set(settings.sideEffects.filter(({ harm }) => harm === 'none').map(({ name }) => name))
  // What is told for information is neither good nor missing; where the model broke it is news all the same.
  const sideEffects = verdict.sideEffects.filter(
    ({ name, colour }) => !harmless.has(name) || colour === 'red',
  )
  const measured = sideEffects.filter(({ colour }) => colour !== 'grey')
  if (measured.length === 0) return ['grey', 'No side effect was measured.']
  const missing = sideEffects.filter((effect) => effect.colour === 'grey').map(({ title }) => title)
  const order: VerdictColour[] = ['red', 'amber', 'green']
  const worst = order.find((each) => measured.some((effect) => effect.colour === each)) ?? 'grey'
  // That nothing was seen to change is half an answer where something was not looked at.
  const colour = worst === 'green' && missing.length > 0 ? 'grey' : worst
  const told = measured.filter((effect) => effect.colour === worst).map(({ sentence }) => sentence)
  const same =
    worst === 'green'
      ? [
          `Nothing ${missing.length > 0 ? 'that was measured' : 'else'} changed for the worse by more than its tolerance:`,
        ]
      : []
  const unknown = missing.length ? [`Not measured: ${missing.join(', ')}.`] : []
  const length = lengthShare === null ? [] : lengthInWords(lengthShare)
  return [colour, [...same, ...told, ...unknown, ...length].join(' ')]
}

/** Below 0 or above 1 it is no share of a whole and no percentage; below 5 % either way there is nothing to tell. */
function lengthInWords(share: number): string[] {
  if (Math.abs(share) < 0.05) return []
  if (share < 0) return ['The change of answer length goes with a change the other way.']
  return share >= 1.005 // more than what rounds to 100 %
    ? ['The change of answer length goes with more than the whole effect.']
    : [`${Math.round(share * 100)} % of the effect goes with the change of answer length.`]
}

function promptItem(context: CardContext): Judgement {
  const { judged, verdict, settings } = context
  const [prompt] = ofRole(context, 'prompt')
  if (!prompt) return ['grey', 'The instruction in words was not tried.']
  const gap = estimateOf(
    judged.effect.value - prompt.effect.value,
    judged.effect.resampled.map((value, i) => value - prompt.effect.resampled[i]),
    Math.min(judged.arm.objects.length, prompt.arm.objects.length),
  )
  const words = `Asking in words changes it by ${changeInWords(prompt.effect.value, settings.isRate)}; steering differs from that by ${estimateInWords(gap, settings.isRate)}`
  const [low, high] = [gap.low ?? -Infinity, gap.high ?? Infinity]
  if (low <= 0 && high >= 0) return ['amber', `${words}: neither is clearly better.`]
  if (!isWanted(low > 0 ? 1 : -1, settings.wanted)) return ['red', `${words}: asking does more.`]
  // Words that do harm make whatever does nothing look good.
  return verdict.colour === 'green'
    ? ['green', `${words}: steering does more.`]
    : ['amber', `${words}, but steering’s own effect does not stand.`]
}

function stabilityItem({ stability }: CardContext): Judgement {
  const last = stability.flatMap((entry) => entry?.curve.at(-1) ?? []).sort((a, b) => a.cosine - b.cosine)
  if (last.length === 0) return ['grey', 'It is not known whether other episodes would give the same vector.']
  const middle = last[Math.floor((last.length - 1) / 2)]
  const many = last.length > 1 ? ` (the middle one of the vector’s ${last.length} rows)` : ''
  const words = `Two halves of the episodes give vectors with a cosine of ${middle.cosine.toFixed(2)} [${middle.low.toFixed(2)}, ${middle.high.toFixed(2)}]${many}`
  const needed = stability.length === 1 ? (stability[0]?.episodesNeeded ?? null) : null
  const more = needed === null ? '' : ` About ${needed} episodes would give .9.`
  if (middle.low >= 0.5) return ['green', `${words}.${more}`]
  return middle.cosine >= 0.5
    ? ['amber', `${words}.${more}`]
    : ['red', `${words}: other episodes would give another vector.${more}`]
}

function sensitivityItem({ verdict, sensitivity, settings }: CardContext): Judgement {
  const { smallestEffect, clusterCorrelation, designEffect } = sensitivity
  if (smallestEffect === null)
    return verdict.random === null || verdict.random.directions < 2
      ? ['grey', 'Without two random directions no effect is called one, however large.']
      : ['grey', 'How small an effect could be found cannot be told from so little.']
  const inWords = changeInWords(smallestEffect, settings.isRate).replace('+', '')
  const why =
    clusterCorrelation === null || designEffect === null
      ? ''
      : ` (steps of an episode correlate by ${clusterCorrelation.toFixed(2)}, design effect ${designEffect.toFixed(1)})`
  const words = `With ${verdict.pairs} pairs an effect of ${inWords} is claimed about four times in five${why}`
  return smallestEffect <= settings.worthwhile
    ? ['green', `${words}.`]
    : ['amber', `${words}; smaller ones are mostly missed.`]
}
