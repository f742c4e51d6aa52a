// What it takes to describe an architecture.
// Owns: the shape of a description, and the decoder that a config.json describes if it is a Llama. Not: any other architecture (its own file).
// Source: the configuration classes of transformers, whose defaults stand in for fields that a file leaves out.
import * as z from 'zod'
import type { ModelTraits } from '../../contract/models.ts'
import { llamaTraits } from '../hookNames.ts'
import type { DecoderConfig } from '../modelFiles.ts'
import { readRotary, ropeFields } from './rotaryFields.ts'
import type { GgufNames, TensorNames } from './tensorNames.ts'

// Far above any model, and low enough that no product of a few of them leaves the safe integers.
const count = z
  .number()
  .int()
  .positive()
  .max(2 ** 24)
const positive = z.number().positive().refine(Number.isFinite)
const flag = z.boolean().nullish()

/** The fields of config.json that any architecture reads, by their usual names. */
export const configFields = z.object({
  hidden_size: count,
  intermediate_size: count.nullish(),
  num_hidden_layers: count.max(4096),
  num_attention_heads: count.max(65536),
  num_key_value_heads: count.max(65536).nullish(),
  head_dim: count.max(65536).nullish(),
  vocab_size: count,
  max_position_embeddings: count.nullish(),
  original_max_position_embeddings: count.nullish(),
  hidden_act: z.string().nullish(),
  rms_norm_eps: positive.nullish(),
  ...ropeFields,
  tie_word_embeddings: flag,
  attention_bias: flag,
  mlp_bias: flag,
  sliding_window: count.nullish(),
  use_sliding_window: flag,
  max_window_layers: z.number().int().min(0).nullish(),
  layer_types: z.array(z.string()).nullish(),
  sliding_window_pattern: count.nullish(),
  use_bidirectional_attention: flag,
  query_pre_attn_scalar: positive.nullish(),
  attn_logit_softcapping: positive.nullish(),
  final_logit_softcapping: positive.nullish(),
  no_rope_layers: z.array(z.number().int()).nullish(),
  no_rope_layer_interval: count.nullish(),
  use_parallel_residual: flag,
  scale_attn_weights: flag,
  scale_attn_by_inverse_layer_idx: flag,
  add_cross_attention: flag,
  num_local_experts: count.nullish(),
  num_experts: count.nullish(),
  num_experts_per_tok: count.nullish(),
  moe_intermediate_size: count.nullish(),
  norm_topk_prob: flag,
  decoder_sparse_step: count.nullish(),
  mlp_only_layers: z.array(z.number().int()).nullish(),
})
export type ConfigFields = z.infer<typeof configFields>

/** What transformers takes for fields that are left out, where it is not what it takes for Llama. */
export interface Defaults {
  keyValueHeads?: number
  headWidth?: number
  contextLength?: number
  normEpsilon?: number
  ropeTheta?: number
  /** Left out where heads are always turned whole. */
  rotaryPart?: number
  activation?: string
  tiedEmbeddings?: boolean
}

/** Errors that name the file. */
export interface Refusals {
  /** The file contradicts itself. */
  malformed: (reason: string) => Error
  /** The file is right, but this program cannot compute it. */
  unsupported: (reason: string) => Error
}

export interface Architecture {
  /** Hugging Face's `model_type`. */
  type: string
  /** Classes in config.json's `architectures` that are this decoder with a vocabulary head. */
  classes: readonly string[]
  /** Models that people know, for lists of what can be opened. */
  models: string
  /** Fields of config.json that have another name here, to the usual one. */
  aliases?: Readonly<Record<string, string>>
  defaults?: Defaults
  /** What differs from the Llama that the same fields describe; left out, nothing. */
  describe?: (plain: DecoderConfig, fields: ConfigFields, refusals: Refusals) => DecoderConfig
  /** What its tensors are called, where it is not what Llama's are. */
  tensors?: TensorNames
  /** Left out where llama.cpp does not know it, or this program does not know its files. */
  gguf?: GgufNames
}

const activations: Readonly<Record<string, DecoderConfig['mlp']['activation']>> = {
  silu: 'silu',
  swish: 'silu',
  gelu: 'gelu',
  gelu_new: 'geluTanh',
  gelu_fast: 'geluTanh',
  gelu_pytorch_tanh: 'geluTanh',
}

