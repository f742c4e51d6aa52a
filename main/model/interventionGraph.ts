// Interventions as nodes of a graph: values at a hook point that are changed row by row.
// Owns: the nodes, the names and shapes of their inputs. Not: which rows, or what goes into the inputs (inference/interventionFeeds.ts).
// A row is one position's values along the last axis: a whole residual, one head's q, one query's attention. Rows that are not
// named pass through untouched, bit for bit; several stages act one after the other.
import type { ModelShape } from '../contract/models.ts'
import type { HookChanges } from './hookGraph.ts'
import { listHooks, type HookPoint } from './hookNames.ts'
import { elementTypes, type GraphBuilder } from './onnxWriter.ts'
import { rowDot } from './rowDot.ts'

/** What a graph must be able to do at one hook point. */
export interface InterventionPoint {
  /** How many interventions one row can meet. */
  stages: number
  /** Directions, gates and norms as well; without them keep ⊙ x + value, which takes a fourth of the nodes. */
  isFull: boolean
  /** The graph ends here and another goes on, so that a function may change the value in between, after all stages. */
  isCut: boolean
}

const nothing: InterventionPoint = { stages: 0, isFull: false, isCut: false }

/** Names of the output and the input at a cut. */
export const cutNames = (hook: string) => ({ before: `${hook}/before`, after: `${hook}/after` })

/** By hook name. */
export type InterventionPoints = ReadonlyMap<string, InterventionPoint>

/** Columns of the input `scalars`. */
export const stageScalars = ['absolute', 'relative', 'low', 'high', 'threshold', 'normMatched'] as const

/** Names of one stage's inputs and of its output. R rows of width W. */
export const stageNames = (hook: string, stage: number) => ({
  /** int64 [R, 1]: places in the value seen as [rows, W] */
  rows: `${hook}/${stage}/rows`,
  /** [R, W] */
  keep: `${hook}/${stage}/keep`,
  /** [R, W] */
  value: `${hook}/${stage}/value`,
  /** [R, W], of length 1 or all zeros; full points only, as all that follow. */
  direction: `${hook}/${stage}/direction`,
  /** [R, W] */
  gate: `${hook}/${stage}/gate`,
  /** [R, 6] */
  scalars: `${hook}/${stage}/scalars`,
  /** Output, [R, 1]: 1 where the gate was open. */
  open: `${hook}/${stage}/open`,
})

/** Name of a boolean input [N, 1]: whether anything is done to a token at a hook point. Keyed hook points have none. */
export const touchedName = (hook: string): string => `${hook}/touched`

/** One intervention of every row. */
interface Stage {
  graph: GraphBuilder
  names: ReturnType<typeof stageNames>
  /** Letter of R, which is the stage's own. */
  rows: string
  /** W */
  width: number | string
}

const matrix = ({ graph, rows, width }: Stage, name: string): string =>
  graph.input(name, 'float32', [rows, width])

/**
 * x′ = keep ⊙ x + (absolute + relative · ‖x‖) · value + (min(max(d, low), high) − d) · direction with d = x · direction;
 * brought to ‖x‖ where normMatched is not 0, but 0 where that is 0; x where gate · x is not above the threshold.
 */
function fullChange(stage: Stage, x: string): string {
  const { graph, names, rows } = stage
  const scalars = graph.input(names.scalars, 'float32', [rows, stageScalars.length])
  const sizes = graph.integers(stageScalars.map(() => 1))
  const [absolute, relative, low, high, threshold, normMatched] = graph.apply(
    'Split',
    [scalars, sizes],
    { axis: 1 },
    stageScalars.length,
  )
  const norm = graph.op('Sqrt', [rowDot(graph, x, x)])
  const factor = graph.op('Add', [absolute, graph.op('Mul', [relative, norm])])
  const kept = graph.op('Mul', [x, matrix(stage, names.keep)])
  const added = graph.op('Add', [kept, graph.op('Mul', [factor, matrix(stage, names.value)])])
  const direction = matrix(stage, names.direction)
  const along = rowDot(graph, x, direction)
  const target = graph.op('Min', [graph.op('Max', [along, low]), high])
  const shift = graph.op('Mul', [graph.op('Sub', [target, along]), direction])
  const moved = graph.op('Add', [added, shift])
  const movedNorm = graph.op('Sqrt', [rowDot(graph, moved, moved)])
  const ratio = graph.op('Div', [norm, movedNorm])
  // Zeros have no direction to be stretched along: they stay zeros, where the ratio would make them NaN.
  const hasDirection = graph.op('Cast', [movedNorm], { to: elementTypes.boolean })
  const isMatched = graph.op('And', [
    graph.op('Cast', [normMatched], { to: elementTypes.boolean }),
    hasDirection,
  ])
  const matched = graph.op('Where', [isMatched, graph.op('Mul', [moved, ratio]), moved])
  const isOpen = graph.op('Greater', [rowDot(graph, x, matrix(stage, names.gate)), threshold])
  graph.output(graph.op('Cast', [isOpen], { to: elementTypes.float32 }), names.open, 'float32', [rows, 1])
  return graph.op('Where', [isOpen, matched, x])
}

