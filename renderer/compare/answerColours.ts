// Colours of an answer's tokens by what two models make of them.
// Owns: modes, ranges, what a token's tip says. Not: the numbers (the engine sends them), drawing.
import { divergingAt } from '../shared/diverging.ts'
import { digits } from '../shared/format.ts'
import { cssOf, inkOn, viridisAt } from '../shared/viridis.ts'
import { gradient } from '../episodes/tokenColour.ts'

export const answerColours = ['none', 'steered', 'plain', 'difference'] as const
export type AnswerColour = (typeof answerColours)[number]

export const answerColourNames: Record<AnswerColour, string> = {
  none: 'No colour',
  steered: 'Probability with steering',
  plain: 'Probability without steering',
  difference: 'Log-probability, with − without',
}

/** Nats; beyond it the ends of the scale. */
const widest = 3

export interface AnswerNumbers {
  /** Natural logarithms. */
  steered: number
  /** Null where the model was not asked. */
  plain: number | null
}

const styleOf = (ground: readonly [number, number, number]): string =>
  `background: ${cssOf(ground)}; color: ${inkOn(ground)}`

/**
 * As little colour as there is difference, down to the ground that the token stands on: the scale's white would glare in the dark.
 * Ink is black as soon as there is more of the colour than of a dark ground.
 */
function differenceStyle(place: number): string {
  const size = Math.min(1, Math.abs(place))
  if (size >= 0.5) return styleOf(divergingAt(place))
  const ground = `background: color-mix(in srgb, ${cssOf(divergingAt(Math.sign(place) / 2))} ${Math.round(200 * size)}%, transparent)`
  return size < 0.28 ? ground : `${ground}; color: #000`
}

const differenceGradient = `linear-gradient(to right, ${[-1, -0.5, 0, 0.5, 1]
  .map((place) => (place === 0 ? 'transparent' : cssOf(divergingAt(place))))
  .join(', ')})`

/** Inline style of a token, or empty where the mode has nothing to say about it. */
export function answerStyle(mode: AnswerColour, { steered, plain }: AnswerNumbers): string {
  if (mode === 'none') return ''
  if (mode === 'steered') return styleOf(viridisAt(Math.exp(steered)))
  if (plain === null) return ''
  return mode === 'plain' ? styleOf(viridisAt(Math.exp(plain))) : differenceStyle((steered - plain) / widest)
}

/** Ends and colours of a mode's scale. */
export function answerScale(mode: AnswerColour): { low: string; high: string; gradient: string } | null {
  if (mode === 'none') return null
  return mode === 'difference'
    ? { low: `≤ −${widest}`, high: `≥ +${widest} nats`, gradient: differenceGradient }
    : { low: '0', high: '1', gradient }
}

const signed = (value: number): string => `${value < 0 ? '−' : '+'}${digits(Math.abs(value))}`
const both = (logProbability: number): string =>
  `${digits(Math.exp(logProbability))} (log ${logProbability.toFixed(2).replace('-', '−')})`

export function answerFacts({ steered, plain }: AnswerNumbers): { label: string; value: string }[] {
  return [
    { label: 'p with steering', value: both(steered) },
    { label: 'p without', value: plain === null ? 'not asked' : both(plain) },
    ...(plain === null ? [] : [{ label: 'difference', value: `${signed(steered - plain)} nats` }]),
  ]
}

/** Sum over an answer: how much likelier steering made it as a whole. */
export function totalDifference(steered: Float32Array, plain: Float32Array | null): number | null {
  return plain?.reduce((sum, value, i) => sum + (steered[i] ?? 0) - value, 0) ?? null
}
