// One layer's mixture of experts as graph nodes.
// Owns: the router, which tokens go to which expert, the weighted sum. Not: what one network computes (mlpGraph.ts).
// Each expert runs on its own tokens only; contributions are added in the order of the experts, whatever else is in the pass.
import { activate, type GraphParts } from './mlpGraph.ts'
import type { ExpertsConfig } from './modelFiles.ts'

/** @param x packed [N, D], normalised  @returns packed [N, D]. */
export function expertsLayer(parts: GraphParts, experts: ExpertsConfig, layer: number, x: string): string {
  const { graph } = parts
  const name = `model.layers.${layer}.mlp`
  const { chosen, shares } = route(parts, experts, `${name}.router`, x)
  let sum = graph.op('ConstantOfShape', [graph.op('Shape', [x])])
  for (let expert = 0; expert < experts.count; expert++) {
    const isOwn = graph.op('Equal', [chosen, graph.integers([expert])])
    // [n, 2]: each token that goes to this expert, and the expert's place among the token's.
    const places = graph.op('Transpose', [graph.op('NonZero', [isOwn])], { perm: [1, 0] })
    const [token] = graph.apply('Split', [places, graph.integers([1, 1])], { axis: 1 }, 2)
    const share = graph.op('Unsqueeze', [graph.op('GatherND', [shares, places]), graph.integers([1])])
    const output = network(parts, `${name}.experts.${expert}`, graph.op('GatherND', [x, token]))
    sum = graph.op('ScatterND', [sum, token, graph.op('Mul', [output, share])], { reduction: 'add' })
  }
  return sum
}

/** Experts of each token, int64 [N, k], and what they count for, [N, k]. */
function route(
  { graph, weights }: GraphParts,
  { perToken, isNormalised }: ExpertsConfig,
  router: string,
  x: string,
): { chosen: string; shares: string } {
  const scores = weights.linear(router, x)
  const ranked = isNormalised ? scores : graph.op('Softmax', [scores], { axis: -1 })
  const [largest, chosen] = graph.apply('TopK', [ranked, graph.integers([perToken])], { axis: -1 }, 2)
  // Shares of the chosen that add up to one are a softmax over their scores.
  return { chosen, shares: isNormalised ? graph.op('Softmax', [largest], { axis: -1 }) : largest }
}

function network({ graph, weights, config }: GraphParts, name: string, x: string): string {
  const gate = activate(graph, config.mlp.activation, weights.linear(`${name}.gate_proj`, x))
  const up = weights.linear(`${name}.up_proj`, x)
  return weights.linear(`${name}.down_proj`, graph.op('Mul', [gate, up]))
}
