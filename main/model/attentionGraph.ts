// One layer's self-attention as graph nodes, in the “split” form.
// Owns: grouped queries, rotation, scores against kept and new keys, the weighted sum, and the hook points on the way. Not: the mask's numbers or the cache (inference/).
// Method: kept keys and values are read-only inputs and new ones the only outputs, so nothing of the cache is copied inside a pass.
// Tokens are packed [N, width] for every matrix product; only here are they spread on a grid [B, S] of rows × new positions.
import { headNorm } from './headNormGraph.ts'
import { traitsOf } from './hookNames.ts'
import type { HookGraph } from './hookGraph.ts'
import type { GraphParts } from './mlpGraph.ts'
import { KeptProducts } from './keptProducts.ts'
import type { DecoderConfig, RotaryConfig } from './modelFiles.ts'
import type { GraphBuilder } from './onnxWriter.ts'
import { passInputs } from './passInputs.ts'
import { softCapped } from './softCap.ts'
import type { WeightNodes } from './weightNodes.ts'

/** Names of a layer's cache: kept [B, KV, P, K] in, new [B, KV, S, K] out. */
export const cacheNames = (layer: number) => ({
  keptKeys: `kept_keys.${layer}`,
  keptValues: `kept_values.${layer}`,
  newKeys: `new_keys.${layer}`,
  newValues: `new_values.${layer}`,
})

/** Queries, keys and values of new tokens, packed: [N, H·K], [N, KV·K] twice. */
interface Projections {
  queries: string
  keys: string
  values: string
}

export class AttentionGraph {
  private readonly parts: GraphParts
  private readonly graph: GraphBuilder
  private readonly weights: WeightNodes
  private readonly hooks: HookGraph
  private readonly config: DecoderConfig
  /** [B, KV, G·S, P+S]: repeated for every head once, because adding it row by row in every layer costs a twelfth of a pass. */
  private readonly mask: string
  /** The same of layers with a window; null where there are none. */
  private readonly windowMask: string | null
  /** P and S, in a list. */
  private readonly partLengths: string
  /** [B, H, S, K] in a list. */
  private readonly gridShape: string
  /** [B, H, S, P+S] and [B, KV, G·S, P+S] in lists. */
  private readonly headShape: string
  private readonly groupShape: string
  private readonly kept: KeptProducts

  constructor(parts: GraphParts) {
    const { graph, weights, hooks, config } = parts
    this.parts = parts
    this.graph = graph
    this.weights = weights
    this.hooks = hooks
    this.config = config
    const { shape } = config
    const joined = (...parts: string[]): string => graph.op('Concat', parts, { axis: 0 })
    const rows = graph.op('Shape', [passInputs.grid], { start: 0, end: 1 })
    const newLength = graph.op('Shape', [passInputs.grid], { start: 1, end: 2 })
    const totalLength = graph.op('Shape', [passInputs.mask], { start: 3, end: 4 })
    const heads = graph.integers([shape.heads])
    this.gridShape = joined(rows, heads, newLength, graph.integers([shape.headWidth]))
    this.partLengths = joined(graph.op('Sub', [totalLength, newLength]), newLength)
    this.headShape = joined(rows, heads, newLength, totalLength)
    this.groupShape = joined(rows, graph.integers([shape.keyValueHeads, -1]), totalLength)
    const byGroup = (mask: string): string =>
      graph.op('Reshape', [graph.op('Expand', [mask, this.headShape]), this.groupShape])
    this.kept = new KeptProducts(graph, shape)
    this.mask = byGroup(passInputs.mask)
    this.windowMask = config.attention.window ? byGroup(passInputs.windowMask) : null
  }

  private hasWindow(layer: number): boolean {
    return this.config.attention.window?.layers.includes(layer) ?? false
  }

  /** Packed [N, heads·K], turned by each token's position where the layer knows positions. */
  private rotated(layer: number, packed: string, heads: number, hook: string): string {
    const { graph, config, hooks } = this
    const isWindow = config.windowRotary !== null && this.hasWindow(layer)
    const rotary = isWindow ? config.windowRotary : config.rotary
    if (!rotary || traitsOf(config.shape).unrotatedLayers.includes(layer)) return packed
    const angles = isWindow
      ? [passInputs.windowCosines, passInputs.windowSines]
      : [passInputs.cosines, passInputs.sines]
    const sequence = graph.op('Unsqueeze', [packed, graph.integers([0])])
    const turned = graph.op(
      'RotaryEmbedding',
      [sequence, graph.integers([0]), ...angles], // row n of the angles is token n's own
      { num_heads: heads, ...this.partialRotary(rotary) },
    )
    return hooks.hook(hook, graph.op('Squeeze', [turned, graph.integers([0])]))
  }

