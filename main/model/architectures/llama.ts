// Llama 2 and 3, and the many that are built like it.
// Owns: nothing but optional biases: every other architecture is described by what differs from this one.
import { withAttention, type Architecture } from './architecture.ts'

export const llama: Architecture = {
  type: 'llama',
  classes: ['LlamaForCausalLM'],
  models: 'Llama 2 and 3, SmolLM, SmolLM2, TinyLlama',
  describe(plain, { attention_bias, mlp_bias }) {
    const bias = attention_bias ?? false
    return {
      ...withAttention(plain, { inputBias: bias, outputBias: bias }),
      mlp: { ...plain.mlp, bias: mlp_bias ?? false },
    }
  },
  gguf: { architecture: 'llama', hasPairedRows: true },
}
