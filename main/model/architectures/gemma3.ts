// Gemma 3, text only: a Gemma 2 without soft caps, whose queries and keys are normalised and whose windows turn by their own angles.
// Owns: those. Not: its vision part, which is not opened.
import { slidingLayers, withAttention, type Architecture } from './architecture.ts'
import { gemmaDecoder, gemmaTensors } from './gemma2.ts'
import { readWindowRotary } from './rotaryFields.ts'

export const gemma3: Architecture = {
  type: 'gemma3_text',
  classes: ['Gemma3ForCausalLM'],
  models: 'Gemma 3',
  aliases: { hidden_activation: 'hidden_act' },
  defaults: {
    keyValueHeads: 4,
    headWidth: 256,
    contextLength: 131072,
    ropeTheta: 1e6,
    activation: 'gelu_pytorch_tanh',
    tiedEmbeddings: true,
  },
  describe(plain, fields, refusals) {
    const pattern = fields.sliding_window_pattern ?? 6
    const layers = slidingLayers(fields, (layer) => (layer + 1) % pattern !== 0, refusals)
    const window = fields.sliding_window === undefined ? 4096 : fields.sliding_window
    const { headWidth, contextLength } = plain.shape
    return {
      ...withAttention(gemmaDecoder(plain, fields, refusals), {
        queryKeyNorm: 'heads',
        softCap: fields.attn_logit_softcapping ?? null,
        // Kept where it hides nothing, too: its layers turn by other angles.
        window: window && layers.length > 0 ? { positions: Math.min(window, contextLength), layers } : null,
      }),
      windowRotary:
        layers.length > 0 ? readWindowRotary(fields, { headWidth, contextLength }, refusals) : null,
      logitSoftCap: fields.final_logit_softcapping ?? null,
    }
  },
  tensors: gemmaTensors,
  gguf: {
    architecture: 'gemma3',
    // As Gemma 2; here the one of 27 billion has 62 layers.
    queryScalar: ({ layers, headWidth, residualWidth, heads }) =>
      layers === 62 ? residualWidth / heads : headWidth,
  },
}
