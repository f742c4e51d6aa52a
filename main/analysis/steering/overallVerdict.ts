// One sentence and one colour for a whole sweep.
// Owns: which condition is spoken of, and what keeps it from being green. Not: its own colour (conditionVerdict.ts).
import type {
  ConditionVerdict,
  VerdictDocument,
  VerdictItem,
  VerdictSettings,
} from '../../contract/steering.ts'
import { isWanted } from './conditionVerdict.ts'
import { changeInWords, estimateInWords, levelInWords, probabilityInWords } from './figureWords.ts'

/** The condition to speak of: the largest claim, a wanted one first; else the largest that chance does not explain; else the largest. */
export function headline(
  verdicts: readonly ConditionVerdict[],
  { wanted, level }: VerdictSettings,
): ConditionVerdict | undefined {
  const rank = ({ isClaim, effect, holm: p }: ConditionVerdict): number => {
    const goes = isWanted(effect.value ?? 0, wanted)
    if (isClaim) return goes ? 4 : 3
    if (p !== null && p <= level) return 2
    return goes ? 1 : 0
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

export function overallOf(
  best: ConditionVerdict,
  items: readonly VerdictItem[],
  rate: number | null,
  settings: VerdictSettings,
): VerdictDocument['overall'] {
  const { metric, isRate, worthwhile } = settings
  const against = items.filter(({ kind, colour }) => blocking[kind]?.has(colour))
  const isGreen = best.colour === 'green'
  const colour = isGreen && against.length > 0 ? 'amber' : best.colour
  const told = { colour, conditionId: best.id }
  if (best.effect.value === null) return { ...told, sentence: best.sentence }
  const change = estimateInWords(best.effect, isRate)
  if (best.holm === null || best.holm > settings.level) {
    const what =
      best.colour === 'red'
        ? `Nothing moves the ${metric} by ${changeInWords(worthwhile, isRate).replace('+', '')} or more`
        : `Nothing that moves the ${metric} is told apart from chance`
    const p = best.holm === null ? '' : ` (${probabilityInWords(best.holm)} after Holm’s correction)`
    return { ...told, sentence: `${what}: the nearest to it, ${best.title}, changes it by ${change}${p}.` }
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
      ? `; ${Math.round(best.lengthShare * 100)} % of it goes with answer length`
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
function leadInWords({ isClaim, colour, random }: ConditionVerdict): string {
  if (isClaim) return ''
  if (random?.p === null) return ', of which there is but one'
  return colour === 'red' ? ', which is as much' : ', which spread as far'
}
