// Mistral: a Llama whose tokens see a window of positions.
// Owns: the window's default. Not: mixtures of experts (mixtral.ts).
import { windowOf, withAttention, type Architecture } from './architecture.ts'

export const mistral: Architecture = {
  type: 'mistral',
  classes: ['MistralForCausalLM'],
  models: 'Mistral',
  defaults: { keyValueHeads: 8, contextLength: 131072 },
  // Left out it is 4096, an explicit null is none.
  describe: (plain, { sliding_window }) =>
    withAttention(plain, {
      window: windowOf(sliding_window === undefined ? 4096 : sliding_window, plain.shape),
    }),
}
