// Matrices in blocks of a few bits, as nodes of a graph.
// Owns: products with them and taking rows out of them, in fp32 and with the same bits for a row whatever stands beside it. Not: how blocks are made (blockNumbers.ts) or named (blockWeights.ts).
// Why MatMulNBits is used as it is here: docs/decisions/0006-quantised-weights.md.
import { blockParts } from './blockWeights.ts'
import type { WeightMap } from './modelFiles.ts'
import { elementTypes, type GraphBuilder } from './onnxWriter.ts'

/** Products in fp32. From 2 on MatMulNBits may round activations, and 4 does. */
const fp32Accuracy = 1

export class BlockNodes {
  private readonly graph: GraphBuilder
  private readonly weights: WeightMap
  /** Declares a tensor by its name. */
  private readonly stored: (name: string) => string

  constructor(graph: GraphBuilder, weights: WeightMap, stored: (name: string) => string) {
    this.graph = graph
    this.weights = weights
    this.stored = stored
  }

  /** Whether the matrix of this name is in blocks. */
  has(name: string): boolean {
    return this.weights.has(blockParts(name).high)
  }

  private sizes(name: string): { rows: number; width: number; blocks: number; size: number } {
    const shape = this.weights.get(blockParts(name).high)?.shape
    if (!shape) throw new TypeError(`${name} is not in blocks`)
    const [rows, blocks, bytes] = shape
    return { rows, blocks, size: 2 * bytes, width: 2 * bytes * blocks }
  }

  /** x·Wᵀ. @param x  [N, in]  @returns [N, out] */
  product(name: string, x: string): string {
    const { graph, weights, stored } = this
    const { rows, width, blocks, size } = this.sizes(name)
    const names = blockParts(name)
    const count = graph.op('Shape', [x], { start: 0, end: 1 })
    const even = this.evenRows(x, count)
    const attributes = { K: width, N: rows, bits: 4, block_size: size, accuracy_level: fp32Accuracy }
    const times = (...inputs: string[]): string => graph.op('MatMulNBits', [even, ...inputs], attributes)
    const scales = stored(names.scales)
    let result = times(stored(names.high), scales)
    if (weights.has(names.low)) {
      const lower = times(stored(names.low), scales, stored(names.lowZeros))
      result = graph.op('Add', [graph.op('Mul', [result, graph.float(16)]), lower])
    }
    if (weights.has(names.offsets)) {
      const inBlocks = graph.op('Reshape', [even, graph.integers([-1, blocks, size])])
      const sums = graph.op('ReduceSum', [inBlocks, graph.integers([2])], { keepdims: 0 })
      result = graph.op('Gemm', [sums, stored(names.offsets), result], { transB: 1 })
    }
    return graph.op('Slice', [result, graph.integers([0]), count, graph.integers([0])])
  }

  /** A product with a single row has a kernel of its own, and so other bits: an odd number of rows gets the first once more. */
  private evenRows(x: string, count: string): string {
    const { graph } = this
    const further = graph.op('Mod', [count, graph.integers([2])])
    const first = graph.op('Slice', [x, graph.integers([0]), further, graph.integers([0])])
    return graph.op('Concat', [x, first], { axis: 0 })
  }

  /** Rows of the matrix in fp32, [n, in]. @param take  does the taking, from each of the parts' tensors */
  rows(name: string, take: (tensor: string) => string): string {
    const { graph, weights, stored } = this
    const { width, size } = this.sizes(name)
    const names = blockParts(name)
    const perBlock = (tensor: string): string =>
      graph.op('Unsqueeze', [take(stored(tensor)), graph.integers([2])])
    const isWide = weights.has(names.low)
    const high = this.halves(take(stored(names.high)), size)
    const integers = isWide
      ? graph.op('Add', [
          graph.op('Mul', [high, graph.float(16)]),
          this.halves(take(stored(names.low)), size),
        ])
      : high
    const centred = graph.op('Sub', [integers, graph.float(isWide ? 128 : 8)])
    const scaled = graph.op('Mul', [centred, perBlock(names.scales)])
    const values = weights.has(names.offsets) ? graph.op('Add', [scaled, perBlock(names.offsets)]) : scaled
    return graph.op('Reshape', [values, graph.integers([-1, width])])
  }

  /** Bytes [n, blocks, size / 2] as the numbers 0 … 15 in their halves, [n, blocks, size] in fp32. */
  private halves(bytes: string, size: number): string {
    const { graph } = this
    const value = graph.op('Cast', [bytes], { to: elementTypes.float32 })
    const upper = graph.op('Floor', [graph.op('Mul', [value, graph.float(1 / 16)])])
    const lower = graph.op('Sub', [value, graph.op('Mul', [upper, graph.float(16)])])
    const last = graph.integers([3])
    const pairs = [lower, upper].map((each) => graph.op('Unsqueeze', [each, last]))
    return graph.op('Reshape', [graph.op('Concat', pairs, { axis: 3 }), graph.integers([0, 0, size])])
  }
}
