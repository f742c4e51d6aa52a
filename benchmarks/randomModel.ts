// Llamas of random weights in half precision, for benchmarks of size and speed: what they say means nothing.
// Owns: their shapes and folders. Not: what is measured with them.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededGenerator } from '../main/analysis/seededGenerator.ts'
import { writeSafetensors, type TensorToWrite } from '../main/model/safetensors.ts'

export interface RandomShape {
  name: string
  layers: number
  width: number
  heads: number
  keyValueHeads: number
  headWidth: number
  mlpWidth: number
  vocabulary: number
  /** Whether the vocabulary head is the embedding. */
  isTied: boolean
}

/** Small and large vocabularies, one head and two matrices of embeddings, few and many heads of keys. */
export const randomShapes: readonly RandomShape[] = [
  {
    ...{ name: 'deep', layers: 20, width: 640, heads: 10, keyValueHeads: 10, headWidth: 64 },
    ...{ mlpWidth: 1792, vocabulary: 32_000, isTied: false },
  },
  {
    ...{ name: 'wide', layers: 8, width: 1536, heads: 12, keyValueHeads: 2, headWidth: 128 },
    ...{ mlpWidth: 4096, vocabulary: 32_000, isTied: true },
  },
  {
    ...{ name: 'wordy', layers: 6, width: 768, heads: 12, keyValueHeads: 4, headWidth: 64 },
    ...{ mlpWidth: 2048, vocabulary: 128_000, isTied: true },
  },
]

function halves(count: number, random: () => number): Uint16Array {
  const numbers = new Uint16Array(count)
  // Sign and ten bits of fraction at an exponent that makes ±0.016 … ±0.031.
  for (let i = 0; i < count; i++)
    numbers[i] = Math.floor(random() * 2048) + (random() < 0.5 ? 0x2400 : 0xa400)
  return numbers
}

/** @returns the folder, with config.json, model.safetensors and a tokeniser of no use */
export async function writeRandomModel(folder: string, shape: RandomShape): Promise<string> {
  const { layers, width, heads, keyValueHeads, headWidth, mlpWidth, vocabulary, isTied } = shape
  await mkdir(folder, { recursive: true })
  const random = seededGenerator(shape.name)
  const matrix = (name: string, ...sizes: number[]): TensorToWrite => ({
    ...{ name: `${name}.weight`, dtype: 'F16', shape: sizes },
    data: halves(
      sizes.reduce((product, size) => product * size, 1),
      random,
    ),
  })
  const tensors = [matrix('model.embed_tokens', vocabulary, width), matrix('model.norm', width)]
  if (!isTied) tensors.push(matrix('lm_head', vocabulary, width))
  for (let layer = 0; layer < layers; layer++) {
    const at = `model.layers.${layer}`
    tensors.push(
      matrix(`${at}.input_layernorm`, width),
      matrix(`${at}.self_attn.q_proj`, heads * headWidth, width),
      matrix(`${at}.self_attn.k_proj`, keyValueHeads * headWidth, width),
      matrix(`${at}.self_attn.v_proj`, keyValueHeads * headWidth, width),
      matrix(`${at}.self_attn.o_proj`, width, heads * headWidth),
      matrix(`${at}.post_attention_layernorm`, width),
      matrix(`${at}.mlp.gate_proj`, mlpWidth, width),
      matrix(`${at}.mlp.up_proj`, mlpWidth, width),
      matrix(`${at}.mlp.down_proj`, width, mlpWidth),
    )
  }
  await writeSafetensors(join(folder, 'model.safetensors'), tensors)
  const write = (file: string, value: unknown): Promise<void> =>
    writeFile(join(folder, file), JSON.stringify(value))
  await write('config.json', {
    ...{
      architectures: ['LlamaForCausalLM'],
      model_type: 'llama',
      hidden_act: 'silu',
      torch_dtype: 'float16',
    },
    ...{ hidden_size: width, intermediate_size: mlpWidth, num_hidden_layers: layers },
    ...{ num_attention_heads: heads, num_key_value_heads: keyValueHeads, head_dim: headWidth },
    ...{ max_position_embeddings: 8192, rms_norm_eps: 1e-5, rope_theta: 10_000 },
    ...{ tie_word_embeddings: isTied, vocab_size: vocabulary, bos_token_id: 0, eos_token_id: 1 },
  })
  const model = { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [] }
  await write('tokenizer.json', { version: '1.0', added_tokens: [], model })
  return folder
}
