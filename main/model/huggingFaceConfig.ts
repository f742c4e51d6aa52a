// config.json of a Hugging Face folder.
// Owns: its schema and the defaults transformers fills in, per architecture. Not: other files of the folder.
// Source: transformers' configuration_llama.py and configuration_mistral.py, spellings before and since version 5.
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import { parseJson } from './fileReading.ts'
import type { DecoderConfig, RopeScaling } from './modelFiles.ts'

export const supportedArchitectures = [
  'llama (Llama 2 and 3, SmolLM, SmolLM2, TinyLlama)',
  'mistral (Mistral)',
]

// Far above any model, and low enough that no product of a few of them leaves the safe integers.
const count = z
  .number()
  .int()
  .positive()
  .max(2 ** 24)
const finite = z.number().refine(Number.isFinite)
const tokenIds = z.union([z.number().int().min(0), z.array(z.number().int().min(0)).max(1000)]).nullish()

const ropeNumbers = z.object({
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  rope_theta: finite.positive().nullish(),
  factor: finite.positive().nullish(),
  low_freq_factor: finite.positive().nullish(),
  high_freq_factor: finite.positive().nullish(),
  original_max_position_embeddings: count.nullish(),
  partial_rotary_factor: finite.nullish(),
})

const configSchema = z.object({
  model_type: z.string(),
  architectures: z.array(z.string()).nullish(),
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count.max(4096),
  num_attention_heads: count.max(65536),
  num_key_value_heads: count.max(65536).nullish(),
  head_dim: count.max(65536).nullish(),
  vocab_size: count,
  max_position_embeddings: count.nullish(),
  hidden_act: z.string().nullish(),
  rms_norm_eps: finite.positive().nullish(),
  rope_theta: finite.positive().nullish(),
  rope_scaling: ropeNumbers.nullish(),
  rope_parameters: ropeNumbers.nullish(),
  partial_rotary_factor: finite.nullish(),
  tie_word_embeddings: z.boolean().nullish(),
  attention_bias: z.boolean().nullish(),
  mlp_bias: z.boolean().nullish(),
  sliding_window: count.nullish(),
  quantization_config: z.looseObject({ quant_method: z.string().nullish() }).nullish(),
  eos_token_id: tokenIds,
})
type RawConfig = z.infer<typeof configSchema>

/** One id, a list of them or nothing, as a list. */
export const idList = (ids: number | number[] | null | undefined): number[] =>
  ids === null || ids === undefined ? [] : Array.isArray(ids) ? ids : [ids]

/**
 * The decoder that a config.json describes.
 * @throws architectureUnsupported, modelUnsupported, modelMalformed (naming the field)
 */
export function parseHuggingFaceConfig(
  path: string,
  text: string,
): { config: DecoderConfig; stopIds: number[] } {
  const json = parseJson(path, text)
  const architecture = architectureOf(path, json)
  const parsed = configSchema.safeParse(json)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw errors.modelMalformed({ path, reason: `${issue.path.join('.') || 'the whole'}: ${issue.message}` })
  }
  const raw = parsed.data
  refuseUnsupported(path, raw)

  // Where a field is left out, transformers fills in these.
  const mistral = architecture === 'mistral'
  const heads = raw.num_attention_heads
  const keyValueHeads = raw.num_key_value_heads ?? (mistral ? 8 : heads)
  if (heads % keyValueHeads !== 0) {
    throw errors.modelMalformed({ path, reason: `${heads} heads cannot share ${keyValueHeads} key heads` })
  }
  if (!raw.head_dim && raw.hidden_size % heads !== 0) {
    throw errors.modelMalformed({
      path,
      reason: `hidden_size ${raw.hidden_size} is no multiple of ${heads} heads`,
    })
  }
  const headWidth = raw.head_dim ?? raw.hidden_size / heads
  if (headWidth % 2 !== 0) throw errors.modelMalformed({ path, reason: `head width ${headWidth} is odd` })
  const contextLength = raw.max_position_embeddings ?? (mistral ? 131072 : 2048)
  // Absent is 4096 for Mistral, an explicit null is none.
  const slidingWindow = mistral ? (raw.sliding_window === undefined ? 4096 : raw.sliding_window) : null
  return {
    config: {
      architecture,
      shape: {
        layers: raw.num_hidden_layers,
        residualWidth: raw.hidden_size,
        heads,
        keyValueHeads,
        headWidth,
        mlpWidth: raw.intermediate_size,
        vocabulary: raw.vocab_size,
        contextLength,
      },
      rmsEpsilon: raw.rms_norm_eps ?? 1e-6,
      ropeTheta: raw.rope_parameters?.rope_theta ?? raw.rope_theta ?? 10000,
      ropeScaling: ropeScaling(path, raw, contextLength),
      tiedEmbeddings: raw.tie_word_embeddings ?? false,
      attentionBias: !mistral && (raw.attention_bias ?? false),
      mlpBias: !mistral && (raw.mlp_bias ?? false),
      slidingWindow: slidingWindow !== null && slidingWindow < contextLength ? slidingWindow : null,
    },
    stopIds: idList(raw.eos_token_id),
  }
}

