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

/** What a graph is written from; every decoder here differs from Llama in numbers only. */
export interface DecoderConfig {
  architecture: 'llama' | 'mistral'
  shape: ModelShape
  rmsEpsilon: number
  ropeTheta: number
  ropeScaling: RopeScaling | null
  tiedEmbeddings: boolean
  attentionBias: boolean
  mlpBias: boolean
  /** Positions a token sees back, itself included; null sees all. */
  slidingWindow: number | null
}

export type StoredDtype = 'float32' | 'float16' | 'bfloat16'

/** A row-major tensor inside a file, little-endian. */
export interface WeightTensor {
  file: string
  offset: number
  byteLength: number
  dtype: StoredDtype
  shape: readonly number[]
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
  /** Files that hold weights, absolute, in the order in which they are hashed. */
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
  /** What a user should know, in sentences. */
  notes: readonly string[]
}
