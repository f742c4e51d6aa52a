// A model's weights by name, out of its files, while it runs elsewhere.
// Owns: reading a tensor, some of its rows, or all of them part by part. Not: which tensors there are (model/decoderTensors.ts).
import { errors } from '../contract/errors.ts'
import { blockParts } from '../model/blockWeights.ts'
import { nearestNames } from '../contract/nearestNames.ts'
import type { WeightMap, WeightTensor } from '../model/modelFiles.ts'
import { readRows, readWeight } from '../model/safetensors.ts'

export interface NamedWeight {
  /** Row-major, as stored. */
  data: Float32Array
  shape: readonly number[]
  /** A matrix that is stored [in, out]; others are [out, in]. */
  isTransposed: boolean
}

export class NamedWeights {
  private readonly weights: WeightMap

  /** @internal */
  constructor(weights: WeightMap) {
    this.weights = weights
  }

  /** Hugging Face's names, for instance `model.layers.0.self_attn.o_proj.weight`. */
  get names(): string[] {
    return [...this.weights.keys()].filter((name) => !/\.blocks(\.|$)/.test(name))
  }

  has(name: string): boolean {
    return this.weights.has(name) || this.weights.has(blockParts(name).high)
  }

  private find(name: string): WeightTensor {
    // Floats may lie beside the blocks, but are not what the model computes with.
    if (this.weights.has(blockParts(name).high)) throw errors.weightInBlocks({ name })
    const tensor = this.weights.get(name)
    if (!tensor) throw errors.weightUnknown({ name, near: nearestNames(name, this.names) })
    return tensor
  }

  /**
   * A whole tensor, read anew each time.
   * @throws weight_unknown, weight_in_blocks; model_truncated where the file has become shorter
   */
  async read(name: string): Promise<NamedWeight> {
    const tensor = this.find(name)
    return {
      data: await readWeight(tensor),
      shape: tensor.shape,
      isTransposed: tensor.isTransposed ?? false,
    }
  }

  /**
   * Single rows of a matrix, one after the other.
   * @returns indices.length × the row's width
   * @throws weight_unknown, weight_in_blocks; a TypeError for a row that is not there
   */
  async rows(name: string, indices: readonly number[]): Promise<Float32Array> {
    const tensor = this.find(name)
    const [count, width] = tensor.shape
    const data = new Float32Array(indices.length * width)
    for (const [place, index] of indices.entries()) {
      if (!(index >= 0 && index < count)) throw new TypeError(`${name} has ${count} rows and none ${index}`)
      const rowBytes = tensor.byteLength / count
      const row = {
        ...tensor,
        offset: tensor.offset + index * rowBytes,
        byteLength: rowBytes,
        shape: [width],
      }
      data.set(await readWeight(row), place * width)
    }
    return data
  }

  /** All rows of a matrix, some at a time, so that it need not lie in memory as a whole. @throws weight_unknown, weight_in_blocks */
  async *rowParts(name: string): AsyncGenerator<{ first: number; data: Float32Array }> {
    const tensor = this.find(name)
    const width = tensor.shape[1]
    let first = 0
    for await (const data of readRows(tensor)) {
      yield { first, data }
      first += data.length / width
    }
  }
}
