// A model on disk, read but not loaded: its numbers and where each tensor lies.
// Owns: the shapes that readers produce and graphs consume. Not: reading (huggingFaceFolder.ts, ggufModel.ts) or loading (inference/).
import type { ModelShape, WeightFormat } from '../contract/models.ts'

/** Frequencies of rotary embedding, as in transformers' `modeling_rope_utils`. */
export type RopeScaling =
  | { type: 'linear'; factor: number }
  | {
      type: 'llama3'
      factor: number
      lowFrequencyFactor: number
      highFrequencyFactor: number
      originalContext: number
    }
  /** GGUF's `rope_freqs.weight`: inverse frequency i is divided by factors[i]; K/2 of them, finite and positive. */
  | { type: 'factors'; factors: readonly number[] }

  /** As `factors`; cosines and sines are multiplied by `attentionFactor` besides. */
  | { type: 'longrope'; factors: readonly number[]; attentionFactor: number }

/** Turning queries and keys by their positions. */
export interface RotaryConfig {
  /** Leading values of each head that are turned, at most K. */
  width: number
  theta: number
  scaling: RopeScaling | null
}

export interface NormConfig {
  kind: 'rms' | 'layer'
  epsilon: number
  /** Gains are stored less one. */
  isGainLessOne: boolean
  /** Before attention and feed-forward network, after them (their output is normalised before it is added), or both. */
  places: 'before' | 'after' | 'both'
}

export interface AttentionConfig {
  /** Scores are multiplied by this. */
  scale: number
  /** Scores s become c·tanh(s/c); null leaves them. */
  softCap: number | null
  /** Queries and keys have a norm: each head for itself, or all heads together. */
  queryKeyNorm: 'none' | 'heads' | 'whole'
  /** Queries, keys and values have a tensor each, or share one: all queries, then all keys, then all values; or those of each head together. */
  projection: 'separate' | 'blocks' | 'heads'
  inputBias: boolean
  outputBias: boolean
  /** Positions a token sees back, itself included, in these layers; null where every layer sees all. */
  window: { positions: number; layers: readonly number[] } | null
}

export interface ExpertsConfig {
  count: number
  /** Experts that each token goes to. */
  perToken: number
  /** Their weights add up to one. */
  isNormalised: boolean
}

export interface MlpConfig {
  activation: 'silu' | 'gelu' | 'geluTanh'
  bias: boolean
  experts: ExpertsConfig | null
}

/** What a graph is written from. Whether there is a gate, and which residual streams, is among the traits of its shape. */
export interface DecoderConfig {
  /** Hugging Face's `model_type`; of a GGUF file the one of that name. */
  architecture: string
  shape: ModelShape
  norm: NormConfig
  /** Null where positions are learned. */
  rotary: RotaryConfig | null
  /** In layers with a sliding window, where it differs; null otherwise. */
  windowRotary: RotaryConfig | null
  attention: AttentionConfig
  mlp: MlpConfig
  /** Embeddings are multiplied by this; null leaves them. */
  embeddingScale: number | null
  /** As the soft cap of scores, of logits. */
  logitSoftCap: number | null
  tiedEmbeddings: boolean
}

export type StoredDtype = 'float32' | 'float16' | 'bfloat16'

/** A row-major tensor inside a file, little-endian. */
export interface WeightTensor {
  file: string
  offset: number
  byteLength: number
  /** Bytes are parts of matrices in blocks (blockWeights.ts). */
  dtype: StoredDtype | 'uint8'
  shape: readonly number[]
  /** A matrix that is stored [in, out]; others are [out, in]. */
  isTransposed?: boolean
}

/** Tensors by Hugging Face's names, for instance `model.layers.0.self_attn.q_proj.weight`. */
export type WeightMap = ReadonlyMap<string, WeightTensor>

/** Where the tokeniser is read from: by `readTokenizer` of tokenizer.ts. */
export type TokenizerSource =
  { kind: 'huggingface'; tokenizerFile: string; configFile: string | null } | { kind: 'gguf'; file: string }

/** A chat template and the token texts that it may mention. */
export interface ChatTemplateSource {
  /** Where it was found, for messages. */
  path: string
  text: string
  bosToken: string
  eosToken: string
}

/** A change of one matrix: scale · up · down is added to it, and its rows may be brought to other lengths. */
export interface AdapterMatrix {
  /** Of the matrix, as in a WeightMap. */
  name: string
  /** [rank, in] */
  down: WeightTensor
  /** [out, rank] */
  up: WeightTensor
  scale: number
  /** [out]: how long each row becomes (DoRA); null leaves them as the sum is. */
  magnitude: WeightTensor | null
}

/** A LoRA adapter, to be merged at load. */
export interface Adapter {
  /** The model that it changes. Its embeddings may be tied where the adapter's are not. */
  base: Pick<ModelFiles, 'config' | 'weightFiles'>
  matrices: readonly AdapterMatrix[]
  /** Tensors that take the place of the base's, by name. */
  wholes: WeightMap
}

/**
 * A model whose headers were read and checked: every tensor of its architecture is there, in its shape, within its file.
 * Plain data; it may cross threads.
 */
export interface ModelFiles {
  /** Absolute: the folder, or the .gguf file. */
  path: string
  format: WeightFormat
  name: string
  config: DecoderConfig
  /** Files that hold weights (and how an adapter's are scaled), absolute, in the order in which they are hashed. */
  weightFiles: readonly string[]
  /** Of all weight files. */
  sizeBytes: number
  /** The most frequent among the matrices: `float32`, `float16`, `bfloat16`, `Q4_1` … */
  dtype: string
  /** Numbers the model computes with; tied embeddings count once. */
  parameters: number
  /** Any of these ends an answer. */
  stopIds: readonly number[]
  tokenizer: TokenizerSource
  /** null: the plain fallback of chatTemplate.ts is used. */
  chatTemplate: ChatTemplateSource | null
  /** Left out where the model is whole by itself. */
  adapter?: Adapter
  /** What a user should know, in sentences. */
  notes: readonly string[]
}
