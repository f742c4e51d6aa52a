// The decoder that a GGUF file's metadata describes.
// Owns: llama.cpp's keys as the fields of config.json that they stand for. Not: what those mean (architectures/) or the tensors (ggufModel.ts).
// Source: llama.cpp's convert_hf_to_gguf.py and llama-model.cpp; the gguf package's constants.
import { closeSync, openSync, readSync } from 'node:fs'
import { errors } from '../contract/errors.ts'
import { plainDecoder, windowOf, type Architecture } from './architectures/architecture.ts'
import { configFields, type ConfigFields, type Refusals } from './architectures/configFields.ts'
import { knownArchitectures } from './architectures/knownArchitectures.ts'
import type { Gguf, GgufTensor } from './gguf.ts'
import type { GgufMetadata } from './ggufMetadata.ts'
import type { DecoderConfig, RopeScaling } from './modelFiles.ts'

/** The architecture of a GGUF file. @throws architectureUnsupported */
export function ggufArchitecture(gguf: Gguf, metadata: GgufMetadata): Architecture {
  const name = metadata.text('general.architecture') ?? 'none named'
  const known = knownArchitectures.filter(({ gguf: names }) => names)
  const hasExperts = Boolean(metadata.number(`${name}.expert_count`))
  const routes = ({ tensors }: Architecture): boolean => tensors?.parts?.['mlp.router'] !== undefined
  const named = known.filter(({ gguf: names }) => names?.architecture === name)
  const found = named.find((architecture) => routes(architecture) === hasExperts) ?? named[0]
  if (found) return found
  throw errors.architectureUnsupported({
    path: gguf.path,
    architecture: name.slice(0, 200),
    supported: known.map(({ gguf: names, models }) => `${names?.architecture} (${models})`),
  })
}

/** @throws modelMalformed, modelUnsupported */
export function ggufDecoder(gguf: Gguf, metadata: GgufMetadata): DecoderConfig {
  const { path, tensors } = gguf
  const architecture = ggufArchitecture(gguf, metadata)
  const refusals: Refusals = {
    malformed: (reason) => errors.modelMalformed({ path, reason }),
    unsupported: (reason) => errors.modelUnsupported({ path, reason }),
  }
  const parsed = configFields.safeParse(fieldsOf(gguf, metadata, architecture, refusals))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw refusals.malformed(`${issue.path.join('.')}: ${issue.message}`)
  }
  const fields = parsed.data
  const plain = plainDecoder(architecture.type, fields, architecture.defaults ?? {}, refusals)
  const described = architecture.describe?.(plain, fields, refusals) ?? plain
  const { rotary } = described
  const factors = rotary && ropeFactors(gguf, rotary.width / 2)
  return {
    ...described,
    // The converter has added the one, and has taken NeoX's heads apart.
    norm: { ...described.norm, isGainLessOne: false },
    attention: {
      ...described.attention,
      window: described.attention.window ?? ownWindow(architecture, fields, described),
      projection: described.attention.projection === 'heads' ? 'blocks' : described.attention.projection,
    },
    rotary: rotary && factors ? { ...rotary, scaling: factors } : rotary,
    tiedEmbeddings: !tensors.has('output.weight'),
  }
}

/** llama.cpp calls Mistral a Llama, whose window is its own business then. */
const ownWindow = (
  { type }: Architecture,
  { sliding_window }: ConfigFields,
  { shape }: DecoderConfig,
): DecoderConfig['attention']['window'] => (type === 'llama' ? windowOf(sliding_window, shape) : null)

