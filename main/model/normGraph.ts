// Norms of the residual stream as graph nodes, with their hook points.
// Owns: root-mean-square and layer norms, alone or with the sum before them. Not: where a decoder has norms (decoderGraph.ts).
// hook_scale and hook_normalized are TransformerLens's: the divisor, and what was divided, before gain and bias.
import type { HookGraph } from './hookGraph.ts'
import type { DecoderConfig, NormConfig } from './modelFiles.ts'
import type { GraphBuilder } from './onnxWriter.ts'
import { rowDot } from './rowDot.ts'
import type { WeightNodes } from './weightNodes.ts'

/** Where a norm lies. */
export interface NormPlace {
  /** Its gain is `{name}.weight`, the bias of a layer norm `{name}.bias`. */
  name: string
  /** Its hook points are `{hook}.hook_scale` and `{hook}.hook_normalized`. */
  hook: string
}

export class NormGraph {
  private readonly graph: GraphBuilder
  private readonly weights: WeightNodes
  private readonly hooks: HookGraph
  private readonly config: NormConfig
  /** D */
  private readonly width: number

  constructor(graph: GraphBuilder, weights: WeightNodes, hooks: HookGraph, config: DecoderConfig) {
    this.graph = graph
    this.weights = weights
    this.hooks = hooks
    this.config = config.norm
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
  private throughHooks(x: string, plain: string, place: NormPlace): string {
    const { graph, hooks } = this
    const scaleHook = `${place.hook}.hook_scale`
    const normalizedHook = `${place.hook}.hook_normalized`
    const centred = this.centred(x)
    const scale = hooks.hook(scaleHook, this.scale(centred))
    const normalized = hooks.hook(normalizedHook, graph.op('Div', [centred, scale]))
    const gained = graph.op('Mul', [normalized, this.gain(place)])
    const changed = this.config.kind === 'layer' ? graph.op('Add', [gained, this.bias(place)]) : gained
    return hooks.choose([scaleHook, normalizedHook], changed, plain)
  }

  private gain({ name }: NormPlace): string {
    const stored = this.weights.tensor(`${name}.weight`)
    return this.config.isGainLessOne ? this.graph.op('Add', [stored, this.graph.float(1)]) : stored
  }

  private bias({ name }: NormPlace): string {
    return this.weights.tensor(`${name}.bias`)
  }

  /** [N, D] less the mean of each row, where the norm takes that away. */
  private centred(x: string): string {
    if (this.config.kind === 'rms') return x
    const { graph } = this
    const ones = graph.op('Add', [graph.op('Sub', [x, x]), graph.float(1)])
    const mean = graph.op('Mul', [rowDot(graph, x, ones), graph.float(1 / this.width)])
    return graph.op('Sub', [x, mean])
  }

  /** [N, D], centred → [N, 1] */
  private scale(centred: string): string {
    const { graph } = this
    const mean = graph.op('Mul', [rowDot(graph, centred, centred), graph.float(1 / this.width)])
    return graph.op('Sqrt', [graph.op('Add', [mean, graph.float(this.config.epsilon)])])
  }

  /** Both hook points of a norm that is computed in one operator. */
  private hookAside(x: string, { hook }: NormPlace): void {
    this.hooks.hookAside(`${hook}.hook_scale`, () => this.scale(this.centred(x)))
    this.hooks.hookAside(`${hook}.hook_normalized`, () => {
      const centred = this.centred(x)
      return this.graph.op('Div', [centred, this.scale(centred)])
    })
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
    const { graph, config } = this
    const epsilon = { float: config.epsilon }
    return config.kind === 'rms'
      ? graph.op('SimplifiedLayerNormalization', [x, this.gain(place)], { epsilon, axis: -1, stash_type: 1 })
      : graph.op('LayerNormalization', [x, this.gain(place), this.bias(place)], { epsilon, axis: -1 })
  }

  /** x + delta. @param sumHooks  hook points that the sum is the value of, in order */
  add(x: string, delta: string, sumHooks: readonly string[]): string {
    const sum = this.graph.op('Add', [x, delta])
    return sumHooks.reduce((value, name) => this.hooks.hook(name, value), sum)
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

  private fusedWithSum(x: string, delta: string, place: NormPlace): { sum: string; normal: string } {
    const { graph, config } = this
    const isLayer = config.kind === 'layer'
    const operator = isLayer ? 'SkipLayerNormalization' : 'SkipSimplifiedLayerNormalization'
    const inputs = [x, delta, this.gain(place), ...(isLayer ? [this.bias(place)] : [])]
    const [normal, , , sum] = graph.apply(operator, inputs, { epsilon: { float: config.epsilon } }, 4)
    return { sum, normal }
  }
}
