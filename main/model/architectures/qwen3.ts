// Qwen 3: a Llama whose queries and keys are normalised, head by head.
// Owns: that. Not: its mixtures of experts (qwen3Moe.ts).
import { withAttention, type Architecture } from './architecture.ts'
import { qwenWindow } from './qwen2.ts'

export const qwen3: Architecture = {
  type: 'qwen3',
  classes: ['Qwen3ForCausalLM'],
  models: 'Qwen3',
  defaults: { contextLength: 32768, headWidth: 128 },
  describe(plain, fields, refusals) {
    const bias = fields.attention_bias ?? false
    return withAttention(plain, {
      queryKeyNorm: 'heads',
      inputBias: bias,
      outputBias: bias,
      window: qwenWindow(plain, fields, refusals),
    })
  },
  gguf: { architecture: 'qwen3' },
}