  /** The attribute is for parts of heads only. */
  private partialRotary({ width }: RotaryConfig): { rotary_embedding_dim?: number } {
    return width < this.config.shape.headWidth ? { rotary_embedding_dim: width } : {}
  }

  private project(name: string, x: string): Projections {
    const { graph, weights, config } = this
    const { heads, keyValueHeads, headWidth } = config.shape
    if (config.attention.projection === 'separate')
      return {
        queries: weights.linear(`${name}.q_proj`, x),
        keys: weights.linear(`${name}.k_proj`, x),
        values: weights.linear(`${name}.v_proj`, x),
      }
    const all = weights.linear(`${name}.qkv_proj`, x)
    if (config.attention.projection === 'blocks') {
      const sizes = [heads, keyValueHeads, keyValueHeads].map((count) => count * headWidth)
      const [queries, keys, values] = graph.apply('Split', [all, graph.integers(sizes)], { axis: 1 }, 3)
      return { queries, keys, values }
    }
    const byHead = graph.op('Reshape', [all, graph.integers([-1, heads, 3 * headWidth])])
    const sizes = graph.integers([headWidth, headWidth, headWidth])
    const flat = graph.integers([-1, heads * headWidth])
    const [queries, keys, values] = graph
      .apply('Split', [byHead, sizes], { axis: 2 }, 3)
      .map((part) => graph.op('Reshape', [part, flat]))
    return { queries, keys, values }
  }

  /** Packed [N, heads·K] → grid [B, heads, S, K]. */
  private spread(packed: string, heads: number): string {
    const { graph, config } = this
    const grid = graph.op('Gather', [packed, passInputs.grid])
    const split = graph.op('Reshape', [grid, graph.integers([0, 0, heads, config.shape.headWidth])])
    return graph.op('Transpose', [split], { perm: [0, 2, 1, 3] })
  }

  /** Grid [B, H, S, K] → packed [N, H·K]. */
  private packed(grid: string): string {
    const { graph } = this
    const { heads, headWidth } = this.config.shape
    const byToken = graph.op('Transpose', [grid], { perm: [0, 2, 1, 3] })
    const flat = graph.op('Reshape', [byToken, graph.integers([-1, heads * headWidth])])
    return graph.op('Gather', [flat, passInputs.cells])
  }

  /** A keyed hook point: its value [B, KV, G·S, P+S] is shown by head. */
  private keyed(name: string, byGroup: string): string {
    const { graph, hooks } = this
    const byHead = (): string => graph.op('Reshape', [byGroup, this.headShape])
    if (hooks.touches(name)) return graph.op('Reshape', [hooks.hook(name, byHead()), this.groupShape])
    hooks.hookAside(name, byHead)
    return byGroup
  }

  /** What each head adds to the output: [N, H·K] → [N, H·D]. */
  private byHead(name: string, z: string): string {
    const { graph, weights } = this
    const { heads, headWidth, residualWidth } = this.config.shape
    const rowCount = graph.op('Shape', [passInputs.grid], { start: 0, end: 1 })
    const copied = weights.copied(name, graph.op('Sub', [rowCount, rowCount]))
    const [sizes, perm] = weights.isTransposed(name)
      ? [
          [heads, headWidth, residualWidth],
          [0, 1, 2],
        ]
      : [
          [residualWidth, heads, headWidth],
          [1, 2, 0],
        ]
    const weight = graph.op('Reshape', [copied, graph.integers(sizes)])
    // A token's heads as rows: [N, H, 1, K] · [H, K, D], so that a row's bits do not depend on how many tokens there are.
    const rows = graph.op('Reshape', [z, graph.integers([-1, heads, 1, headWidth])])
    const result = graph.op('MatMul', [rows, graph.op('Transpose', [weight], { perm })])
    return graph.op('Reshape', [result, graph.integers([-1, heads * residualWidth])])
  }

