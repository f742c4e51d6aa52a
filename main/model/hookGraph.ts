// Hook points inside a graph: every value that can be read, or changed, passes through here.
// Owns: computing a hook point's output only where it is fetched, and the one place where a value is changed. Not: names and sizes (hookNames.ts).
// Outputs hang behind `If` nodes with a flag for each scope and one for each group, because ONNX Runtime computes and keeps every declared output of a graph, fetched or not.
import type { ModelShape } from '../contract/models.ts'
import { hookGroups, parseHook, type HookPoint } from './hookNames.ts'
import type { Dimensions, GraphBuilder } from './onnxWriter.ts'

/** Changes values at hook points while a graph is written. */
export interface HookChanges {
  /** Whether `change` does anything there. The graph then goes through the hook point, where it otherwise may take a fused way past it. */
  touches(name: string): boolean
  /** @param value  [N, width], or [B, H, S, P+S] at a keyed hook point  @returns a value of the same shape, which the graph goes on with */
  change(graph: GraphBuilder, point: HookPoint, value: string): string
  /**
   * `changed` at the tokens for which some of these hook points is changed, `plain` at all others, bit for bit; both [N, …].
   * Called after `change` for those that are touched.
   */
  choose(graph: GraphBuilder, hooks: readonly string[], changed: string, plain: string): string
}

const noChanges: HookChanges = {
  touches: () => false,
  change: (_graph, _point, value) => value,
  choose: (_graph, _hooks, _changed, plain) => plain,
}

/** A block, or what lies before or after the blocks. */
type HookScope = 'embedding' | `blocks.${number}` | 'final'

const scopeOf = ({ name, layer }: HookPoint): HookScope =>
  layer !== null ? `blocks.${layer}` : name.startsWith('ln_final') ? 'final' : 'embedding'
const flagName = (of: string): string => `fetch.${of}`

/** Names of all boolean scalars that a graph takes to know which hook points are fetched. */
export const hookFlags = (shape: ModelShape): string[] =>
  [
    'embedding',
    ...Array.from({ length: shape.layers }, (_, layer) => `blocks.${layer}`),
    'final',
    ...hookGroups,
  ].map(flagName)

/** Those that must be true to fetch these hook points. */
export const flagsFor = (points: readonly HookPoint[]): Set<string> =>
  new Set(points.flatMap((point) => [flagName(scopeOf(point)), flagName(point.group)]))

const outputDimensions = ({ isKeyed, width }: HookPoint): Dimensions =>
  isKeyed ? ['B', width, 'S', 'T'] : ['N', width]

interface Tap {
  point: HookPoint
  /** How often the graph had been cut when it was met; its output belongs into the part that was being written then. */
  cuts: number
  /** Appends what is not computed yet. @returns a value of the branch it is called in */
  compute: () => string
}

export class HookGraph {
  private readonly graph: GraphBuilder
  private readonly shape: ModelShape
  private readonly changes: HookChanges
  private readonly taps: Tap[] = []

  constructor(graph: GraphBuilder, shape: ModelShape, changes: HookChanges = noChanges) {
    this.graph = graph
    this.shape = shape
    this.changes = changes
    for (const flag of hookFlags(shape)) graph.input(flag, 'boolean', [])
  }

  /** Whether any of these hook points is changed. */
  touches(...names: string[]): boolean {
    return names.some((name) => this.changes.touches(name))
  }

  /**
   * A hook point on the way of the graph. Its value can be fetched under the hook point's name, and is changed here and nowhere else.
   * @param value  [N, width], or [B, H, S, P+S] at a keyed hook point
   * @returns the value that the caller goes on with
   */
  hook(name: string, value: string): string {
    const point = parseHook(name, this.shape)
    const result = this.changes.touches(name) ? this.changes.change(this.graph, point, value) : value
    this.tap(point, () => this.graph.op('Identity', [result]))
    return result
  }

  /**
   * Where the way through hook points rounds otherwise than the fused way past them: only the tokens that are changed there
   * take `changed`, so that all others keep the bits they have in a graph without changes.
   */
  choose(hooks: readonly string[], changed: string, plain: string): string {
    return this.changes.choose(this.graph, hooks, changed, plain)
  }

  /** A hook point that the graph has a shorter way past: its value is computed only to be fetched. One that is changed must not be passed so. */
  hookAside(name: string, compute: () => string): void {
    if (this.changes.touches(name)) throw new TypeError(`${name} is changed, so the graph must go through it`)
    this.tap(parseHook(name, this.shape), compute)
  }

  private tap(point: HookPoint, compute: () => string): void {
    this.taps.push({ point, cuts: this.graph.cuts, compute })
  }

  /**
   * Declares the outputs of all hook points, after everything else has been written. The last scope comes first: ONNX Runtime
   * runs the last of the nodes whose results go nowhere else first, with what it needs; so a block's values are not kept
   * while later blocks run.
   */
  finish(): void {
    const placeOf = ({ point, cuts }: Tap): string => `${scopeOf(point)} ${cuts}`
    const places = [...new Set(this.taps.map(placeOf))]
    for (const place of places.reverse()) {
      const taps = this.taps.filter((tap) => placeOf(tap) === place)
      this.declareOutputs(scopeOf(taps[0].point), taps)
    }
  }

  private declareOutputs(scope: HookScope, taps: readonly Tap[]): void {
    const { graph } = this
    const groups = hookGroups
      .map((group) => ({ group, members: taps.filter(({ point }) => point.group === group) }))
      .filter(({ members }) => members.length > 0)
    const outputs = graph.onlyIf(flagName(scope), () =>
      groups.flatMap(({ group, members }) =>
        graph.onlyIf(flagName(group), () => members.map(({ compute }) => compute())),
      ),
    )
    const points = groups.flatMap(({ members }) => members.map(({ point }) => point))
    points.forEach((point, index) =>
      graph.output(outputs[index], point.name, 'float32', outputDimensions(point)),
    )
  }
}
