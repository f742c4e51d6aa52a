// What a cache needs of its model, and what its decompositions look like.
// Owns: these shapes, and reading a norm's numbers. Not: the decompositions (activationCache.ts) or logits (directLogits.ts).
import type { AxedTensor } from '../analysis/axedTensor.ts'
import type { DecoderConfig } from '../model/modelFiles.ts'
import type { NamedWeights } from './namedWeights.ts'
import type { ModelTokenizer } from './tokenizer.ts'

export interface CacheModel {
  config: DecoderConfig
  weights: NamedWeights
  tokenizer: ModelTokenizer
}

/** Components of the residual stream: [N, 1, S, D], axes `N B S D`. */
export interface ResidualStack extends AxedTensor {
  /** N names, for instance `embed`, `3_attn_out`, `L3H1`. */
  labels: readonly string[]
  /** Position of the first of the S. */
  firstPosition: number
  /** Whether a norm's scale has been applied. */
  isNormalised: boolean
}

/** A norm's gain as it multiplies, and its bias where it has one. @param name  without `.weight` */
export async function normTensors(
  { config, weights }: CacheModel,
  name: string,
): Promise<{ gain: Float32Array; bias: Float32Array | null }> {
  const { data } = await weights.read(`${name}.weight`)
  const gain = config.norm.isGainLessOne ? data.map((value) => value + 1) : data
  return { gain, bias: config.norm.kind === 'layer' ? (await weights.read(`${name}.bias`)).data : null }
}
