// The fields of config.json that any architecture reads.
// Owns: their names, types and bounds. Not: what they mean (architecture.ts, rotaryFields.ts).
import * as z from 'zod'

const finite = z.number().refine(Number.isFinite)
const factors = z.array(finite.positive()).max(65536)

const ropeNumbers = z.object({
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  rope_theta: finite.positive().nullish(),
  factor: finite.positive().nullish(),
  low_freq_factor: finite.positive().nullish(),
  high_freq_factor: finite.positive().nullish(),
  original_max_position_embeddings: z.number().int().positive().nullish(),
  partial_rotary_factor: finite.positive().nullish(),
  short_factor: factors.nullish(),
  attention_factor: finite.positive().nullish(),
})
export type RopeNumbers = z.infer<typeof ropeNumbers>

const ropeFields = {
  rope_theta: finite.positive().nullish(),
  rope_local_base_freq: finite.positive().nullish(),
  rope_scaling: ropeNumbers.nullish(),
  /** One set of numbers, or one for each type of layer. */
  rope_parameters: ropeNumbers
    .extend({ full_attention: ropeNumbers.nullish(), sliding_attention: ropeNumbers.nullish() })
    .nullish(),
  partial_rotary_factor: finite.positive().nullish(),
}

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

/** Errors that name the file. */
export interface Refusals {
  /** The file contradicts itself. */
  malformed: (reason: string) => Error
  /** The file is right, but this program cannot compute it. */
  unsupported: (reason: string) => Error
}
