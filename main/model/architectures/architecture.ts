// What it takes to describe an architecture.
// Owns: the shape of a description, and the decoder that a config.json describes if it is a Llama. Not: any other architecture (its own file).
// Source: the configuration classes of transformers, whose defaults stand in for fields that a file leaves out.
import type { ModelTraits } from '../../contract/models.ts'
import { llamaTraits } from '../hookNames.ts'
import type { DecoderConfig, ExpertsConfig } from '../modelFiles.ts'
import type { ConfigFields, Refusals } from './configFields.ts'
import { readRotary } from './rotaryFields.ts'
import type { GgufNames, TensorNames } from './tensorNames.ts'

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
export function withAttention(
  config: DecoderConfig,
  attention: Partial<DecoderConfig['attention']>,
): DecoderConfig {
  const { queryKeyNorm } = attention
  const traced = queryKeyNorm && queryKeyNorm !== 'none' ? withTraits(config, { queryKeyNorm }) : config
  return { ...traced, attention: { ...config.attention, ...attention } }
}

/** The same decoder with a mixture of experts in every layer. */
export const withExperts = (config: DecoderConfig, experts: ExpertsConfig): DecoderConfig =>
  withTraits(
    { ...config, mlp: { ...config.mlp, experts } },
    { experts: experts.count, expertsPerToken: experts.perToken },
  )

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
