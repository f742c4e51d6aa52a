// One layer's self-attention as graph nodes, in the “split” form.
// Owns: grouped queries, rotation, scores against kept and new keys, the weighted sum, and the hook points on the way. Not: the mask's numbers or the cache (inference/).
// Method: kept keys and values are read-only inputs and new ones the only outputs, so nothing of the cache is copied inside a pass.
// Tokens are packed [N, width] for every matrix product; only here are they spread on a grid [B, S] of rows × new positions.
import type { ModelShape } from '../contract/models.ts'
import type { HookGraph } from './hookGraph.ts'
import type { GraphBuilder } from './onnxWriter.ts'
import type { WeightNodes } from './weightNodes.ts'

/** Names of the graph inputs that every layer shares. */
export const passInputs = {
  /** int32 [N]: the new tokens of all rows, one row after the other. */
  tokens: 'tokens',
  /** [N, K/2] */
  cosines: 'rope_cosines',
  /** [N, K/2] */
  sines: 'rope_sines',
  /** int32 [B, S]: which packed token lies at each place of the grid (any, where none does). */
  grid: 'grid_tokens',
  /** int32 [N]: the place b·S + s of each packed token. */
  cells: 'token_cells',
  /** [B, 1, S, P+S]: 0 where a query sees a key, a large negative number elsewhere. */
  mask: 'attention_mask',
  /** int32 [R]: packed tokens whose logits are wanted. */
  logitRows: 'logit_rows',
} as const

/** Names of a layer's cache: kept [B, KV, P, K] in, new [B, KV, S, K] out. */
export const cacheNames = (layer: number) => ({
  keptKeys: `kept_keys.${layer}`,
  keptValues: `kept_values.${layer}`,
  newKeys: `new_keys.${layer}`,
  newValues: `new_values.${layer}`,
})

export class AttentionGraph {
  private readonly graph: GraphBuilder
  private readonly weights: WeightNodes
  private readonly hooks: HookGraph
  private readonly shape: ModelShape
  /** [B, KV, G·S, P+S]: repeated for every head once, because adding it row by row in every layer costs a twelfth of a pass. */
  private readonly mask: string
  /** P and S, in a list. */
  private readonly partLengths: string
  /** [B, H, S, K] in a list. */
  private readonly gridShape: string
  /** [B, H, S, P+S] and [B, KV, G·S, P+S] in lists. */
  private readonly headShape: string
  private readonly groupShape: string

  constructor(graph: GraphBuilder, weights: WeightNodes, hooks: HookGraph, shape: ModelShape) {
    this.graph = graph
    this.weights = weights
    this.hooks = hooks
    this.shape = shape
    const joined = (...parts: string[]): string => graph.op('Concat', parts, { axis: 0 })
    const rows = graph.op('Shape', [passInputs.grid], { start: 0, end: 1 })
    const newLength = graph.op('Shape', [passInputs.grid], { start: 1, end: 2 })
    const totalLength = graph.op('Shape', [passInputs.mask], { start: 3, end: 4 })
    const heads = graph.integers([shape.heads])
    this.gridShape = joined(rows, heads, newLength, graph.integers([shape.headWidth]))
    this.partLengths = joined(graph.op('Sub', [totalLength, newLength]), newLength)
    this.headShape = joined(rows, heads, newLength, totalLength)
    this.groupShape = joined(rows, graph.integers([shape.keyValueHeads, -1]), totalLength)
    const byHead = graph.op('Expand', [passInputs.mask, this.headShape])
    this.mask = graph.op('Reshape', [byHead, this.groupShape])
  }

  /** Packed [N, heads·K], turned by each token's position. */
  private rotated(packed: string, heads: number): string {
    const { graph } = this
    const sequence = graph.op('Unsqueeze', [packed, graph.integers([0])])
    const turned = graph.op(
      'RotaryEmbedding',
      [sequence, graph.integers([0]), passInputs.cosines, passInputs.sines], // row n of the angles is token n's own
      { num_heads: heads },
    )
    return graph.op('Squeeze', [turned, graph.integers([0])])
  }

  /** Packed [N, heads·K] → grid [B, heads, S, K]. */
  private spread(packed: string, heads: number): string {
    const { graph, shape } = this
    const grid = graph.op('Gather', [packed, passInputs.grid])
    const split = graph.op('Reshape', [grid, graph.integers([0, 0, heads, shape.headWidth])])
    return graph.op('Transpose', [split], { perm: [0, 2, 1, 3] })
  }

