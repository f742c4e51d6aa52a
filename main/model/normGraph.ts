// Norms of the residual stream as graph nodes, with their hook points.
// Owns: root-mean-square norms, alone or with the sum before them. Not: where a decoder has norms (decoderGraph.ts).
// hook_scale and hook_normalized are TransformerLens's: the divisor, and what was divided, before the gain.
import type { HookGraph } from './hookGraph.ts'
import type { DecoderConfig } from './modelFiles.ts'
import type { GraphBuilder } from './onnxWriter.ts'
import { rowDot } from './rowDot.ts'
import type { WeightNodes } from './weightNodes.ts'

/** Where a norm lies. */
export interface NormPlace {
  /** Tensor of the gain. */
  gain: string
  /** Its hook points are `{hook}.hook_scale` and `{hook}.hook_normalized`. */
  hook: string
}

export class NormGraph {
  private readonly graph: GraphBuilder
  private readonly weights: WeightNodes
  private readonly hooks: HookGraph
  private readonly epsilon: number
  /** D */
  private readonly width: number

  constructor(graph: GraphBuilder, weights: WeightNodes, hooks: HookGraph, config: DecoderConfig) {
    this.graph = graph
    this.weights = weights
    this.hooks = hooks
    this.epsilon = config.rmsEpsilon
    this.width = config.shape.residualWidth
  }

  /** @param x  [N, D] @returns [N, D] */
  normalise(x: string, place: NormPlace): string {
    const scaleHook = `${place.hook}.hook_scale`
    const normalizedHook = `${place.hook}.hook_normalized`
    const plain = this.fused(x, place)
    if (this.hooks.touches(scaleHook, normalizedHook)) return this.throughHooks(x, plain, place)
    this.hookAside(x, place)
    return plain
  }

  /** @param plain  the norm as one operator gives it */
  private throughHooks(x: string, plain: string, { hook, gain }: NormPlace): string {
    const { graph, hooks } = this
    const scaleHook = `${hook}.hook_scale`
    const normalizedHook = `${hook}.hook_normalized`
    const scale = hooks.hook(scaleHook, this.scale(x))
    const normalized = hooks.hook(normalizedHook, graph.op('Div', [x, scale]))
    const changed = graph.op('Mul', [normalized, this.weights.tensor(gain)])
    return hooks.choose([scaleHook, normalizedHook], changed, plain)
  }

  /** [N, D] → [N, 1] */
  private scale(x: string): string {
    const { graph } = this
    const mean = graph.op('Mul', [rowDot(graph, x, x), graph.float(1 / this.width)])
    return graph.op('Sqrt', [graph.op('Add', [mean, graph.float(this.epsilon)])])
  }

  /** Both hook points of a norm that is computed in one operator. */
  private hookAside(x: string, { hook }: NormPlace): void {
    this.hooks.hookAside(`${hook}.hook_scale`, () => this.scale(x))
    this.hooks.hookAside(`${hook}.hook_normalized`, () => this.graph.op('Div', [x, this.scale(x)]))
  }

  /** The norm of some rows only: [N, D] → [R, D], while its hook points tell of all rows. */
  normaliseRows(x: string, rows: string, place: NormPlace): string {
    const { graph, hooks } = this
    if (hooks.touches(`${place.hook}.hook_scale`, `${place.hook}.hook_normalized`))
      return graph.op('Gather', [this.normalise(x, place), rows])
    this.hookAside(x, place)
    return this.fused(graph.op('Gather', [x, rows]), place)
  }

  private fused(x: string, place: NormPlace): string {
    return this.graph.op('SimplifiedLayerNormalization', [x, this.weights.tensor(place.gain)], {
      epsilon: { float: this.epsilon },
      axis: -1,
      stash_type: 1,
    })
  }

  /**
   * x + delta and its norm, in one operator where nothing is changed in between.
   * @param sumHooks  hook points that the sum is the value of, in order
   */
  addAndNormalise(
    x: string,
    delta: string,
    sumHooks: readonly string[],
    place: NormPlace,
  ): { sum: string; normal: string } {
    const { graph, hooks } = this
    const fused = this.fusedWithSum(x, delta, place)
    const sum = sumHooks.reduce((value, name) => hooks.hook(name, value), fused.sum)
    let plain = fused.normal
    if (hooks.touches(...sumHooks)) {
      // The same operator with nothing to add, so that a token that got the value it had has its bits too.
      const again = this.fusedWithSum(sum, graph.op('Sub', [sum, sum]), place)
      plain = hooks.choose(sumHooks, again.normal, plain)
    }
    if (hooks.touches(`${place.hook}.hook_scale`, `${place.hook}.hook_normalized`))
      return { sum, normal: this.throughHooks(sum, plain, place) }
    this.hookAside(sum, place)
    return { sum, normal: plain }
  }

  private fusedWithSum(x: string, delta: string, { gain }: NormPlace): { sum: string; normal: string } {
    const inputs = [x, delta, this.weights.tensor(gain)]
    const epsilon = { float: this.epsilon }
    const [normal, , , sum] = this.graph.apply('SkipSimplifiedLayerNormalization', inputs, { epsilon }, 4)
    return { sum, normal }
  }
}
