// One layer's feed-forward network as graph nodes.
// Owns: networks with and without a gate, and their hook points. Not: mixtures of them (expertsGraph.ts) or the residual around them (decoderGraph.ts).
import { traitsOf } from './hookNames.ts'
import type { HookGraph } from './hookGraph.ts'
import type { DecoderConfig, MlpConfig } from './modelFiles.ts'
import type { GraphBuilder } from './onnxWriter.ts'
import type { WeightNodes } from './weightNodes.ts'

/** What every part of a layer is written with. */
export interface GraphParts {
  graph: GraphBuilder
  weights: WeightNodes
  hooks: HookGraph
  config: DecoderConfig
}

/** silu, GELU with the error function, or GELU by a hyperbolic tangent. */
export function activate(graph: GraphBuilder, activation: MlpConfig['activation'], x: string): string {
  // QuickGelu with factor 1 is silu in one operator.
  if (activation === 'silu') return graph.op('QuickGelu', [x], { alpha: { float: 1 } })
  return graph.op('Gelu', [x], { approximate: activation === 'geluTanh' ? 'tanh' : 'none' })
}

/** down(act(gate(x)) ⊙ up(x)), or down(act(up(x))). @param x packed [N, D], normalised  @returns packed [N, D]. */
export function mlpLayer({ graph, weights, hooks, config }: GraphParts, layer: number, x: string): string {
  const name = `model.layers.${layer}.mlp`
  const hook = `blocks.${layer}.mlp`
  const { activation } = config.mlp
  const inner = (): string => {
    if (!traitsOf(config.shape).gatedMlp) {
      const pre = hooks.hook(`${hook}.hook_pre`, weights.linear(`${name}.up_proj`, x))
      return activate(graph, activation, pre)
    }
    const gate = hooks.hook(`${hook}.hook_pre`, weights.linear(`${name}.gate_proj`, x))
    const up = hooks.hook(`${hook}.hook_pre_linear`, weights.linear(`${name}.up_proj`, x))
    return graph.op('Mul', [activate(graph, activation, gate), up])
  }
  return weights.linear(`${name}.down_proj`, hooks.hook(`${hook}.hook_post`, inner()))
}
