// Colours of tokens that are being written.
// Owns: modes and scales of the playground. Not: the numbers (answers.ts), colours (shared/viridis.ts).
import { digits } from '../shared/format.ts'
import { cssOf, inkOn, viridisAt } from '../shared/viridis.ts'
import type { PlayedToken } from './answers.ts'

export const playColours = ['none', 'probability', 'divergence', 'probe', 'entropy'] as const
export type PlayColour = (typeof playColours)[number]

/** The same range for every answer, so that colours can be compared; larger values share the last one. */
export const playScales: Record<
  Exclude<PlayColour, 'none'>,
  { name: string; short: string; high: number; unit: string; valueOf: (token: PlayedToken) => number | null }
> = {
  probability: {
    name: 'Probability',
    short: 'probability',
    high: 1,
    unit: '',
    valueOf: (token) => Math.exp(token.logProbability),
  },
  divergence: {
    name: 'KL, steered from unsteered',
    short: 'KL',
    high: 2,
    unit: 'nats',
    valueOf: (token) => token.divergence,
  },
  probe: { name: 'Probe', short: 'probe', high: 1, unit: '', valueOf: (token) => token.probe },
  entropy: { name: 'Entropy', short: 'entropy', high: 6, unit: 'nats', valueOf: (token) => token.entropy },
}

/** Inline style, or empty where nothing is known of the token. */
export function playStyle(mode: PlayColour, token: PlayedToken | undefined): string {
  if (mode === 'none' || token === undefined) return ''
  const { high, valueOf } = playScales[mode]
  const value = valueOf(token)
  if (value === null) return ''
  const ground = viridisAt(value / high)
  return `background: ${cssOf(ground)}; color: ${inkOn(ground)}`
}

/** What a token's tip says. */
export function playFacts(token: PlayedToken): { label: string; value: string }[] {
  const { logProbability, plainLogProbability, divergence, probe, rank, entropy, top } = token
  return [
    { label: 'probability', value: digits(Math.exp(logProbability)) },
    ...(plainLogProbability === null
      ? []
      : [{ label: 'without steering', value: digits(Math.exp(plainLogProbability)) }]),
    ...(divergence === null ? [] : [{ label: 'KL', value: `${digits(divergence)} nats` }]),
    ...(probe === null ? [] : [{ label: 'probe', value: digits(probe) }]),
    { label: 'rank', value: String(rank) },
    { label: 'entropy', value: `${digits(entropy)} nats` },
    ...top.slice(0, 3).map(({ token: { text }, logProbability: log }, i) => ({
      label: `${i + 1}. ${JSON.stringify(text)}`,
      value: digits(Math.exp(log)),
    })),
  ]
}
