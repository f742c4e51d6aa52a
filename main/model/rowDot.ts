// Sums along rows whose bits do not depend on how many rows there are.
// Owns: one product in place of a reduction. Not: what is summed.
import type { GraphBuilder } from './onnxWriter.ts'

/**
 * Row-wise a · b, [N, W] and [N, W] → [N, 1]. N products of single rows: ONNX Runtime's reductions sum a single row in
 * another order than a row among others.
 */
export function rowDot(graph: GraphBuilder, a: string, b: string): string {
  const line = graph.op('Unsqueeze', [a, graph.integers([1])])
  const column = graph.op('Unsqueeze', [b, graph.integers([2])])
  return graph.op('Squeeze', [graph.op('MatMul', [line, column]), graph.integers([2])])
}
