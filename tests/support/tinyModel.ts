// A real Llama of a few thousand random weights, written as a Hugging Face folder: for tests that need a model to run, not to be clever.
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeSafetensors } from '../../main/model/safetensors.ts'

export interface TinyModelOptions {
  layers?: number
  contextLength?: number
  seed?: number
  chatTemplate?: string | null
  /** Every width but the vocabulary's is so many times as large. */
  scale?: number
}

const heads = 4
const keyValueHeads = 2
const chatTemplate =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"

/** Printable stand-ins for the 256 bytes, as byte-level tokenisers have them (Radford et al. 2019). */
function byteAlphabet(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255)
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : next++))
}

/** mulberry32 */
function randomValues(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Writes the model into `folder` (made if missing) and returns the folder. */
export async function writeTinyModel(folder: string, options: TinyModelOptions = {}): Promise<string> {
  const { layers = 2, contextLength = 2048, seed = 1, scale = 1 } = options
  const [width, headWidth, mlpWidth] = [16 * scale, 4 * scale, 24 * scale]
  const template = options.chatTemplate === undefined ? chatTemplate : options.chatTemplate
  await mkdir(folder, { recursive: true })
  const alphabet = byteAlphabet()
  const specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
  const vocabulary = alphabet.length + specials.length
  const random = randomValues(seed)
  const matrix = (name: string, shape: number[]): Parameters<typeof writeSafetensors>[1][number] => {
    const size = shape.reduce((a, b) => a * b, 1)
    const isNorm = shape.length === 1
    const data = Float32Array.from({ length: size }, () => (isNorm ? 1 : (random() - 0.5) * 0.8))
    return { name, dtype: 'F32', shape, data }
  }
  const tensors = [
    matrix('model.embed_tokens.weight', [vocabulary, width]),
    matrix('model.norm.weight', [width]),
  ]
  for (let layer = 0; layer < layers; layer++) {
    const block = `model.layers.${layer}`
    tensors.push(
      matrix(`${block}.input_layernorm.weight`, [width]),
      matrix(`${block}.self_attn.q_proj.weight`, [heads * headWidth, width]),
      matrix(`${block}.self_attn.k_proj.weight`, [keyValueHeads * headWidth, width]),
      matrix(`${block}.self_attn.v_proj.weight`, [keyValueHeads * headWidth, width]),
      matrix(`${block}.self_attn.o_proj.weight`, [width, heads * headWidth]),
      matrix(`${block}.post_attention_layernorm.weight`, [width]),
      matrix(`${block}.mlp.gate_proj.weight`, [mlpWidth, width]),
      matrix(`${block}.mlp.up_proj.weight`, [mlpWidth, width]),
      matrix(`${block}.mlp.down_proj.weight`, [width, mlpWidth]),
    )
  }
  await writeSafetensors(join(folder, 'model.safetensors'), tensors)
  const write = (file: string, value: unknown): Promise<void> =>
    writeFile(join(folder, file), JSON.stringify(value))
  await write('config.json', {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: width,
    intermediate_size: mlpWidth,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    head_dim: headWidth,
    hidden_act: 'silu',
    max_position_embeddings: contextLength,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    vocab_size: vocabulary,
    bos_token_id: 256,
    eos_token_id: 258,
    torch_dtype: 'float32',
  })
  await write('tokenizer.json', {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specials.map((content, i) => ({
      id: alphabet.length + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(alphabet.map((character, id) => [character, id])),
      merges: [],
    },
  })
  await write('tokenizer_config.json', {
    bos_token: '<|endoftext|>',
    eos_token: '<|im_end|>',
    ...(template === null ? {} : { chat_template: template }),
  })
  return folder
}
