// One layer's gated feed-forward network as graph nodes.
// Owns: SwiGLU. Not: the residual around it (decoderGraph.ts).
import type { GraphBuilder } from './onnxWriter.ts'
import type { WeightNodes } from './weightNodes.ts'

/** down(silu(gate(x)) ⊙ up(x)). @param x packed [N, D], normalised  @returns packed [N, D]. */
export function mlpLayer(graph: GraphBuilder, weights: WeightNodes, index: number, x: string): string {
  const name = `model.layers.${index}.mlp`
  // QuickGelu with factor 1 is silu in one operator.
  const gate = graph.op('QuickGelu', [weights.linear(`${name}.gate_proj`, x)], { alpha: { float: 1 } })
  const up = weights.linear(`${name}.up_proj`, x)
  return weights.linear(`${name}.down_proj`, graph.op('Mul', [gate, up]))
}
