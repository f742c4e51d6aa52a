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
  /** Nodes are chosen for a device's kernels, not for the processor's. */
  forDevice: boolean
}

/** silu, GELU with the error function, or GELU by a hyperbolic tangent. */
export function activate(
  { graph, forDevice }: Pick<GraphParts, 'graph' | 'forDevice'>,
  activation: MlpConfig['activation'],
  x: string,
): string {
  if (activation === 'silu')
    // QuickGelu with factor 1 is silu in one operator.
    return forDevice ? exactSilu(graph, x) : graph.op('QuickGelu', [x], { alpha: { float: 1 } })
  return graph.op('Gelu', [x], { approximate: activation === 'geluTanh' ? 'tanh' : 'none' })
}

/**
 * x / (1 + exp(−x)): a sigmoid that is taken as 1 − σ(|x|) has its error relative to one, and multiplied by a large negative x that
 * outweighs the result. The exponent is held below where exp overflows.
 */
function exactSilu(graph: GraphBuilder, x: string): string {
  const exponent = graph.op('Neg', [graph.op('Clip', [x, graph.float(-80)])])
  return graph.op('Div', [x, graph.op('Add', [graph.op('Exp', [exponent]), graph.float(1)])])
}

/** down(act(gate(x)) ⊙ up(x)), or down(act(up(x))). @param x packed [N, D], normalised  @returns packed [N, D]. */
export function mlpLayer(parts: GraphParts, layer: number, x: string): string {
  const { graph, weights, hooks, config } = parts
  const name = `model.layers.${layer}.mlp`
  const hook = `blocks.${layer}.mlp`
  const { activation } = config.mlp
  const inner = (): string => {
    if (!traitsOf(config.shape).gatedMlp) {
      const pre = hooks.hook(`${hook}.hook_pre`, weights.linear(`${name}.up_proj`, x))
      return activate(parts, activation, pre)
    }
    const gate = hooks.hook(`${hook}.hook_pre`, weights.linear(`${name}.gate_proj`, x))
    const up = hooks.hook(`${hook}.hook_pre_linear`, weights.linear(`${name}.up_proj`, x))
    return graph.op('Mul', [activate(parts, activation, gate), up])
  }
  return weights.linear(`${name}.down_proj`, hooks.hook(`${hook}.hook_post`, inner()))
}
