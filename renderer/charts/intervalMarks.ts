// Estimates with their intervals, drawn as a mark on a line or as a curve in a band.
// Owns: the series of both. Not: what is estimated.
import type { Interval } from './figure.ts'
import type { ChartTheme } from './theme.ts'

/** A line from the low to the high end of each interval, along the horizontal axis; one without an end is left out. */
export function intervalLines(
  theme: ChartTheme,
  rows: readonly { place: number; interval: Interval; colour: keyof ChartTheme }[],
) {
  return {
    type: 'lines' as const,
    name: '95 % interval',
    coordinateSystem: 'cartesian2d' as const,
    polyline: false,
    silent: true,
    z: 2,
    data: rows.flatMap(({ place, interval: { low, high }, colour }) =>
      low === null || high === null
        ? []
        : [
            {
              coords: [
                [low, place],
                [high, place],
              ],
              lineStyle: { color: theme[colour], width: 2, opacity: 1 },
            },
          ],
    ),
  }
}

/** Lower edge and height of a band; where an end is missing the band has a gap. */
export function bandSeries(colour: string, places: readonly Interval[], scale: number) {
  const isWhole = ({ low, high }: Interval): boolean => low !== null && high !== null
  const edge = {
    type: 'line' as const,
    stack: 'interval',
    silent: true,
    symbol: 'none',
    lineStyle: { opacity: 0 },
    tooltip: { show: false },
  }
  return [
    // The lower edge carries the band and is itself not drawn.
    {
      ...edge,
      name: 'low',
      data: places.map((place) => (isWhole(place) ? (place.low ?? 0) * scale : null)),
    },
    {
      ...edge,
      name: 'interval',
      areaStyle: { color: colour, opacity: 0.2 },
      data: places.map((place) => (isWhole(place) ? ((place.high ?? 0) - (place.low ?? 0)) * scale : null)),
    },
  ]
}
