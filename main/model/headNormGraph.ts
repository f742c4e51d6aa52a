// Norms of queries and of keys as graph nodes, with their hook points.
// Owns: one norm for each head, or one over all heads. Not: norms of the residual stream (normGraph.ts), rotation (attentionGraph.ts).
// Hook points as TransformerLens's: the divisor, and what was divided, before the gain.
import type { GraphParts } from './mlpGraph.ts'
import type { NormPlace } from './normGraph.ts'
import { rowDot } from './rowDot.ts'

/**
 * Queries or keys as their norm leaves them; as they are, where there is none.
 * @param packed  [N, heads·K] @returns [N, heads·K]
 */
export function headNorm(
  { graph, weights, hooks, config }: GraphParts,
  { name, hook }: NormPlace,
  packed: string,
  heads: number,
): string {
  const { queryKeyNorm } = config.attention
  if (queryKeyNorm === 'none') return packed
  const { headWidth } = config.shape
  const [units, width] = queryKeyNorm === 'heads' ? [heads, headWidth] : [1, heads * headWidth]
  const inRows = (value: string, size: number): string =>
    graph.op('Reshape', [value, graph.integers([-1, size])])
  const joined = (rows: string): string => inRows(rows, heads * headWidth)
  const stored = weights.tensor(`${name}.weight`)
  const gain = config.norm.isGainLessOne ? graph.op('Add', [stored, graph.float(1)]) : stored
  const rows = inRows(packed, width)
  const scaleOf = (): string => {
    const mean = graph.op('Mul', [rowDot(graph, rows, rows), graph.float(1 / width)])
    return graph.op('Sqrt', [graph.op('Add', [mean, graph.float(config.norm.epsilon)])])
  }
  const attributes = { epsilon: { float: config.norm.epsilon }, axis: -1, stash_type: 1 }
  const plain = joined(graph.op('SimplifiedLayerNormalization', [rows, gain], attributes))
  const [scaleHook, normalizedHook] = [`${hook}.hook_scale`, `${hook}.hook_normalized`]
  if (!hooks.touches(scaleHook, normalizedHook)) {
    hooks.hookAside(scaleHook, () => inRows(scaleOf(), units))
    hooks.hookAside(normalizedHook, () => joined(graph.op('Div', [rows, scaleOf()])))
    return plain
  }
  const scale = hooks.hook(scaleHook, inRows(scaleOf(), units))
  const normalized = hooks.hook(normalizedHook, joined(graph.op('Div', [rows, inRows(scale, 1)])))
  const changed = joined(graph.op('Mul', [inRows(normalized, width), gain]))
  return hooks.choose([scaleHook, normalizedHook], changed, plain)
}