function affineChange(stage: Stage, x: string): string {
  const { graph, names } = stage
  const kept = graph.op('Mul', [x, matrix(stage, names.keep)])
  return graph.op('Add', [kept, matrix(stage, names.value)])
}

/** The value with its named rows changed stage by stage, in the shape it had. @param value  of any rank, float32 */
function throughStages(
  graph: GraphBuilder,
  hook: HookPoint,
  value: string,
  { stages, isFull }: InterventionPoint,
): string {
  const { width } = rowLayout(hook)
  const shape = graph.op('Shape', [value])
  let rows =
    width === null
      ? graph.op('Flatten', [value], { axis: -1 })
      : graph.op('Reshape', [value, graph.integers([-1, width])])
  for (let index = 0; index < stages; index++) {
    const names = stageNames(hook.name, index)
    const stage: Stage = { graph, names, rows: names.rows, width: width ?? 'T' }
    const places = graph.input(names.rows, 'int64', [stage.rows, 1])
    const x = graph.op('GatherND', [rows, places])
    rows = graph.op('ScatterND', [rows, places, isFull ? fullChange(stage, x) : affineChange(stage, x)])
  }
  return graph.op('Reshape', [rows, shape])
}

function intervene(graph: GraphBuilder, hook: HookPoint, value: string, point: InterventionPoint): string {
  if (!hook.isKeyed) graph.input(touchedName(hook.name), 'boolean', ['N', 1])
  const changed = point.stages > 0 ? throughStages(graph, hook, value, point) : value
  const { before, after } = cutNames(hook.name)
  return point.isCut ? graph.cut(changed, before, after) : changed
}

/** How a hook point's values fall into rows. */
export interface RowLayout {
  /** Rows of one position: its heads; null where the hook point has none (one row then). */
  units: number | null
  /** W; null where it is the number of keys, which differs from pass to pass. */
  width: number | null
}

export function rowLayout({ sizes, isKeyed }: HookPoint): RowLayout {
  if (isKeyed) return { units: sizes[0], width: null }
  return { units: sizes.length > 1 ? sizes[0] : null, width: sizes[sizes.length - 1] }
}

/** What a graph is written with, so that these points can be intervened at. */
export const interventionChanges = (points: InterventionPoints): HookChanges => ({
  touches: (name) => points.has(name),
  change: (graph, hook, value) => intervene(graph, hook, value, points.get(hook.name)!), // touched
  choose(graph, hooks, changed, plain) {
    const touched = hooks.filter((hook) => points.has(hook)).map(touchedName)
    const [first, ...others] = touched
    if (first === undefined) return plain
    const isTouched = others.reduce((some, one) => graph.op('Or', [some, one]), first)
    return graph.op('Where', [isTouched, changed, plain])
  },
})

const joinPoint = (one: InterventionPoint, other: InterventionPoint): InterventionPoint => ({
  stages: Math.max(one.stages, other.stages),
  isFull: one.isFull || other.isFull,
  isCut: one.isCut || other.isCut,
})

/** Points that serve all of these. */
export function joinPoints(several: readonly InterventionPoints[]): Map<string, InterventionPoint> {
  const joined = new Map<string, InterventionPoint>()
  for (const points of several)
    for (const [hook, point] of points) joined.set(hook, joinPoint(joined.get(hook) ?? nothing, point))
  return joined
}

const kindOf = (hook: string): string => hook.replace(/^blocks\.\d+\./, 'blocks.{i}.')

/**
 * What a new graph is written with: the points it must have, and where stages of a kind of hook point are wanted in several
 * layers (sooner or later), that kind in every layer; a sweep over layers then needs two graphs and not one for each. Cuts
 * that are no longer wanted are left out.
 * @returns null where the present graph will do
 */
export function widerPoints(
  present: InterventionPoints,
  wanted: InterventionPoints,
  shape: ModelShape,
): InterventionPoints | null {
  const isThere = ([hook, { stages, isFull, isCut }]: [string, InterventionPoint]): boolean => {
    const there = present.get(hook) ?? nothing
    return there.stages >= stages && there.isFull >= isFull && there.isCut >= isCut
  }
  if ([...wanted].every(isThere)) return null
  const kept = [...present]
    .filter(([, { stages }]) => stages > 0)
    .map(([hook, point]): [string, InterventionPoint] => [hook, { ...point, isCut: false }])
  const wider = joinPoints([new Map(kept), wanted])
  const kinds = new Map<string, { point: InterventionPoint; layers: number }>()
  for (const [hook, point] of wider) {
    if (point.stages === 0) continue
    const before = kinds.get(kindOf(hook)) ?? { point: nothing, layers: 0 }
    const joined = joinPoint(before.point, { ...point, isCut: false })
    kinds.set(kindOf(hook), { point: joined, layers: before.layers + 1 })
  }
  for (const { name } of listHooks(shape)) {
    const kind = kinds.get(kindOf(name))
    if (kind && kind.layers > 1) wider.set(name, joinPoint(wider.get(name) ?? nothing, kind.point))
  }
  return wider
}
