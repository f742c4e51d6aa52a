// A Llama of a few thousand random weights as a GGUF file, and the same weights as Hugging Face orders them.
import type { GgufFileInput, GgufInput, GgufTensorInput } from './writeGguf.ts'

export const tinyShape = { layers: 2, width: 32, heads: 4, keyValueHeads: 2, headWidth: 8, mlpWidth: 64 }
const specials = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']

/** Printable letters for the 256 bytes, as byte-level vocabularies have them. */
const letters: string[] = []
let next = 256
for (let byte = 0; byte < 256; byte++) {
  const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
  letters.push(String.fromCodePoint(printable ? byte : next++))
}
const tokens = [...specials, ...letters, 'he', 'll', 'Ġa']

/** Plain linear congruence: numbers only have to differ from one another. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32 - 0.5
  }
}

export const floatBytes = (values: Float32Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength)

/** Q8_0 blocks with scales of one half: quantised without loss where values are multiples of it. */
export function q8Bytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array((values.length / 32) * 34)
  for (let block = 0; block < values.length / 32; block++) {
    bytes[block * 34 + 1] = 0x38
    for (let j = 0; j < 32; j++) bytes[block * 34 + 2 + j] = Math.round(values[block * 32 + j] * 2) & 255
  }
  return bytes
}

/** Q4_1 blocks of 16 steps between the least and the largest number of each. */
export function q4Bytes(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array((values.length / 32) * 20)
  for (let block = 0; block < values.length / 32; block++) {
    const own = values.subarray(block * 32, block * 32 + 32)
    const least = Math.min(...own)
    // One half, one quarter below it …: powers of two, which half precision has.
    const exponent = Math.ceil(Math.log2((Math.max(...own) - least) / 15))
    const minimum = Math.floor(least / 2 ** exponent) * 2 ** exponent
    new DataView(bytes.buffer).setUint16(block * 20, (exponent + 15) << 10, true)
    new DataView(bytes.buffer).setUint16(block * 20 + 2, halfOf(minimum), true)
    const level = (j: number) => Math.min(15, Math.round((own[j] - minimum) / 2 ** exponent))
    for (let j = 0; j < 16; j++) bytes[block * 20 + 4 + j] = level(j) | (level(j + 16) << 4)
  }
  return bytes
}

/** Half precision of a number that has no more than eleven significant bits. */
function halfOf(value: number): number {
  if (value === 0) return 0
  const exponent = Math.floor(Math.log2(Math.abs(value)))
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | ((Math.abs(value) / 2 ** exponent - 1) * 1024)
}

/** Row j of a head's first half goes to 2j, of its second half to 2j + 1, as llama.cpp's converter does. */
export function permuteRows(values: Float32Array, rows: number, heads: number): Float32Array {
  const width = values.length / rows
  const headRows = rows / heads
  const result = new Float32Array(values.length)
  for (let row = 0; row < rows; row++) {
    const head = Math.floor(row / headRows)
    const within = row % headRows
    const half = headRows / 2
    const to = head * headRows + (within < half ? 2 * within : 2 * (within - half) + 1)
    result.set(values.subarray(row * width, (row + 1) * width), to * width)
  }
  return result
}

export interface TinyGguf {
  input: GgufFileInput
  /** Row-major float32 by Hugging Face's names, in Hugging Face's order of rows. */
  weights: Map<string, Float32Array>
}

/** @param quantised  Q8_0 matrices, or Q4_1 ones, which hold other numbers than `weights`; float32 otherwise */
export function tinyGguf({ quantised }: { quantised: boolean | 'Q4_1' }): TinyGguf {
  const { layers, width, heads, keyValueHeads, headWidth, mlpWidth } = tinyShape
  const draw = random(5)
  const weights = new Map<string, Float32Array>()
  const tensors: GgufTensorInput[] = []
  const add = (hf: string, gguf: string, shape: number[], permutedHeads = 0) => {
    const values = Float32Array.from(
      { length: shape.reduce((a, b) => a * b) },
      () => Math.round(draw() * 200) / 2 + 0, // no negative zero: blocks cannot hold it
    )
    weights.set(hf, values)
    const stored = permutedHeads ? permuteRows(values, shape[0], permutedHeads) : values
    const kind = shape.length === 2 ? quantised : false
    const [type, data] =
      kind === 'Q4_1' ? [3, q4Bytes(stored)] : kind ? [8, q8Bytes(stored)] : [0, floatBytes(stored)]
    tensors.push({ name: gguf, type, shape, data })
  }
  add('model.embed_tokens.weight', 'token_embd.weight', [tokens.length, width])
  for (let i = 0; i < layers; i++) {
    const [hf, gguf] = [`model.layers.${i}`, `blk.${i}`]
    add(`${hf}.input_layernorm.weight`, `${gguf}.attn_norm.weight`, [width])
    add(`${hf}.self_attn.q_proj.weight`, `${gguf}.attn_q.weight`, [heads * headWidth, width], heads)
    const keyShape = [keyValueHeads * headWidth, width]
    add(`${hf}.self_attn.k_proj.weight`, `${gguf}.attn_k.weight`, keyShape, keyValueHeads)
    add(`${hf}.self_attn.v_proj.weight`, `${gguf}.attn_v.weight`, keyShape)
    add(`${hf}.self_attn.o_proj.weight`, `${gguf}.attn_output.weight`, [width, heads * headWidth])
    add(`${hf}.post_attention_layernorm.weight`, `${gguf}.ffn_norm.weight`, [width])
    add(`${hf}.mlp.gate_proj.weight`, `${gguf}.ffn_gate.weight`, [mlpWidth, width])
    add(`${hf}.mlp.up_proj.weight`, `${gguf}.ffn_up.weight`, [mlpWidth, width])
    add(`${hf}.mlp.down_proj.weight`, `${gguf}.ffn_down.weight`, [width, mlpWidth])
  }
  add('model.norm.weight', 'output_norm.weight', [width])
  const metadata: Record<string, GgufInput> = {
    'general.architecture': { type: 'string', value: 'llama' },
    'general.type': { type: 'string', value: 'model' },
    'general.name': { type: 'string', value: 'Tiny Llama of tests' },
    'llama.block_count': { type: 'uint32', value: layers },
    'llama.context_length': { type: 'uint32', value: 256 },
    'llama.embedding_length': { type: 'uint32', value: width },
    'llama.feed_forward_length': { type: 'uint32', value: mlpWidth },
    'llama.attention.head_count': { type: 'uint32', value: heads },
    'llama.attention.head_count_kv': { type: 'uint32', value: keyValueHeads },
    'llama.rope.freq_base': { type: 'float32', value: 10000 },
    'llama.attention.layer_norm_rms_epsilon': { type: 'float32', value: 2 ** -17 },
    'llama.rope.dimension_count': { type: 'uint32', value: headWidth },
    'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
    'tokenizer.ggml.pre': { type: 'string', value: 'smollm' },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.token_type': {
      type: 'int32s',
      value: tokens.map((_, i) => (i < specials.length ? 3 : 1)),
    },
    'tokenizer.ggml.merges': { type: 'strings', value: ['h e', 'l l', 'Ġ a'] },
    'tokenizer.ggml.bos_token_id': { type: 'uint32', value: 1 },
    'tokenizer.ggml.eos_token_id': { type: 'uint32', value: 2 },
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: false },
    'tokenizer.chat_template': {
      type: 'string',
      value:
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}{% endfor %}" +
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    },
  }
  return { input: { metadata, tensors }, weights }
}
