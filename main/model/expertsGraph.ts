// One layer's mixture of experts as graph nodes.
// Owns: the router with its hook points, which tokens go to which expert, the weighted sum. Not: what one network computes (mlpGraph.ts).
// Each expert runs on its own tokens only; contributions are added in the order of the experts, whatever else is in the pass.
import { activate, type GraphParts } from './mlpGraph.ts'
import type { ExpertsConfig } from './modelFiles.ts'
import { elementTypes, type GraphBuilder } from './onnxWriter.ts'
import { rowDot } from './rowDot.ts'

/** @param x packed [N, D], normalised  @returns packed [N, D]. */
export function expertsLayer(parts: GraphParts, experts: ExpertsConfig, layer: number, x: string): string {
  const { graph } = parts
  const name = `model.layers.${layer}.mlp`
  const { chosen, shares } = route(parts, experts, layer, x)
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
interface Route {
  chosen: string
  shares: string
}

function route(
  { graph, weights, hooks }: GraphParts,
  experts: ExpertsConfig,
  layer: number,
  x: string,
): Route {
  const { perToken, isNormalised } = experts
  const weightsHook = `blocks.${layer}.mlp.hook_expert_weights`
  const indicesHook = `blocks.${layer}.mlp.hook_expert_indices`
  const scores = weights.linear(`model.layers.${layer}.mlp.router`, x)
  const probabilities = (): string => graph.op('Softmax', [scores], { axis: -1 })
  const best = (ranked: string): string[] =>
    graph.apply('TopK', [ranked, graph.integers([perToken])], { axis: -1 }, 2)
  const asFloats = (chosen: string): string => graph.op('Cast', [chosen], { to: elementTypes.float32 })
  const [largest, chosen] = best(isNormalised ? scores : probabilities())
  // Shares of the chosen that add up to one are a softmax over their scores.
  const shares = isNormalised ? graph.op('Softmax', [largest], { axis: -1 }) : largest
  if (!hooks.touches(weightsHook, indicesHook)) {
    hooks.hookAside(weightsHook, probabilities)
    hooks.hookAside(indicesHook, () => asFloats(chosen))
    return { chosen, shares }
  }
  // As floats, since no other numbers pass a cut of the graph.
  const own = asFloats(chosen)
  const [weighed, places] = best(hooks.hook(weightsHook, probabilities()))
  const named = hooks.hook(indicesHook, asFloats(places))
  const both = [weightsHook, indicesHook]
  // What is no expert's number is the nearest that is one.
  const bounds = [graph.float(0), graph.float(experts.count - 1)]
  const nearest = graph.op('Clip', [graph.op('Round', [hooks.choose(both, named, own)]), ...bounds])
  return {
    chosen: graph.op('Cast', [nearest], { to: elementTypes.int64 }),
    shares: hooks.choose(both, isNormalised ? shared(graph, weighed) : weighed, shares),
  }
}

/** Rows as parts of their sums. */
function shared(graph: GraphBuilder, rows: string): string {
  const ones = graph.op('Add', [graph.op('Sub', [rows, rows]), graph.float(1)])
  return graph.op('Div', [rows, rowDot(graph, rows, ones)])
}

function network(parts: GraphParts, name: string, x: string): string {
  const { graph, weights, config } = parts
  const gate = activate(parts, config.mlp.activation, weights.linear(`${name}.gate_proj`, x))
  const up = weights.linear(`${name}.up_proj`, x)
  return weights.linear(`${name}.down_proj`, graph.op('Mul', [gate, up]))
}
