// A model's tensors as values of a graph.
// Owns: pointing the graph at bytes inside weights files, and widening half-precision ones. Not: matrices in blocks (blockNodes.ts), reading the files (safetensors.ts, gguf.ts).
// Matrices stay as they are stored, [out, in] or [in, out]: Gemm takes both, so nothing is copied before ONNX Runtime packs them.
import { realpathSync } from 'node:fs'
import path from 'node:path'
import { BlockNodes } from './blockNodes.ts'
import { elementTypes, type GraphBuilder } from './onnxWriter.ts'
import type { WeightMap, WeightTensor } from './modelFiles.ts'

/** The deepest folder that holds all of these files; links are followed, because ONNX Runtime refuses to leave its folder. */
function commonFolder(files: readonly string[]): string {
  const folders = files.map((file) => path.dirname(file).split(path.sep))
  const first = folders[0]
  const same = first.findIndex((_, depth) => folders.some((folder) => folder[depth] !== first[depth]))
  return (same < 0 ? first : first.slice(0, same)).join(path.sep) || path.sep
}

export class WeightNodes {
  /** What ONNX Runtime must be told to find the tensors. */
  readonly folder: string
  private readonly graph: GraphBuilder
  private readonly weights: WeightMap
  private readonly blocks: BlockNodes
  private readonly realPaths = new Map<string, string>()
  private readonly forDevice: boolean

  /** @param forDevice  half-precision tensors are widened at load, since not every device can take rows of them */
  constructor(graph: GraphBuilder, weights: WeightMap, forDevice = false) {
    this.graph = graph
    this.weights = weights
    this.forDevice = forDevice
    this.blocks = new BlockNodes(graph, weights, (name) => this.stored(name))
    for (const { file } of weights.values())
      if (!this.realPaths.has(file)) this.realPaths.set(file, realpathSync(file))
    this.folder = commonFolder([...this.realPaths.values()])
  }

  has(name: string): boolean {
    return this.weights.has(name)
  }

  private find(name: string): WeightTensor {
    const tensor = this.weights.get(name)
    if (!tensor) throw new TypeError(`the weight map has no ${name}`) // readers guarantee completeness
    return tensor
  }

  /** Whether a matrix lies as [in, out]. */
  isTransposed(name: string): boolean {
    return !this.blocks.has(name) && this.find(name).isTransposed === true
  }

  private stored(name: string): string {
    const { file, offset, byteLength, dtype, shape } = this.find(name)
    const realPath = this.realPaths.get(file) as string // the constructor put every file in
    const location = path.relative(this.folder, realPath).split(path.sep).join('/')
    return this.graph.external(name, { location, offset, byteLength, type: dtype, shape })
  }

  private widened(value: string, name: string): string {
    if (this.find(name).dtype === 'float32') return value
    return this.graph.op('Cast', [value], { to: elementTypes.float32 })
  }

  /** The whole tensor in fp32; ONNX Runtime folds the cast of a half-precision one at load. */
  tensor(name: string): string {
    return this.widened(this.stored(name), name)
  }

  /** Rows of a matrix. Only the rows taken are widened, where a device can take rows of half precision. */
  rows(name: string, indices: string): string {
    const take = (tensor: string): string => this.graph.op('Gather', [tensor, indices])
    if (this.forDevice && this.has(name)) return take(this.tensor(name))
    // Embeddings that are tied to a head in blocks are there in floats as well.
    return this.has(name) ? this.widened(take(this.stored(name)), name) : this.blocks.rows(name, take)
  }

  /**
   * The whole tensor, copied when it is wanted. What is made of it is made then, too, where ONNX Runtime would fold what is
   * made of a constant into a second copy of the weights, or pack one.
   * @param zero  int64 [1], a zero that is not known before the graph runs
   */
  copied(name: string, zero: string): string {
    const { graph } = this
    const copy = (tensor: string): string =>
      graph.op('Slice', [tensor, zero, graph.integers([Number.MAX_SAFE_INTEGER]), graph.integers([0])])
    if (this.forDevice && this.has(name)) return copy(this.tensor(name))
    return this.has(name) ? this.widened(copy(this.stored(name)), name) : this.blocks.rows(name, copy)
  }

  /** x·Wᵀ + b for `{name}.weight` and, where there is one, `{name}.bias`. */
  linear(name: string, x: string): string {
    const bias = this.has(`${name}.bias`) ? [this.tensor(`${name}.bias`)] : []
    if (this.blocks.has(`${name}.weight`)) {
      const product = this.blocks.product(`${name}.weight`, x)
      return bias.length > 0 ? this.graph.op('Add', [product, ...bias]) : product
    }
    const transB = this.isTransposed(`${name}.weight`) ? 0 : 1
    return this.graph.op('Gemm', [x, this.tensor(`${name}.weight`), ...bias], { transB })
  }
}
