// Colour of a generated token by a number: viridis, with the letters in black or white, whichever reads better.
// Owns: scales, their legends. Not: the numbers (stepTokens.ts), the colours (shared/viridis.ts).
import { cssOf, inkOn, viridis, viridisAt } from '../shared/viridis.ts'

export const colourModes = ['none', 'probability', 'entropy', 'probe'] as const
export type ColourMode = (typeof colourModes)[number]

export interface Scale {
  label: string
  unit: string
  low: number
  high: number
  /** Values above `high` share its colour. */
  isOpen: boolean
}

/** The same range for every step and run, so that colours can be compared. Entropy: ln 400 ≈ 6 nats. */
export const scales: Record<Exclude<ColourMode, 'none'>, Scale> = {
  probability: { label: 'probability', unit: '', low: 0, high: 1, isOpen: false },
  entropy: { label: 'entropy', unit: 'nats', low: 0, high: 6, isOpen: true },
  probe: { label: 'what the probe reads', unit: '', low: 0, high: 1, isOpen: false },
}

/** Inline style of a token, or empty where the mode has nothing to say about it. */
export function tokenStyle(
  mode: ColourMode,
  numbers: Partial<Record<Exclude<ColourMode, 'none'>, number>> | null,
): string {
  const value = mode === 'none' ? undefined : numbers?.[mode]
  if (mode === 'none' || value === undefined) return ''
  const { low, high } = scales[mode]
  const ground = viridisAt((value - low) / (high - low))
  return `background: ${cssOf(ground)}; color: ${inkOn(ground)}`
}

/** The scale as a CSS gradient, for its legend. */
export const gradient = `linear-gradient(to right, ${viridis.map(cssOf).join(', ')})`
