// Gemma 2: norms before and after, soft caps, scaled embeddings, a window in every other layer.
// Owns: those. Not: Gemma 3 (gemma3.ts), which has its tensors' names.
import { slidingLayers, windowOf, withAttention, withTraits, type Architecture } from './architecture.ts'
import type { ConfigFields, Refusals } from './configFields.ts'
import type { DecoderConfig } from '../modelFiles.ts'
import type { TensorNames } from './tensorNames.ts'

/** What both Gemmas have: their norms' gains are stored less one, and embeddings are multiplied by √D. */
export function gemmaDecoder(plain: DecoderConfig, fields: ConfigFields, refusals: Refusals): DecoderConfig {
  if (fields.use_bidirectional_attention) throw refusals.unsupported('attention in both directions')
  const bias = fields.attention_bias ?? false
  const attended = withAttention(plain, {
    scale: 1 / Math.sqrt(fields.query_pre_attn_scalar ?? 256),
    inputBias: bias,
    outputBias: bias,
  })
  const normed: DecoderConfig = {
    ...attended,
    norm: { ...plain.norm, isGainLessOne: true, places: 'both' },
    embeddingScale: Math.sqrt(plain.shape.residualWidth),
  }
  return withTraits(normed, { postNorms: true })
}

export const gemmaTensors: TensorNames = {
  parts: {
    post_attention_layernorm: 'pre_feedforward_layernorm',
    attention_output_layernorm: 'post_attention_layernorm',
    mlp_output_layernorm: 'post_feedforward_layernorm',
  },
}

export const gemma2: Architecture = {
  type: 'gemma2',
  classes: ['Gemma2ForCausalLM'],
  models: 'Gemma 2',
  aliases: { hidden_activation: 'hidden_act' },
  defaults: {
    keyValueHeads: 4,
    headWidth: 256,
    contextLength: 8192,
    activation: 'gelu_pytorch_tanh',
    tiedEmbeddings: true,
  },
  describe(plain, fields, refusals) {
    const { attn_logit_softcapping: scores, final_logit_softcapping: logits } = fields
    const decoder = gemmaDecoder(plain, fields, refusals)
    const layers = slidingLayers(fields, (layer) => layer % 2 === 0, refusals)
    const windowed = withAttention(decoder, {
      // Left out they have Gemma's value, an explicit null is none.
      softCap: scores === undefined ? 50 : scores,
      window: windowOf(
        fields.sliding_window === undefined ? 4096 : fields.sliding_window,
        plain.shape,
        layers,
      ),
    })
    return { ...windowed, logitSoftCap: logits === undefined ? 30 : logits }
  },
  tensors: gemmaTensors,
  gguf: {
    architecture: 'gemma2',
    // The file does not say it; only the one of 27 billion (46 layers) divides by its residual width per head.
    queryScalar: ({ layers, headWidth, residualWidth, heads }) =>
      layers === 46 ? residualWidth / heads : headWidth,
  },
}
