// One layer's gated feed-forward network as graph nodes.
// Owns: SwiGLU and its hook points. Not: the residual around it (decoderGraph.ts).
import type { HookGraph } from './hookGraph.ts'
import type { GraphBuilder } from './onnxWriter.ts'
import type { WeightNodes } from './weightNodes.ts'

export interface LayerParts {
  graph: GraphBuilder
  weights: WeightNodes
  hooks: HookGraph
}

/** down(silu(gate(x)) ⊙ up(x)). @param x packed [N, D], normalised  @returns packed [N, D]. */
export function mlpLayer({ graph, weights, hooks }: LayerParts, layer: number, x: string): string {
  const name = `model.layers.${layer}.mlp`
  const hook = `blocks.${layer}.mlp`
  const gate = hooks.hook(`${hook}.hook_pre`, weights.linear(`${name}.gate_proj`, x))
  const up = hooks.hook(`${hook}.hook_pre_linear`, weights.linear(`${name}.up_proj`, x))
  // QuickGelu with factor 1 is silu in one operator.
  const active = graph.op('QuickGelu', [gate], { alpha: { float: 1 } })
  const post = hooks.hook(`${hook}.hook_post`, graph.op('Mul', [active, up]))
  return weights.linear(`${name}.down_proj`, post)
}
