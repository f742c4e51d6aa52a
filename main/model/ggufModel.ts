// A GGUF file of a Llama-like decoder.
// Owns: its metadata as a DecoderConfig and its tensors by Hugging Face's names. Not: the format (gguf.ts), its tokeniser (ggufTokenizer.ts).
// llama.cpp stores Mistral as `llama` too, and the rows of query and key matrices permuted.
import { closeSync, openSync, readSync } from 'node:fs'
import { basename } from 'node:path'
import { errors } from '../contract/errors.ts'
import { decoderTensors, mostFrequent, parameterCount } from './decoderTensors.ts'
import { readGguf, type Gguf, type GgufTensor, type GgufValue } from './gguf.ts'
import type { ChatTemplateSource, DecoderConfig, ModelFiles, RopeScaling } from './modelFiles.ts'

/** A tensor of the decoder inside the GGUF file. */
export interface GgufWeight {
  tensor: GgufTensor
  /** Heads whose rows are interleaved and must be put back in order; 0 where none are. */
  permutedHeads: number
}

/** Typed access to untrusted metadata. */
class Metadata {
  private readonly gguf: Gguf
  constructor(gguf: Gguf) {
    this.gguf = gguf
  }
  private fault(key: string, wanted: string): Error {
    const found = this.gguf.metadata.get(key)
    const shown = found === undefined ? 'missing' : JSON.stringify(found).slice(0, 100)
    return errors.modelMalformed({ path: this.gguf.path, reason: `${key} is ${shown}, not ${wanted}` })
  }
  value(key: string): GgufValue | undefined {
    return this.gguf.metadata.get(key)
  }
  text(key: string): string | null {
    const value = this.value(key)
    if (value === undefined) return null
    if (typeof value !== 'string') throw this.fault(key, 'text')
    return value
  }
  /** A positive whole number, or null where the key is absent. */
  count(key: string): number | null {
    const value = this.value(key)
    if (value === undefined) return null
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 2 ** 24) {
      throw this.fault(key, 'a positive whole number')
    }
    return value
  }
  neededCount(key: string): number {
    const value = this.count(key)
    if (value === null) throw this.fault(key, 'a positive whole number')
    return value
  }
  /** As count; a list with one value per layer is accepted where all are equal. */
  perLayerCount(key: string): number | null {
    const value = this.value(key)
    if (!Array.isArray(value)) return this.count(key)
    const [first] = value
    if (typeof first !== 'number' || value.some((other) => other !== first)) {
      const reason = `${key} differs between layers`
      throw errors.modelUnsupported({ path: this.gguf.path, reason })
    }
    return first
  }
  neededPerLayerCount(key: string): number {
    const value = this.perLayerCount(key)
    if (value === null) throw this.fault(key, 'a positive whole number')
    return value
  }
  number(key: string): number | null {
    const value = this.value(key)
    if (value === undefined) return null
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.fault(key, 'a number')
    return value
  }
}

/**
 * Reads and checks everything but the weights' values.
 * @throws modelTruncated, modelMalformed, modelUnsupported, architectureUnsupported
 */
export function openGgufModel(path: string): ModelFiles {
  const gguf = readGguf(path)
  const metadata = new Metadata(gguf)
  refuseOtherKinds(gguf, metadata)
  const config = decoderConfig(gguf, metadata)
  const weights = ggufWeights(gguf, config)
  return {
    path,
    format: 'gguf',
    // What its owner called it: `general.name` is often the name of a training run.
    name: basename(path, '.gguf'),
    config,
    weightFiles: [path],
    sizeBytes: gguf.fileBytes,
    dtype: mostFrequent(
      [...weights.values()].map(({ tensor }) => ({ shape: tensor.shape, dtype: storedName(tensor.type) })),
    ),
    parameters: parameterCount(config),
    stopIds: ggufStopIds(gguf),
    tokenizer: { kind: 'gguf', file: path },
    chatTemplate: chatTemplateOf(gguf, metadata),
    notes: [],
  }
}

const plainNames: Record<string, string> = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' }
const storedName = (type: string) => plainNames[type] ?? type

