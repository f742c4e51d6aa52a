// One sentence and one colour for a whole sweep.
// Owns: which condition is spoken of, and what keeps it from being green. Not: its own colour (conditionVerdict.ts).
import type {
  ConditionVerdict,
  VerdictDocument,
  VerdictItem,
  VerdictSettings,
} from '../../contract/steering.ts'
import { isWanted, isWithin } from './conditionVerdict.ts'
import { changeInWords, estimateInWords, levelInWords, probabilityInWords } from './figureWords.ts'
import { isBeyondMean } from './sweepClaims.ts'

/** The condition to speak of, of those that may be worth having: the largest claim, a wanted one first; else the largest that chance does not explain. Else the largest of all. */
export function headline(
  verdicts: readonly ConditionVerdict[],
  { wanted, level, worthwhile }: VerdictSettings,
): ConditionVerdict | undefined {
  const rank = ({ isClaim, effect, holm: p }: ConditionVerdict): number => {
    if (isWithin(effect, worthwhile)) return 0
    if (isClaim) return isWanted(effect.value ?? 0, wanted) ? 3 : 2
    return p !== null && p <= level ? 1 : 0
  }
  return verdicts
    .filter(({ role }) => role === 'steered')
    .toSorted((a, b) => rank(b) - rank(a) || Math.abs(b.effect.value ?? 0) - Math.abs(a.effect.value ?? 0))[0]
}

/** Rows that a green effect must not have against it. */
const blocking: Record<string, ReadonlySet<string>> = {
  shuffled: new Set(['amber', 'red']),
  negated: new Set(['red']),
  sideEffects: new Set(['red', 'grey']),
  stability: new Set(['red']),
}

/** @param verdicts  of all conditions @param best  the headline among them */
export function overallOf(
  best: ConditionVerdict,
  {
    verdicts,
    items,
    rate,
    settings,
  }: {
    verdicts: readonly ConditionVerdict[]
    items: readonly VerdictItem[]
    rate: number | null
    settings: VerdictSettings
  },
): VerdictDocument['overall'] {
  const steered = verdicts.filter(({ role }) => role === 'steered')
  const { metric, isRate, worthwhile } = settings
  const against = items.filter(({ kind, colour }) => blocking[kind]?.has(colour))
  const isGreen = best.colour === 'green'
  const colour = isGreen && against.length > 0 ? 'amber' : best.colour
  const told = { colour, conditionId: best.id }
  if (best.effect.value === null) return { ...told, sentence: best.sentence }
  const change = estimateInWords(best.effect, isRate)
  const isSure = ({ holm }: ConditionVerdict): boolean => holm !== null && holm <= settings.level
  if (!isSure(best) || isWithin(best.effect, worthwhile)) {
    const isAllSmall = steered.every(({ effect }) => isWithin(effect, worthwhile))
    const least = `by ${changeInWords(worthwhile, isRate).replace('+', '')} or more`
    const what = isAllSmall
      ? `Nothing moves the ${metric} ${least}`
      : `Nothing that ${steered.some(isSure) ? `may move the ${metric} ${least}` : `moves the ${metric}`} is told apart from chance`
    const p = best.holm === null ? '' : ` (${probabilityInWords(best.holm)} after Holm’s correction)`
    return {
      ...told,
      colour: isAllSmall ? 'red' : 'amber',
      sentence: `${what}: the largest change, ${best.title}, is ${change}${p}.`,
    }
  }
  const from =
    rate === null || best.rate === null
      ? ''
      : ` (${levelInWords(rate, isRate)} → ${levelInWords(best.rate, isRate)})`
  const random = best.random
    ? `random directions ${changeInWords(best.random.meanEffect, isRate)}${leadInWords(best)}`
    : 'random directions were not tried'
  const way = best.isClaim && !isGreen ? ', the wrong way' : ''
  const length =
    best.lengthShare !== null && best.lengthShare >= 0.1
      ? `; ${best.lengthShare >= 1.005 ? 'more than all' : `${Math.round(best.lengthShare * 100)} %`} of it goes with answer length`
      : ''
  const doubts =
    isGreen && against.length > 0
      ? `; in doubt because of: ${against.map(({ title }) => title.toLowerCase()).join(', ')}`
      : ''
  return {
    ...told,
    sentence: `${best.title} moves the ${metric} by ${change}${from}${way}; ${random}${length}${doubts}.`,
  }
}

/** What random directions leave of an effect that is no claim. */
function leadInWords({ isClaim, colour, effect, random }: ConditionVerdict): string {
  if (isClaim) return ''
  if (!random || effect.value === null) return ''
  if (colour === 'red') return ', which is as much'
  if (!isBeyondMean(effect.value, random.advantage)) return ', and no more than these is shown'
  if (random.p !== null) return ', which spread as far'
  return random.directions < 2 ? ', of which there is but one' : ', which show no spread'
}
