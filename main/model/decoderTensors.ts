// Which tensors a decoder consists of.
// Owns: Hugging Face's names and shapes for Llama-like decoders. Not: where they lie (huggingFaceFolder.ts, ggufModel.ts).
import type { DecoderConfig } from './modelFiles.ts'

/**
 * Every tensor the graph needs, by name, with its row-major shape ([out, in] for matrices).
 * `lm_head.weight` is among them only where embeddings are not tied.
 */
export function decoderTensors(config: DecoderConfig): Map<string, readonly number[]> {
  const { layers, residualWidth, heads, keyValueHeads, headWidth, mlpWidth, vocabulary } = config.shape
  const queryWidth = heads * headWidth
  const keyWidth = keyValueHeads * headWidth
  const tensors = new Map<string, readonly number[]>()
  const matrix = (name: string, rows: number, columns: number, bias: boolean) => {
    tensors.set(`${name}.weight`, [rows, columns])
    if (bias) tensors.set(`${name}.bias`, [rows])
  }
  matrix('model.embed_tokens', vocabulary, residualWidth, false)
  for (let i = 0; i < layers; i++) {
    const layer = `model.layers.${i}`
    tensors.set(`${layer}.input_layernorm.weight`, [residualWidth])
    matrix(`${layer}.self_attn.q_proj`, queryWidth, residualWidth, config.attentionBias)
    matrix(`${layer}.self_attn.k_proj`, keyWidth, residualWidth, config.attentionBias)
    matrix(`${layer}.self_attn.v_proj`, keyWidth, residualWidth, config.attentionBias)
    matrix(`${layer}.self_attn.o_proj`, residualWidth, queryWidth, config.attentionBias)
    tensors.set(`${layer}.post_attention_layernorm.weight`, [residualWidth])
    matrix(`${layer}.mlp.gate_proj`, mlpWidth, residualWidth, config.mlpBias)
    matrix(`${layer}.mlp.up_proj`, mlpWidth, residualWidth, config.mlpBias)
    matrix(`${layer}.mlp.down_proj`, residualWidth, mlpWidth, config.mlpBias)
  }
  tensors.set('model.norm.weight', [residualWidth])
  if (!config.tiedEmbeddings) matrix('lm_head', vocabulary, residualWidth, false)
  return tensors
}

/** How many numbers those tensors hold; a tied embedding counts once. */
export function parameterCount(config: DecoderConfig): number {
  let count = 0
  for (const shape of decoderTensors(config).values()) count += shape.reduce((a, b) => a * b, 1)
  return count
}

/** The name that most matrices (two dimensions) go by, for instance a dtype; the first on a tie. */
export function mostFrequent(tensors: Iterable<{ shape: readonly number[]; dtype: string }>): string {
  const counts = new Map<string, number>()
  for (const { shape, dtype } of tensors) {
    if (shape.length === 2) counts.set(dtype, (counts.get(dtype) ?? 0) + 1)
  }
  return [...counts].reduce((best, next) => (next[1] > best[1] ? next : best), ['none', 0])[0]
}