  /** Packed [N, H·K] → [N, D]. */
  private output(layer: number, z: string): string {
    const { graph, weights, hooks } = this
    const { shape } = this.config
    const name = `model.layers.${layer}.self_attn.o_proj`
    const hook = `blocks.${layer}.attn.hook_result`
    const plain = weights.linear(name, z)
    if (!hooks.touches(hook)) {
      hooks.hookAside(hook, () => this.byHead(`${name}.weight`, z))
      return plain
    }
    const results = hooks.hook(hook, this.byHead(`${name}.weight`, z))
    const sizes = Array.from({ length: shape.heads }, () => shape.residualWidth)
    const heads = graph.apply('Split', [results, graph.integers(sizes)], { axis: 1 }, shape.heads)
    const sum = graph.op('Sum', heads)
    const changed = weights.has(`${name}.bias`) ? graph.op('Add', [sum, weights.tensor(`${name}.bias`)]) : sum
    return hooks.choose([hook], changed, plain)
  }

  /** Scores of new queries against kept and new keys, [B, KV, G·S, P+S], before the mask. */
  private scores(turnedQueries: string, keptKeys: string, newKeys: string): string {
    const { graph } = this
    const { shape, attention } = this.config
    const { heads, keyValueHeads, headWidth } = shape
    // The queries of one group share a key head: [B, KV, G·S, K] spares repeating keys and values.
    const grouped = graph.op('Reshape', [
      this.spread(turnedQueries, heads),
      graph.integers([0, keyValueHeads, -1, headWidth]),
    ])
    const scaled = { alpha: { float: attention.scale }, transB: 1 }
    const products = graph.op(
      'Concat',
      [
        this.kept.scores(grouped, keptKeys, attention.scale),
        graph.op('FusedMatMul', [grouped, newKeys], scaled),
      ],
      { axis: 3 },
    )
    return softCapped(graph, products, attention.softCap)
  }

  /** @param x packed [N, D], normalised  @returns packed [N, D], the layer's attention output. */
  layer(index: number, x: string): string {
    const { graph, hooks } = this
    const { heads, keyValueHeads, headWidth } = this.config.shape
    const name = `model.layers.${index}.self_attn`
    const hook = `blocks.${index}.attn`
    const cache = cacheNames(index)
    const keptKeys = graph.input(cache.keptKeys, 'float32', ['B', keyValueHeads, 'P', headWidth])
    const keptValues = graph.input(cache.keptValues, 'float32', ['B', keyValueHeads, 'P', headWidth])

    const projected = this.project(name, x)
    const queries = hooks.hook(`${hook}.hook_q`, projected.queries)
    const keys = hooks.hook(`${hook}.hook_k`, projected.keys)
    const values = hooks.hook(`${hook}.hook_v`, projected.values)
    const normal = (letter: 'q' | 'k', packed: string, count: number): string =>
      headNorm(this.parts, { name: `${name}.${letter}_norm`, hook: `${hook}.${letter}_norm` }, packed, count)
    const turnedQueries = this.rotated(index, normal('q', queries, heads), heads, `${hook}.hook_rot_q`)
    const turnedKeys = this.rotated(
      index,
      normal('k', keys, keyValueHeads),
      keyValueHeads,
      `${hook}.hook_rot_k`,
    )
    const newKeys = this.spread(turnedKeys, keyValueHeads)
    const newValues = this.spread(values, keyValueHeads)
    graph.output(newKeys, cache.newKeys, 'float32', ['B', keyValueHeads, 'S', headWidth])
    graph.output(newValues, cache.newValues, 'float32', ['B', keyValueHeads, 'S', headWidth])

    const mask = this.hasWindow(index) && this.windowMask !== null ? this.windowMask : this.mask
    const masked = graph.op('Add', [this.scores(turnedQueries, keptKeys, newKeys), mask])
    const scores = this.keyed(`${hook}.hook_attn_scores`, masked)
    const pattern = this.keyed(`${hook}.hook_pattern`, graph.op('Softmax', [scores], { axis: -1 }))
    const [keptPart, newPart] = graph.apply('Split', [pattern, this.partLengths], { axis: 3 }, 2)
    const sum = graph.op('Add', [
      this.kept.sum(keptPart, keptValues),
      graph.op('MatMul', [newPart, newValues]),
    ])
    const z = hooks.hook(`${hook}.hook_z`, this.packed(graph.op('Reshape', [sum, this.gridShape])))
    return this.output(index, z)
  }
}