function refuseOtherKinds(gguf: Gguf, metadata: Metadata): void {
  const { path } = gguf
  const refuse = (reason: string) => errors.modelUnsupported({ path, reason })
  const kind = metadata.text('general.type') ?? 'model'
  if (kind !== 'model') throw refuse(`the GGUF file holds a part of another kind (“${kind.slice(0, 100)}”)`)
  if ((metadata.count('split.count') ?? 1) > 1) {
    throw refuse('it is one of several split GGUF files; merge them first (llama-gguf-split --merge)')
  }
  const architecture = metadata.text('general.architecture') ?? 'none named'
  if (architecture !== 'llama') {
    throw errors.architectureUnsupported({
      path,
      architecture: architecture.slice(0, 200),
      supported: ['llama (Llama 2 and 3, SmolLM, SmolLM2, TinyLlama, Mistral)'],
    })
  }
  const experts = metadata.number('llama.expert_count') ?? 0
  if (experts > 0) throw refuse(`a mixture of ${experts} experts`)
  if (gguf.tensors.size === 0) throw refuse('the GGUF file holds a vocabulary but no weights')
}

function decoderConfig(gguf: Gguf, metadata: Metadata): DecoderConfig {
  const { path, tensors } = gguf
  const residualWidth = metadata.neededCount('llama.embedding_length')
  const heads = metadata.neededPerLayerCount('llama.attention.head_count')
  const keyValueHeads = metadata.perLayerCount('llama.attention.head_count_kv') ?? heads
  const rotaryWidth = metadata.count('llama.rope.dimension_count')
  const headWidth = metadata.count('llama.attention.key_length') ?? rotaryWidth ?? residualWidth / heads
  const valueWidth = metadata.count('llama.attention.value_length') ?? headWidth
  if (valueWidth !== headWidth || (rotaryWidth !== null && rotaryWidth !== headWidth)) {
    const reason = `heads of ${headWidth} with values of ${valueWidth} and rotary embedding over ${rotaryWidth}`
    throw errors.modelUnsupported({ path, reason })
  }
  if (headWidth % 2 !== 0 || heads % keyValueHeads !== 0) {
    const reason = `${heads} heads of width ${headWidth} with ${keyValueHeads} key heads are impossible`
    throw errors.modelMalformed({ path, reason })
  }
  const embedding = tensors.get('token_embd.weight')
  if (!embedding) throw errors.modelMalformed({ path, reason: 'the tensor token_embd.weight is missing' })
  const contextLength = metadata.count('llama.context_length') ?? 2048
  const slidingWindow = metadata.count('llama.attention.sliding_window')
  return {
    architecture: 'llama',
    shape: {
      layers: metadata.neededCount('llama.block_count'),
      residualWidth,
      heads,
      keyValueHeads,
      headWidth,
      mlpWidth: metadata.neededPerLayerCount('llama.feed_forward_length'),
      vocabulary: embedding.shape[0],
      contextLength,
    },
    rmsEpsilon: metadata.number('llama.attention.layer_norm_rms_epsilon') ?? 1e-5,
    ropeTheta: metadata.number('llama.rope.freq_base') ?? 10000,
    ropeScaling: ropeScaling(gguf, metadata, headWidth),
    tiedEmbeddings: !tensors.has('output.weight'),
    attentionBias: tensors.has('blk.0.attn_q.bias'),
    mlpBias: tensors.has('blk.0.ffn_up.bias'),
    slidingWindow: slidingWindow !== null && slidingWindow < contextLength ? slidingWindow : null,
  }
}

function ropeScaling(gguf: Gguf, metadata: Metadata, headWidth: number): RopeScaling | null {
  const { path } = gguf
  const factors = gguf.tensors.get('rope_freqs.weight')
  const type = metadata.text('llama.rope.scaling.type') ?? 'none'
  if (factors) {
    if (factors.type !== 'F32' || factors.shape.join() !== String(headWidth / 2)) {
      throw errors.modelMalformed({
        path,
        reason: 'rope_freqs.weight has another type or shape than rope needs',
      })
    }
    return { type: 'factors', factors: readFactors(path, factors) }
  }
  if (type === 'none') return null
  const factor = metadata.number('llama.rope.scaling.factor') ?? 1
  if (type === 'linear' && factor > 0) return factor === 1 ? null : { type, factor }
  throw errors.modelUnsupported({ path, reason: `rope scaling “${type.slice(0, 100)}” by ${factor}` })
}