function fieldsOf(
  gguf: Gguf,
  metadata: GgufMetadata,
  architecture: Architecture,
  refusals: Refusals,
): ConfigFields {
  const { tensors, path } = gguf
  const key = (name: string): string => `${architecture.gguf?.architecture}.${name}`
  const count = (name: string): number | undefined => metadata.count(key(name)) ?? undefined
  const positive = (name: string): number | undefined => metadata.positive(key(name)) ?? undefined
  const embedding = tensors.get('token_embd.weight')
  if (!embedding) throw errors.modelMalformed({ path, reason: 'the tensor token_embd.weight is missing' })
  const heads = metadata.neededPerLayerCount(key('attention.head_count'))
  const residualWidth = metadata.neededCount(key('embedding_length'))
  const rotaryWidth = count('rope.dimension_count')
  // Llama's rotary embedding is over whole heads, so its width is theirs where they do not say it.
  const headWidth =
    count('attention.key_length') ??
    (architecture.defaults?.rotaryPart === undefined ? rotaryWidth : undefined) ??
    residualWidth / heads
  const valueWidth = count('attention.value_length') ?? headWidth
  if (valueWidth !== headWidth)
    throw refusals.unsupported(`heads of ${headWidth} with values of ${valueWidth}`)
  if (headWidth % 2 !== 0 || !Number.isInteger(headWidth))
    throw refusals.malformed(`${heads} heads of width ${headWidth} are impossible`)
  if (architecture.gguf?.hasPairedRows && rotaryWidth !== undefined && rotaryWidth !== headWidth)
    throw refusals.unsupported(`heads of ${headWidth} with rotary embedding over ${rotaryWidth}`)
  const experts = metadata.number(key('expert_count')) || undefined
  if (experts !== undefined && architecture.tensors?.parts?.['mlp.router'] === undefined)
    throw refusals.unsupported(`a mixture of ${experts} experts`)
  return {
    hidden_size: residualWidth,
    intermediate_size: metadata.perLayerCount(key('feed_forward_length')) ?? undefined,
    num_hidden_layers: metadata.neededCount(key('block_count')),
    num_attention_heads: heads,
    num_key_value_heads: metadata.perLayerCount(key('attention.head_count_kv')) ?? heads,
    head_dim: headWidth,
    vocab_size: embedding.shape[0],
    max_position_embeddings: count('context_length'),
    original_max_position_embeddings: count('rope.scaling.original_context_length'),
    rms_norm_eps:
      positive('attention.layer_norm_rms_epsilon') ?? positive('attention.layer_norm_epsilon') ?? 1e-5,
    rope_theta: positive('rope.freq_base') ?? 10000,
    partial_rotary_factor: rotaryWidth === undefined ? undefined : rotaryWidth / headWidth,
    rope_scaling: ropeScaling(gguf, metadata, key, refusals),
    sliding_window: count('attention.sliding_window') ?? null,
    attn_logit_softcapping: positive('attn_logit_softcapping') ?? null,
    final_logit_softcapping: positive('final_logit_softcapping') ?? null,
    attention_bias: tensors.has('blk.0.attn_q.bias') || tensors.has('blk.0.attn_qkv.bias'),
    mlp_bias: tensors.has('blk.0.ffn_up.bias'),
    use_parallel_residual: metadata.flag(key('use_parallel_residual')),
    num_experts: experts,
    num_experts_per_tok: count('expert_used_count'),
    moe_intermediate_size: count('expert_feed_forward_length'),
    norm_topk_prob: experts === undefined ? undefined : true,
    query_pre_attn_scalar: architecture.gguf?.queryScalar?.({
      layers: metadata.neededCount(key('block_count')),
      headWidth,
      residualWidth,
      heads,
    }),
  }
}

function ropeScaling(
  gguf: Gguf,
  metadata: GgufMetadata,
  key: (name: string) => string,
  refusals: Refusals,
): ConfigFields['rope_scaling'] {
  const type = metadata.text(key('rope.scaling.type')) ?? 'none'
  const factor = metadata.number(key('rope.scaling.factor')) ?? 1
  const short = gguf.tensors.get(shortFactors)
  if (short)
    return {
      type: 'longrope',
      short_factor: readFactors(gguf.path, shortFactors, short),
      attention_factor: metadata.positive(key('rope.scaling.attn_factor')) ?? undefined,
    }
  if (type === 'none') return undefined
  if (type === 'linear' && factor > 0) return factor === 1 ? undefined : { type, factor }
  throw refusals.unsupported(`rope scaling “${type.slice(0, 100)}” by ${factor}`)
}

const shortFactors = 'rope_factors_short.weight'
const llamaFactors = 'rope_freqs.weight'

/** The factors of Llama 3's scaling; null where there are none. */
function ropeFactors(gguf: Gguf, pairs: number): RopeScaling | null {
  const tensor = gguf.tensors.get(llamaFactors)
  if (!tensor) return null
  if (tensor.shape.join() !== String(pairs)) {
    const reason = `${llamaFactors} has shape [${tensor.shape.join()}], rope needs [${pairs}]`
    throw errors.modelMalformed({ path: gguf.path, reason })
  }
  return { type: 'factors', factors: readFactors(gguf.path, llamaFactors, tensor) }
}

function readFactors(path: string, name: string, tensor: GgufTensor): number[] {
  if (tensor.type !== 'F32')
    throw errors.modelMalformed({ path, reason: `${name} is of type ${tensor.type}` })
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
    throw errors.modelMalformed({ path, reason: `${name} holds numbers that are not positive` })
  }
  return factors
}