/** The Llama that these fields describe. @throws modelMalformed, modelUnsupported, by `refusals` */
export function plainDecoder(
  type: string,
  fields: ConfigFields,
  defaults: Defaults,
  refusals: Refusals,
): DecoderConfig {
  const heads = fields.num_attention_heads
  const keyValueHeads = fields.num_key_value_heads ?? defaults.keyValueHeads ?? heads
  if (heads % keyValueHeads !== 0)
    throw refusals.malformed(`${heads} heads cannot share ${keyValueHeads} key heads`)
  const givenWidth = fields.head_dim ?? defaults.headWidth
  if (!givenWidth && fields.hidden_size % heads !== 0)
    throw refusals.malformed(`hidden_size ${fields.hidden_size} is no multiple of ${heads} heads`)
  const headWidth = givenWidth ?? fields.hidden_size / heads
  if (headWidth % 2 !== 0) throw refusals.malformed(`head width ${headWidth} is odd`)
  const contextLength = fields.max_position_embeddings ?? defaults.contextLength ?? 2048
  const named = fields.hidden_act ?? defaults.activation ?? 'silu'
  const activation = activations[named]
  if (!activation) throw refusals.unsupported(`activation ${named}`)
  const rotary = readRotary(fields, { ...defaults, headWidth, contextLength }, refusals)
  if (rotary.width !== headWidth && defaults.rotaryPart === undefined)
    throw refusals.unsupported(`rotary embedding over ${rotary.width} of ${headWidth} values of each head`)
  return {
    architecture: type,
    shape: {
      layers: fields.num_hidden_layers,
      residualWidth: fields.hidden_size,
      heads,
      keyValueHeads,
      headWidth,
      mlpWidth: fields.intermediate_size ?? 4 * fields.hidden_size,
      vocabulary: fields.vocab_size,
      contextLength,
    },
    norm: {
      kind: 'rms',
      epsilon: fields.rms_norm_eps ?? defaults.normEpsilon ?? 1e-6,
      isGainLessOne: false,
      places: 'before',
    },
    rotary,
    windowRotary: null,
    attention: {
      scale: 1 / Math.sqrt(headWidth),
      softCap: null,
      queryKeyNorm: 'none',
      projection: 'separate',
      inputBias: false,
      outputBias: false,
      window: null,
    },
    mlp: { activation, bias: false, experts: null },
    embeddingScale: null,
    logitSoftCap: null,
    tiedEmbeddings: fields.tie_word_embeddings ?? defaults.tiedEmbeddings ?? false,
  }
}

/** The same decoder with some traits that are not Llama's. */
export const withTraits = (config: DecoderConfig, traits: Partial<ModelTraits>): DecoderConfig => ({
  ...config,
  shape: { ...config.shape, traits: { ...llamaTraits, ...config.shape.traits, ...traits } },
})

/** The same decoder with attention that differs in these. */
export const withAttention = (
  config: DecoderConfig,
  attention: Partial<DecoderConfig['attention']>,
): DecoderConfig => ({ ...config, attention: { ...config.attention, ...attention } })

/**
 * A window for layers, as far as it hides anything within the context.
 * @param layers  left out, all
 */
export function windowOf(
  positions: number | null | undefined,
  shape: DecoderConfig['shape'],
  layers: readonly number[] = layerList(shape.layers),
): DecoderConfig['attention']['window'] {
  if (!positions || positions >= shape.contextLength || layers.length === 0) return null
  return { positions, layers }
}

export const layerList = (layers: number): number[] => Array.from({ length: layers }, (_, layer) => layer)

/** Layers that config.json's `layer_types` gives a window; `otherwise` where it is left out. */
export function slidingLayers(
  { layer_types, num_hidden_layers }: ConfigFields,
  otherwise: (layer: number) => boolean,
  refusals: Refusals,
): number[] {
  if (!layer_types) return layerList(num_hidden_layers).filter(otherwise)
  const known = ['sliding_attention', 'full_attention']
  const wrong = layer_types.find((type) => !known.includes(type))
  if (wrong !== undefined) throw refusals.unsupported(`layers of type “${wrong.slice(0, 100)}”`)
  if (layer_types.length !== num_hidden_layers)
    throw refusals.malformed(`layer_types names ${layer_types.length} of ${num_hidden_layers} layers`)
  return layerList(num_hidden_layers).filter((layer) => layer_types[layer] === 'sliding_attention')
}