function architectureOf(path: string, json: unknown): 'llama' | 'mistral' {
  const named = z
    .object({ model_type: z.string().nullish(), architectures: z.array(z.string()).nullish() })
    .safeParse(json)
  const type = named.success ? (named.data.model_type ?? null) : null
  const heads = named.success ? (named.data.architectures ?? []) : []
  const known = type === 'llama' || type === 'mistral'
  const classes = ['LlamaForCausalLM', 'MistralForCausalLM']
  if (!known || (heads.length > 0 && !heads.some((name) => classes.includes(name)))) {
    const architecture =
      (known ? heads.join(', ') : (type ?? heads.join(', '))) || 'none named in config.json'
    throw errors.architectureUnsupported({
      path,
      architecture: architecture.slice(0, 200),
      supported: supportedArchitectures,
    })
  }
  return type
}

function refuseUnsupported(path: string, raw: RawConfig): void {
  const refuse = (reason: string) => errors.modelUnsupported({ path, reason })
  if (raw.quantization_config) {
    throw refuse(`its weights are quantised (${raw.quantization_config.quant_method ?? 'unknown method'})`)
  }
  if (raw.hidden_act && raw.hidden_act !== 'silu') throw refuse(`activation ${raw.hidden_act} (only silu)`)
  const partial = raw.partial_rotary_factor ?? raw.rope_parameters?.partial_rotary_factor ?? 1
  if (partial !== 1) throw refuse(`rotary embedding over a part of each head (${partial})`)
}

function ropeScaling(path: string, raw: RawConfig, contextLength: number): RopeScaling | null {
  const rope = raw.rope_parameters ?? raw.rope_scaling
  const type = rope?.rope_type ?? rope?.type ?? 'default'
  const field = (name: 'factor' | 'low_freq_factor' | 'high_freq_factor'): number => {
    const value = rope?.[name]
    if (!value) throw errors.modelMalformed({ path, reason: `rope scaling ${type} needs ${name}` })
    return value
  }
  if (type === 'default') return null
  if (type === 'linear') return { type, factor: field('factor') }
  if (type === 'llama3') {
    const lowFrequencyFactor = field('low_freq_factor')
    const highFrequencyFactor = field('high_freq_factor')
    if (highFrequencyFactor <= lowFrequencyFactor) {
      throw errors.modelMalformed({ path, reason: 'high_freq_factor must be above low_freq_factor' })
    }
    return {
      type,
      factor: field('factor'),
      lowFrequencyFactor,
      highFrequencyFactor,
      originalContext: rope?.original_max_position_embeddings ?? contextLength,
    }
  }
  throw errors.modelUnsupported({ path, reason: `rope scaling “${type}” (only default, linear and llama3)` })
}