function readFactors(path: string, tensor: GgufTensor): number[] {
  const bytes = Buffer.alloc(tensor.byteLength)
  const descriptor = openSync(path, 'r')
  try {
    // The table of tensors has checked that they lie within the file.
    readSync(descriptor, bytes, 0, bytes.length, tensor.offset)
  } finally {
    closeSync(descriptor)
  }
  const factors = Array.from({ length: tensor.byteLength / 4 }, (_, i) => bytes.readFloatLE(4 * i))
  if (!factors.every((factor) => Number.isFinite(factor) && factor > 0)) {
    throw errors.modelMalformed({ path, reason: 'rope_freqs.weight holds numbers that are not positive' })
  }
  return factors
}

const layerNames: Record<string, string> = {
  input_layernorm: 'attn_norm',
  post_attention_layernorm: 'ffn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
}
const outerNames: Record<string, string> = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
}

/** `model.layers.3.mlp.up_proj.weight` → `blk.3.ffn_up.weight` */
function ggufName(name: string): string {
  const [, stem, ending] = /^(.*)\.(weight|bias)$/.exec(name) ?? []
  const [, layer, part] = /^model\.layers\.(\d+)\.(.*)$/.exec(stem) ?? []
  return `${part ? `blk.${layer}.${layerNames[part]}` : outerNames[stem]}.${ending}`
}

/**
 * Every tensor of the decoder, by Hugging Face's names.
 * @throws modelMalformed where one is missing or has another shape
 */
export function ggufWeights(gguf: Gguf, config: DecoderConfig): Map<string, GgufWeight> {
  const weights = new Map<string, GgufWeight>()
  for (const [name, shape] of decoderTensors(config)) {
    const stored = ggufName(name)
    const tensor = gguf.tensors.get(stored)
    if (!tensor) throw errors.modelMalformed({ path: gguf.path, reason: `the tensor ${stored} is missing` })
    if (tensor.shape.join() !== shape.join()) {
      const reason = `${stored} has shape [${tensor.shape.join()}]; its metadata asks for [${shape.join()}]`
      throw errors.modelMalformed({ path: gguf.path, reason })
    }
    const permutedHeads = name.includes('.q_proj.')
      ? config.shape.heads
      : name.includes('.k_proj.')
        ? config.shape.keyValueHeads
        : 0
    weights.set(name, { tensor, permutedHeads })
  }
  return weights
}

/** Texts of tokens that end a turn in Llama 3's and in ChatML's format, which older files do not name by key. */
const turnEnds = ['<|eot_id|>', '<|eom_id|>', '<|end_of_text|>', '<|im_end|>']

function ggufStopIds(gguf: Gguf): number[] {
  const ids = new Set<number>()
  for (const name of ['eos', 'eot', 'eom']) {
    const id = gguf.metadata.get(`tokenizer.ggml.${name}_token_id`)
    if (typeof id === 'number') ids.add(id)
  }
  const tokens = gguf.metadata.get('tokenizer.ggml.tokens')
  if (Array.isArray(tokens)) {
    for (const text of turnEnds) {
      const id = tokens.indexOf(text)
      if (id >= 0) ids.add(id)
    }
  }
  return [...ids].sort((a, b) => a - b)
}

function chatTemplateOf(gguf: Gguf, metadata: Metadata): ChatTemplateSource | null {
  const text = metadata.text('tokenizer.chat_template')
  if (text === null) return null
  const tokens = metadata.value('tokenizer.ggml.tokens')
  const textOf = (name: string): string => {
    const id = metadata.value(`tokenizer.ggml.${name}_token_id`)
    const token = Array.isArray(tokens) && typeof id === 'number' ? tokens[id] : undefined
    return typeof token === 'string' ? token : ''
  }
  return { path: gguf.path, text, bosToken: textOf('bos'), eosToken: textOf('eos') }
}
