// Qwen 2 and 2.5: a Llama with biases on queries, keys and values.
// Owns: those, and the layers with a window. Not: Qwen 3 (qwen3.ts).
import { slidingLayers, windowOf, withAttention, type Architecture } from './architecture.ts'
import type { ConfigFields, Refusals } from './configFields.ts'
import type { AttentionConfig, DecoderConfig } from '../modelFiles.ts'

/** The window of Qwen's later layers, where config.json switches it on. */
export function qwenWindow(
  plain: DecoderConfig,
  fields: ConfigFields,
  refusals: Refusals,
): AttentionConfig['window'] {
  if (!fields.use_sliding_window) return null
  const from = fields.max_window_layers ?? 28
  const layers = slidingLayers(fields, (layer) => layer >= from, refusals)
  return windowOf(fields.sliding_window ?? 4096, plain.shape, layers)
}

export const qwen2: Architecture = {
  type: 'qwen2',
  classes: ['Qwen2ForCausalLM'],
  models: 'Qwen2, Qwen2.5',
  defaults: { contextLength: 32768 },
  describe: (plain, fields, refusals) =>
    withAttention(plain, { inputBias: true, window: qwenWindow(plain, fields, refusals) }),
  gguf: { architecture: 'qwen2' },
}
