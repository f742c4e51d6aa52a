// What is said of one condition of a sweep.
// Owns: when an effect counts as one, its colour and its sentence. Not: the figures (effects.ts, randomControls.ts) or the card (verdictCard.ts).
// Rule: nothing is green without its control; docs/methods/verdict.md.
import type { ConditionVerdict, VerdictColour, VerdictSettings } from '../../contract/steering.ts'
import { movedWrongWay } from './effects.ts'
import { changeInWords, estimateInWords, levelInWords, probabilityInWords } from './figureWords.ts'
import type { PairedArm } from './pairedArm.ts'
import { isBeyondMean, isBeyondRandom } from './sweepClaims.ts'

export type ConditionFigures = Omit<ConditionVerdict, 'isClaim' | 'colour' | 'sentence' | 'wrongWay'>

/** Whether an effect in either direction stands: against chance, against the mean of random directions, and against their spread. */
function claims({ effect, holm, random }: ConditionFigures, { level }: VerdictSettings): boolean {
  return holm !== null && holm <= level && isBeyondRandom(effect.value, random, level)
}

/** The whole interval is smaller, either way, than what would be worth having. */
export const isWithin = (
  { low, high }: { low: number | null; high: number | null },
  worthwhile: number,
): boolean => low !== null && high !== null && Math.max(-low, high) < worthwhile

export const isWanted = (effect: number, wanted: 'down' | 'up'): boolean =>
  wanted === 'down' ? effect < 0 : effect > 0

/** Colour and sentence of a condition. @param arm  its pairs */
export function judgeCondition(
  figures: ConditionFigures,
  arm: PairedArm,
  baselineRate: number | null,
  settings: VerdictSettings,
): ConditionVerdict {
  const isClaim = figures.role === 'steered' && claims(figures, settings)
  const { colour, reason } = judgement(figures, isClaim, settings)
  const { metric, isRate } = settings
  const start =
    baselineRate === null || figures.rate === null
      ? ''
      : ` (${levelInWords(baselineRate, isRate)} → ${levelInWords(figures.rate, isRate)})`
  const sentence =
    figures.effect.value === null
      ? `${figures.title}: no episode has the object and seed of one of the baseline, so nothing can be compared.`
      : `${figures.title} changes the ${metric} by ${estimateInWords(figures.effect, isRate)}${start}; ${reason}.`
  return { ...figures, wrongWay: movedWrongWay(arm, settings.wanted), isClaim, colour, sentence }
}

function judgement(
  figures: ConditionFigures,
  isClaim: boolean,
  settings: VerdictSettings,
): { colour: VerdictColour; reason: string } {
  const { effect, holm, p, random, role } = figures
  const { isRate, level, wanted, worthwhile } = settings
  if (effect.value === null) return { colour: 'grey', reason: '' }
  if (role !== 'steered')
    return { colour: 'grey', reason: `a control (${p === null ? 'no p' : probabilityInWords(p)})` }
  const chance = holm === null ? 'no p' : `${probabilityInWords(holm)} after Holm’s correction`
  // However sure: many episodes make any effect significant.
  if (isWithin(effect, worthwhile))
    return { colour: 'red', reason: `too small to be worth having (${chance})` }
  if (holm === null || holm > level)
    return { colour: 'amber', reason: `not told apart from chance (${chance})` }
  if (!random)
    return { colour: 'amber', reason: `${chance}, but no random direction of the same norm was tried` }
  const controls = `random directions by ${changeInWords(random.meanEffect, isRate)} on average`
  if (!isBeyondMean(effect.value, random.advantage))
    return isWithin(random.advantage, worthwhile)
      ? { colour: 'red', reason: `${controls}: they do as well` }
      : { colour: 'amber', reason: `${controls}: not shown to do more than they do` }
  if (!isClaim) {
    const noSpread =
      random.directions < 2 ? 'one of them does not show how far they spread' : 'they show no spread'
    const reason = random.p === null ? noSpread : 'but within their spread'
    return { colour: 'amber', reason: `${controls}, ${reason}` }
  }
  if (!isWanted(effect.value, wanted))
    return { colour: 'red', reason: `${controls}: the vector moves it the wrong way (${chance})` }
  return { colour: 'green', reason: `${controls} (${chance})` }
}
