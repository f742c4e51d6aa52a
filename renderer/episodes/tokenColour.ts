// Colour of a generated token by a number: viridis, with the letters in black or white, whichever reads better.
// Owns: scales, their legends, contrast. Not: the numbers (stepTokens.ts).
// Viridis: S. van der Walt, N. Smith (2015), CC0; nine of its 256 colours, the rest linear between them in sRGB.

export const colourModes = ['none', 'probability', 'entropy'] as const
export type ColourMode = (typeof colourModes)[number]

const viridis = [
  [68, 1, 84],
  [72, 40, 120],
  [62, 73, 137],
  [49, 104, 142],
  [38, 130, 142],
  [31, 158, 137],
  [53, 183, 121],
  [109, 205, 89],
  [180, 222, 44],
  [253, 231, 37],
] as const

type Rgb = [number, number, number]

/** Colour at a place 0…1 of the scale; outside it the nearer end. */
export function viridisAt(place: number): Rgb {
  const scaled = Math.min(1, Math.max(0, Number.isNaN(place) ? 0 : place)) * (viridis.length - 1)
  const low = Math.floor(scaled)
  const a = viridis[low] ?? viridis[0]
  const b = viridis[low + 1] ?? a
  const mix = (k: 0 | 1 | 2): number => Math.round(a[k] + (b[k] - a[k]) * (scaled - low))
  return [mix(0), mix(1), mix(2)]
}

/** Relative luminance, WCAG 2.2. */
export function luminance([red, green, blue]: Rgb): number {
  const linear = (value: number): number => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/** Black or white, whichever stands out more; one of them always reaches 4.5. */
export const inkOn = (ground: Rgb): string => (luminance(ground) > 0.179 ? '#000' : '#fff')

const css = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`

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
}

/** Inline style of a token, or empty where the mode has nothing to say about it. */
export function tokenStyle(
  mode: ColourMode,
  numbers: { probability: number; entropy: number } | null,
): string {
  if (mode === 'none' || numbers === null) return ''
  const { low, high } = scales[mode]
  const ground = viridisAt((numbers[mode] - low) / (high - low))
  return `background: ${css(ground)}; color: ${inkOn(ground)}`
}

/** The scale as a CSS gradient, for its legend. */
export const gradient = `linear-gradient(to right, ${viridis.map((colour) => css([...colour])).join(', ')})`
