// Activations in a plane: one point a step, coloured by class, step or episode.
import { integer, percent, plural } from '../shared/format.ts'
import { hexOf, viridisAt } from '../shared/viridis.ts'
import type { Option } from './echarts.ts'
import { itemTooltip, valueAxis, type Figure } from './figure.ts'
import type { ChartTheme } from './theme.ts'

export interface PlanePoint {
  x: number
  y: number
  episode: number
  step: number
  /** Class by index. */
  label: number
  /** The step that is chosen, in every pane. */
  isChosen?: boolean
}

export const planeColours = ['label', 'step', 'episode'] as const
export type PlaneColour = (typeof planeColours)[number]

export interface Plane {
  title: string
  axes: readonly { title: string; share: number | null }[]
  points: readonly PlanePoint[]
  /** All rows there are, of which `points` may be a part. */
  of: number
  classes: readonly string[]
  /** Of each class; colours repeat where there are more. */
  classColours: readonly (keyof ChartTheme)[]
}

/** So that classes differ without their colours too. */
const symbols = ['circle', 'triangle', 'diamond', 'rect', 'pin'] as const

const axisName = (axis: Plane['axes'][number] | undefined): string =>
  axis ? axis.title + (axis.share === null ? '' : ` (${percent(axis.share)} of variance)`) : ''

/** Points outside a rectangle that is drawn in it fade. */
export function projectionFigure(plane: Plane, by: PlaneColour): Figure {
  const { points, axes, classes } = plane
  const valueOf = (point: PlanePoint): number => (by === 'step' ? point.step : point.episode)
  const values = points.map(valueOf)
  const [min, max] = [Math.min(0, ...values), Math.max(1, ...values)]
  const colourOf = (theme: ChartTheme, point: PlanePoint): string =>
    by === 'label'
      ? theme[plane.classColours[point.label % plane.classColours.length] ?? 'accent']
      : hexOf(viridisAt((valueOf(point) - min) / (max - min)))
  const chosen = points.find(({ isChosen }) => isChosen)
  const counts = classes.map((name, label) => {
    const n = points.filter((point) => point.label === label).length
    return `${['●', '▲', '◆', '■', '▼'][label % 5]} ${name} ${integer(n)}`
  })
  return {
    title: plane.title,
    caption: `${counts.join(' · ')}; coloured by ${by === 'label' ? 'class' : by}${by === 'label' ? '' : ` (dark ${integer(min)}, light ${integer(max)})`}${chosen ? `; ringed: the chosen step` : ''}; n = ${plural(points.length, 'step')}${plane.of > points.length ? `, evenly spaced out of ${integer(plane.of)}` : ''}.`,
    summary: `${plural(points.length, 'step')} in the plane of ${axes.map((axis) => axis.title).join(' and ')}.`,
    fileName: 'projection',
    indexAxis: 'x',
    rowSeries: 0,
    rowAt: () => -1,
    table: {
      columns: ['episode', 'step', 'class', 'x', 'y'],
      rows: points.map(({ episode, step, label, x, y }) => [episode, step, classes[label] ?? label, x, y]),
    },
    tooltip: (i) => {
      const point = points[i]
      return {
        title: point ? `Episode ${point.episode}, step ${point.step}` : '',
        lines: point ? [{ label: 'class', value: classes[point.label] ?? '', colour: null }] : [],
      }
    },
    option: (theme): Option => ({
      animation: false,
      aria: { enabled: false },
      grid: { left: 52, right: 20, top: 12, bottom: 40 },
      tooltip: itemTooltip(theme),
      toolbox: { show: false },
      brush: {
        toolbox: [],
        xAxisIndex: 0,
        throttleType: 'debounce',
        throttleDelay: 60,
        brushStyle: { borderWidth: 1, borderColor: theme.accent, color: 'rgba(128, 140, 200, 0.16)' },
        outOfBrush: { colorAlpha: 0.15 },
      },
      xAxis: { ...valueAxis(theme, axisName(axes[0]), {}), scale: true },
      yAxis: { ...valueAxis(theme, axisName(axes[1]), { gap: 38 }), scale: true },
      series: [
        {
          type: 'scatter',
          name: 'steps',
          data: points.map((point) => ({
            value: [point.x, point.y],
            symbol: symbols[point.label % symbols.length],
            symbolSize: points.length > 2000 ? 4 : 7,
            itemStyle: { color: colourOf(theme, point), opacity: 0.78 },
          })),
        },
        ...(chosen
          ? [
              {
                type: 'scatter' as const,
                name: 'chosen step',
                silent: true,
                symbol: 'circle',
                symbolSize: 14,
                itemStyle: { color: 'transparent', borderColor: theme.text, borderWidth: 2 },
                data: [[chosen.x, chosen.y]],
              },
            ]
          : []),
      ],
    }),
  }
}
