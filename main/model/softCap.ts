// Soft caps: numbers kept within bounds without a corner.
// Owns: one formula. Source: Gemma 2 (Gemma Team 2024).
import type { GraphBuilder } from './onnxWriter.ts'

/** cap · tanh(x / cap); x itself where the cap is null. */
export const softCapped = (graph: GraphBuilder, x: string, cap: number | null): string =>
  cap === null
    ? x
    : graph.op('Mul', [graph.op('Tanh', [graph.op('Mul', [x, graph.float(1 / cap)])]), graph.float(cap)])
