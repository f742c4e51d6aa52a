// Products of attention with what the cache keeps, whose bits depend on nothing but their own row.
// Owns: how long sums over kept positions, and over wide heads, are cut into parts. Not: the rest of attention (attentionGraph.ts).
// ONNX Runtime (MLAS, sgemm.cpp) sums a product in blocks whose length follows from the columns that a thread gets, hence from
// the number of rows beside it and of threads. Three sums are free of that: those of at most 128 terms, those of which a
// thread gets whole rows, which is so where there are at least as many rows as columns, and those of products with a single row.
// The last also take half the time, because nothing is packed for them (docs/decisions/0011-kernels.md).
import { passInputs } from './passInputs.ts'
import type { ModelShape } from '../contract/models.ts'
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
  /** Whether queries of answers can be taken one at a time: those of one sequence that share its only key head are made one product again. */
  private readonly hasRowProducts: boolean
  /** Boolean: the pass has one new token in each row. */
  private readonly isAnswer: string

  constructor(graph: GraphBuilder, shape: Pick<ModelShape, 'heads' | 'keyValueHeads' | 'headWidth'>) {
    const { heads, keyValueHeads, headWidth } = shape
    this.graph = graph
    this.headWidth = headWidth
    this.hasShortPrompts = (heads / keyValueHeads) * leastPromptWidth < headWidth
    this.hasRowProducts = keyValueHeads > 1
    const width = graph.op('Shape', [passInputs.grid], { start: 1, end: 2 })
    this.isAnswer = graph.op('Equal', [width, graph.integers([1])])
  }

  /** scale · queries · keysᵀ: [B, KV, R, K] and [B, KV, P, K] → [B, KV, R, P]. */
  scores(queries: string, keys: string, scale: number): string {
    if (!this.hasRowProducts) return this.groupScores(queries, keys, scale)
    const [scores] = this.graph.either(
      this.isAnswer,
      () => [this.rowScores(queries, keys, scale)],
      () => [this.groupScores(queries, keys, scale)],
    )
    return scores
  }

  /** One query at a time: scaled before, since only a product without a factor takes the kernel of single rows. */
  private rowScores(queries: string, keys: string, scale: number): string {
    const { graph } = this
    const scaled = graph.op('Mul', [queries, graph.float(scale)])
    if (this.headWidth <= uncutTerms)
      return this.rowProduct(scaled, keys, (row, all) =>
        graph.op('FusedMatMul', [row, all], { alpha: { float: 1 }, transB: 1 }),
      )
    const line = graph.op('Unsqueeze', [scaled, graph.integers([3, 4])])
    const byPart = graph.op(
      'FusedMatMul',
      [line, graph.op('Unsqueeze', [this.inParts(keys), graph.integers([2])])],
      { alpha: { float: 1 }, transB: 1 },
    )
    return graph.op('Reshape', [byPart, graph.integers([0, 0, 0, -1])])
  }

  private groupScores(queries: string, keys: string, scale: number): string {
    const { graph, headWidth } = this
    const scaled = { alpha: { float: scale }, transB: 1 }
    if (headWidth <= uncutTerms) return graph.op('FusedMatMul', [queries, keys], scaled)
    // A few columns at a time: a sum is then cut after at least 256 terms.
    const line = graph.op('Unsqueeze', [queries, graph.integers([2])])
    const byPart = graph.op('FusedMatMul', [line, this.inParts(keys)], scaled)
    return graph.op('Reshape', [this.partsInside(byPart), graph.integers([0, 0, 0, -1])])
  }

  /** pattern · values: [B, KV, R, P] and [B, KV, P, K] → [B, KV, R, K]. */
  sum(pattern: string, values: string): string {
    const { graph } = this
    const inParts = (): string => this.sumOfParts(pattern, values)
    const byRow = (): string => this.rowProduct(pattern, values, (row, all) => graph.op('MatMul', [row, all]))
    const ofAnswer = this.hasRowProducts ? byRow : inParts
    const ofPrompt = this.hasShortPrompts ? inParts : () => graph.op('MatMul', [pattern, values])
    if (ofAnswer === ofPrompt) return inParts()
    const [sum] = graph.either(
      this.isAnswer,
      () => [ofAnswer()],
      () => [ofPrompt()],
    )
    return sum
  }

  /** [B, KV, R, …] and [B, KV, …, …], every row a product of its own. @param product  of [B, KV, R, 1, …] and [B, KV, 1, …, …] */
  private rowProduct(rows: string, all: string, product: (row: string, all: string) => string): string {
    const { graph } = this
    const line = graph.op('Unsqueeze', [rows, graph.integers([3])])
    const shared = graph.op('Unsqueeze', [all, graph.integers([2])])
    return graph.op('Squeeze', [product(line, shared), graph.integers([3])])
  }

  private sumOfParts(pattern: string, values: string): string {
    const { graph, headWidth } = this
    const split = graph.op('Reshape', [pattern, graph.integers([0, 0, 0, -1, partLength])])
    const parts = this.inParts(values)
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

  /** [B, KV, P, K] → [B, KV, C, L, K] */
  private inParts(kept: string): string {
    const shape = this.graph.integers([0, 0, -1, partLength, this.headWidth])
    return this.graph.op('Reshape', [kept, shape])
  }

  /** [B, KV, C, R, L] ↔ [B, KV, R, C, L] */
  private partsInside(value: string): string {
    return this.graph.op('Transpose', [value], { perm: [0, 1, 3, 2, 4] })
  }
}
