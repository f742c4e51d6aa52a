// Products of attention with what the cache keeps, whose bits depend on nothing but their own row.
// Owns: how long sums over kept positions, and over wide heads, are cut into parts. Not: the rest of attention (attentionGraph.ts).
// ONNX Runtime (MLAS, sgemm.cpp) sums a product in blocks whose length follows from the columns that a thread gets, hence from
// the number of rows beside it and of threads. Two sums are free of that: those of at most 128 terms, and those of which
// a thread gets whole rows, which is so where there are at least as many rows as columns.
import { passInputs } from './passInputs.ts'
import type { GraphBuilder } from './onnxWriter.ts'

/** Terms of a sum that is never cut; what is kept has room for a multiple of so many positions. */
const partLength = 64
const uncutTerms = 128
/** Rows of the narrowest grid of a prompt (inference/scheduler.ts). */
const leastPromptWidth = 32

export class KeptProducts {
  private readonly graph: GraphBuilder
  private readonly headWidth: number
  /** Whether a prompt's rows are fewer than a head is wide. */
  private readonly hasShortPrompts: boolean
  /** Boolean: the pass has one new token in each row. */
  private readonly isAnswer: string

  /** @param group  query heads that share a key head */
  constructor(graph: GraphBuilder, { headWidth, group }: { headWidth: number; group: number }) {
    this.graph = graph
    this.headWidth = headWidth
    this.hasShortPrompts = group * leastPromptWidth < headWidth
    const width = graph.op('Shape', [passInputs.grid], { start: 1, end: 2 })
    this.isAnswer = graph.op('Equal', [width, graph.integers([1])])
  }

  /** scale · queries · keysᵀ: [B, KV, R, K] and [B, KV, P, K] → [B, KV, R, P]. */
  scores(queries: string, keys: string, scale: number): string {
    const { graph, headWidth } = this
    const scaled = { alpha: { float: scale }, transB: 1 }
    if (headWidth <= uncutTerms) return graph.op('FusedMatMul', [queries, keys], scaled)
    // A few columns at a time: a sum is then cut after at least 256 terms.
    const parts = graph.op('Reshape', [keys, graph.integers([0, 0, -1, partLength, headWidth])])
    const byPart = graph.op(
      'FusedMatMul',
      [graph.op('Unsqueeze', [queries, graph.integers([2])]), parts],
      scaled,
    )
    return graph.op('Reshape', [this.partsInside(byPart), graph.integers([0, 0, 0, -1])])
  }

  /** pattern · values: [B, KV, R, P] and [B, KV, P, K] → [B, KV, R, K]. */
  sum(pattern: string, values: string): string {
    if (this.hasShortPrompts) return this.inParts(pattern, values)
    const [sum] = this.graph.either(
      this.isAnswer,
      () => [this.inParts(pattern, values)],
      () => [this.graph.op('MatMul', [pattern, values])],
    )
    return sum
  }

  private inParts(pattern: string, values: string): string {
    const { graph, headWidth } = this
    const split = graph.op('Reshape', [pattern, graph.integers([0, 0, 0, -1, partLength])])
    const parts = graph.op('Reshape', [values, graph.integers([0, 0, -1, partLength, headWidth])])
    const byPart = graph.op('MatMul', [this.partsInside(split), parts])
    const count = graph.op('Shape', [parts], { start: 2, end: 3 })
    const twoRows = graph.op('Concat', [graph.integers([2]), count], { axis: 0 })
    const ones = graph.op('Add', [graph.op('ConstantOfShape', [twoRows]), graph.float(1)])
    // A product with ones, because a reduction's order of sums depends on how many there are; two rows of them, because one
    // row alone is summed by fours, and then by what is left.
    const twice = graph.op('MatMul', [ones, graph.op('Reshape', [byPart, graph.integers([0, 0, 0, -1])])])
    const axis = graph.integers([2])
    const once = graph.op('Slice', [twice, graph.integers([0]), graph.integers([1]), axis])
    return graph.op('Reshape', [once, graph.integers([0, 0, -1, headWidth])])
  }

  /** [B, KV, C, R, L] ↔ [B, KV, R, C, L] */
  private partsInside(value: string): string {
    return this.graph.op('Transpose', [value], { perm: [0, 1, 3, 2, 4] })
  }
}
