// A scale for signed values: blue below 0, white at 0, red above; told apart by the colour-blind.
// RdBu of ColorBrewer (C. Brewer, Apache-2.0), five of its colours, the rest linear between them in sRGB.

type Rgb = readonly [number, number, number]

/** From far below 0 to far above it. */
const colours: readonly Rgb[] = [
  [33, 102, 172],
  [146, 197, 222],
  [255, 255, 255],
  [244, 165, 130],
  [178, 24, 43],
]

/** Colour at a place −1…1 of the scale; outside it the nearer end. */
export function divergingAt(place: number): Rgb {
  const scaled = ((Math.min(1, Math.max(-1, Number.isNaN(place) ? 0 : place)) + 1) / 2) * (colours.length - 1)
  const low = Math.floor(scaled)
  const a = colours[low] ?? [255, 255, 255]
  const b = colours[low + 1] ?? a
  const mix = (k: 0 | 1 | 2): number => Math.round(a[k] + (b[k] - a[k]) * (scaled - low))
  return [mix(0), mix(1), mix(2)]
}
