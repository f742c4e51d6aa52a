// OLMo 2: norms after attention and MLP instead of before, and one over all queries and one over all keys.
// Owns: those. Source: modeling_olmo2.py.
import { withAttention, type Architecture } from './architecture.ts'

export const olmo2: Architecture = {
  type: 'olmo2',
  classes: ['Olmo2ForCausalLM'],
  models: 'OLMo 2',
  defaults: { normEpsilon: 1e-5 },
  describe(plain, fields) {
    const bias = fields.attention_bias ?? false
    const attended = withAttention(plain, { queryKeyNorm: 'whole', inputBias: bias, outputBias: bias })
    return { ...attended, norm: { ...plain.norm, places: 'after' } }
  },
  tensors: {
    parts: {
      input_layernorm: 'post_attention_layernorm',
      post_attention_layernorm: 'post_feedforward_layernorm',
    },
  },
  gguf: {
    architecture: 'olmo2',
    parts: { input_layernorm: 'post_attention_norm', post_attention_layernorm: 'post_ffw_norm' },
  },
}
