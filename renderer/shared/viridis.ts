// A sequential scale that is perceptually even, and letters that can be read on it.
// Viridis: S. van der Walt, N. Smith (2015), CC0; ten of its 256 colours, the rest linear between them in sRGB.

type Rgb = readonly [number, number, number]

/** From low to high. */
export const viridis: readonly Rgb[] = [
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
]

/** Colour at a place 0…1 of the scale; outside it the nearer end. */
export function viridisAt(place: number): Rgb {
  const scaled = Math.min(1, Math.max(0, Number.isNaN(place) ? 0 : place)) * (viridis.length - 1)
  const low = Math.floor(scaled)
  const a = viridis[low] ?? [0, 0, 0]
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

export const cssOf = ([red, green, blue]: Rgb): string => `rgb(${red} ${green} ${blue})`

/** For what does not know the newer ways to write a colour. */
export const hexOf = (colour: Rgb): string =>
  `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`
