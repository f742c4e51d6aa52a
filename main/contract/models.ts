// What is known of a model on disk.
// Owns: the record shown in Models, and what a check of it has found. Not: reading it from files (model/), what a check is worth (modelTrust.ts).
import * as z from 'zod'

export const weightFormat = z.enum(['safetensors', 'gguf'])
export type WeightFormat = z.infer<typeof weightFormat>

/**
 * What the weights are computed with. `int8` and `int4` are rounded to nearest from floats, in blocks of 32 (the vocabulary head always
 * `int8`; embeddings and norms stay floats); `gguf` is a GGUF file's own blocks. Activations are float32 whatever the weights are.
 */
export const computeDtype = z.enum(['float32', 'int8', 'int4', 'gguf'])
export type ComputeDtype = z.infer<typeof computeDtype>

/** Where a decoder is built otherwise than Llama, as far as that decides which hook points it has. */
export const modelTraits = z.object({
  /** Embeddings of positions are added to those of tokens; nothing is rotated. */
  learnedPositions: z.boolean(),
  /** Layers that know no positions. */
  unrotatedLayers: z.array(z.number().int().min(0)),
  /** The feed-forward network has a gate. */
  gatedMlp: z.boolean(),
  /** Attention and feed-forward network read the same residual stream. */
  parallelResidual: z.boolean(),
  /** Norms after attention and feed-forward network, beside those before. */
  postNorms: z.boolean(),
  /** Queries and keys have a norm: each head for itself, or all heads together. */
  queryKeyNorm: z.enum(['none', 'heads', 'whole']).default('none'),
  /** Feed-forward networks of which a router chooses a few for each token; 0 where there is the one. */
  experts: z.number().int().min(0),
  /** How many it chooses. */
  expertsPerToken: z.number().int().min(0).default(0),
})
export type ModelTraits = z.infer<typeof modelTraits>

/** Whether a model can be computed with a dtype, and what that does to it. */
export const dtypeChoice = z.object({
  dtype: computeDtype,
  /** Why not; null where it can. */
  refusal: z.string().nullable(),
  /** In sentences, for those who read its results. */
  notes: z.array(z.string()),
})
export type DtypeChoice = z.infer<typeof dtypeChoice>

/** A place inside the decoder, for those who choose one. */
export const hookPointRecord = z.object({
  /** The full name, for instance `blocks.15.hook_resid_post`. */
  name: z.string(),
  /** For instance `B S H K`; letters as in docs/architecture.md. */
  axes: z.string(),
  /** Sizes of the axes other than B, S and T. */
  sizes: z.array(z.number().int()),
})
export type HookPointRecord = z.infer<typeof hookPointRecord>

/** Numbers that fix a decoder's shape. Letters as in docs/architecture.md. */
export const modelShape = z.object({
  layers: z.number().int().positive(),
  /** D */
  residualWidth: z.number().int().positive(),
  /** H */
  heads: z.number().int().positive(),
  keyValueHeads: z.number().int().positive(),
  /** K */
  headWidth: z.number().int().positive(),
  /** M */
  mlpWidth: z.number().int().positive(),
  /** V */
  vocabulary: z.number().int().positive(),
  contextLength: z.number().int().positive(),
  /** Left out: Llama's. */
  traits: modelTraits.optional(),
})
export type ModelShape = z.infer<typeof modelShape>

/** One line of `models check`. */
export const checkResult = z.object({
  name: z.string(),
  passed: z.boolean(),
  /** Largest error found, in the unit that `detail` names; null where the check has none. */
  largestError: z.number().nullable(),
  detail: z.string(),
})
export type CheckResult = z.infer<typeof checkResult>

/** What a check of a model has found, of which content it is and on what ground it was made. */
export const modelCheck = z.object({
  results: z.array(checkResult).min(1),
  /** The values of another program that lay beside the model; null where there were none, and it was compared with itself alone. */
  reference: z
    .object({
      /** With its version: `transformers 5.23.0`. */
      program: z.string(),
      /** Largest error as a part of the largest value of its hook point; null where one side has a number and the other has none. */
      largestError: z.number().nullable(),
      /** The hook point of that error, or `logits`. */
      at: z.string(),
    })
    .nullable(),
  checkedAt: z.string(),
  /** As in the model's record. */
  hash: z.string(),
  configHash: z.string(),
  tokenizerHash: z.string(),
  /** That the numbers were computed in. */
  dtype: computeDtype,
  /** As in the engine's info. */
  device: z.string(),
  innerview: z.string(),
  onnxruntime: z.string(),
})
export type ModelCheck = z.infer<typeof modelCheck>

export const modelRecord = z.object({
  /** Short name unique in the workspace; what `--model` takes. */
  id: z.string(),
  name: z.string(),
  path: z.string(),
  format: weightFormat,
  /** Hugging Face's `model_type`, for instance `llama`. */
  architecture: z.string(),
  shape: modelShape,
  parameters: z.number(),
  /** As stored: `float32`, `float16`, `bfloat16`, `Q4_1`, … (the most frequent among the matrices). */
  dtype: z.string(),
  sizeBytes: z.number(),
  /** SHA-256 over the weights, hex. */
  hash: z.string(),
  tokenizerHash: z.string(),
  /** SHA-256 over what config.json or the GGUF's header says of the decoder, hex. */
  configHash: z.string(),
  hasChatTemplate: z.boolean(),
  /** Estimated peak resident memory with a batch of 16 rows of 2048 tokens (or the context, if shorter). */
  memoryBytes: z.number(),
  addedAt: z.string(),
  /** What a user should know, in sentences. */
  notes: z.array(z.string()),
  /** The last one that was made in float32; null before any. */
  check: modelCheck.nullable(),
  /** The last one in each other dtype that was checked. */
  otherChecks: z.array(modelCheck),
})
export type ModelRecord = z.infer<typeof modelRecord>
