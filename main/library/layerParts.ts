// What a layer's heads, neurons and biases add to the residual stream, each by itself.
// Owns: reading their weights, and the norm after attention or MLP that some models have. Not: which of them make a decomposition
// (activationCache.ts) or the arithmetic (analysis/residualStack.ts).
import type { AxedTensor } from '../analysis/axedTensor.ts'
import {
  headResults,
  headsFirst,
  neuronResults,
  normaliseStack,
  repeatRow,
  scaleRows,
} from '../analysis/residualStack.ts'
import { normTensors, type CacheModel } from './cacheModel.ts'

export type LayerPart = 'attention' | 'mlp'

/** Values of a run, at the positions that are wanted. */
export interface PartSource {
  model: CacheModel
  has(hook: string): boolean
  /** @throws hook_unknown, layer_out_of_range, hook_not_cached */
  at(hook: string): AxedTensor
}

const outputName = (layer: number, part: LayerPart): string =>
  `model.layers.${layer}.${part === 'attention' ? 'self_attn.o_proj' : 'mlp.down_proj'}`

/** [B, S, H, D]: what each head gives, from `hook_result` where it is there, else worked out from `hook_z`. */
export async function resultsOf({ model, has, at }: PartSource, layer: number): Promise<AxedTensor> {
  const hook = `blocks.${layer}.attn.hook_result`
  if (has(hook)) return at(hook)
  const output = await model.weights.read(`${outputName(layer, 'attention')}.weight`)
  return headResults(at(`blocks.${layer}.attn.hook_z`), output)
}

/** [H, B, S, D] */
export const headParts = async (source: PartSource, layer: number): Promise<AxedTensor> =>
  asAdded(source, layer, 'attention', headsFirst(await resultsOf(source, layer)))

/** Neurons of one layer: [n, B, S, D]. @throws TypeError for a neuron that is not there */
export async function neuronParts(
  source: PartSource,
  layer: number,
  neurons: readonly number[],
): Promise<AxedTensor> {
  const post = source.at(`blocks.${layer}.mlp.hook_post`)
  const output = await source.model.weights.read(`${outputName(layer, 'mlp')}.weight`)
  return asAdded(source, layer, 'mlp', neuronResults(post, output, neurons))
}

/** What the bias of a layer's attention or MLP adds: [1, B, S, D]; null where there is none. */
export async function biasPart(
  source: PartSource,
  layer: number,
  part: LayerPart,
): Promise<AxedTensor | null> {
  const { weights } = source.model
  const name = `${outputName(layer, part)}.bias`
  if (!weights.has(name)) return null
  const { shape } = source.at(`blocks.${layer}.hook_${part === 'attention' ? 'attn' : 'mlp'}_out`)
  const rows = repeatRow((await weights.read(name)).data, shape[1])
  return asAdded(source, layer, part, rows)
}

/** Parts of what attention or MLP gives, through the norm that the model has there: parts of what reaches the stream. */
async function asAdded(
  { model, at }: PartSource,
  layer: number,
  part: LayerPart,
  parts: AxedTensor,
): Promise<AxedTensor> {
  const { places, kind } = model.config.norm
  if (places === 'before') return parts
  const place = part === 'attention' ? 'ln1' : 'ln2'
  const own = { attention: 'input_layernorm', mlp: 'post_attention_layernorm' }[part]
  const after = { attention: 'attention_output_layernorm', mlp: 'mlp_output_layernorm' }[part]
  const { gain } = await normTensors(model, `model.layers.${layer}.${places === 'both' ? after : own}`)
  const scale = at(`blocks.${layer}.${place}${places === 'both' ? '_post' : ''}.hook_scale`)
  return scaleRows(normaliseStack(parts, scale, kind === 'layer'), gain, null)
}