  /** Grid [B, H, S, K] → packed [N, H·K]. */
  private packed(grid: string): string {
    const { graph, shape } = this
    const byToken = graph.op('Transpose', [grid], { perm: [0, 2, 1, 3] })
    const flat = graph.op('Reshape', [byToken, graph.integers([-1, shape.heads * shape.headWidth])])
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
    const { graph, weights, shape } = this
    const { heads, headWidth, residualWidth } = shape
    const rowCount = graph.op('Shape', [passInputs.grid], { start: 0, end: 1 })
    const weight = graph.op('Reshape', [
      weights.copied(name, graph.op('Sub', [rowCount, rowCount])),
      graph.integers([residualWidth, heads, headWidth]),
    ])
    // A token's heads as rows: [N, H, 1, K] · [H, K, D], so that a row's bits do not depend on how many tokens there are.
    const rows = graph.op('Reshape', [z, graph.integers([-1, heads, 1, headWidth])])
    const result = graph.op('MatMul', [rows, graph.op('Transpose', [weight], { perm: [1, 2, 0] })])
    return graph.op('Reshape', [result, graph.integers([-1, heads * residualWidth])])
  }

  /** Packed [N, H·K] → [N, D]. */
  private output(layer: number, z: string): string {
    const { graph, weights, hooks, shape } = this
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

  /** @param x packed [N, D], normalised  @returns packed [N, D], the layer's attention output. */
  layer(index: number, x: string): string {
    const { graph, weights, hooks, shape } = this
    const { heads, keyValueHeads, headWidth } = shape
    const name = `model.layers.${index}.self_attn`
    const hook = `blocks.${index}.attn`
    const cache = cacheNames(index)
    const keptKeys = graph.input(cache.keptKeys, 'float32', ['B', keyValueHeads, 'P', headWidth])
    const keptValues = graph.input(cache.keptValues, 'float32', ['B', keyValueHeads, 'P', headWidth])

    const queries = hooks.hook(`${hook}.hook_q`, weights.linear(`${name}.q_proj`, x))
    const keys = hooks.hook(`${hook}.hook_k`, weights.linear(`${name}.k_proj`, x))
    const values = hooks.hook(`${hook}.hook_v`, weights.linear(`${name}.v_proj`, x))
    const turnedQueries = hooks.hook(`${hook}.hook_rot_q`, this.rotated(queries, heads))
    const turnedKeys = hooks.hook(`${hook}.hook_rot_k`, this.rotated(keys, keyValueHeads))
    const newKeys = this.spread(turnedKeys, keyValueHeads)
    const newValues = this.spread(values, keyValueHeads)
    graph.output(newKeys, cache.newKeys, 'float32', ['B', keyValueHeads, 'S', headWidth])
    graph.output(newValues, cache.newValues, 'float32', ['B', keyValueHeads, 'S', headWidth])

    // The queries of one group share a key head: [B, KV, G·S, K] spares repeating keys and values.
    const grouped = graph.op('Reshape', [
      this.spread(turnedQueries, heads),
      graph.integers([0, keyValueHeads, -1, headWidth]),
    ])
    const scaled = { alpha: { float: 1 / Math.sqrt(headWidth) }, transB: 1 }
    const products = graph.op(
      'Concat',
      [
        graph.op('FusedMatMul', [grouped, keptKeys], scaled),
        graph.op('FusedMatMul', [grouped, newKeys], scaled),
      ],
      { axis: 3 },
    )
    const scores = this.keyed(`${hook}.hook_attn_scores`, graph.op('Add', [products, this.mask]))
    const pattern = this.keyed(`${hook}.hook_pattern`, graph.op('Softmax', [scores], { axis: -1 }))
    const [keptPart, newPart] = graph.apply('Split', [pattern, this.partLengths], { axis: 3 }, 2)
    const sum = graph.op('Add', [
      graph.op('MatMul', [keptPart, keptValues]),
      graph.op('MatMul', [newPart, newValues]),
    ])
    const z = hooks.hook(`${hook}.hook_z`, this.packed(graph.op('Reshape', [sum, this.gridShape])))
    return this.output(index, z)
  }
}
