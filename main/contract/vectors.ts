// The library of steering vectors: how one is made, what is known of it, as which file it travels.
// Owns: recipes, records and formats. Not: the figures of a contrast (contrasts.ts) or sweeps (sweeps.ts).
import * as z from 'zod'
import { contrastDocument, contrastSettings } from './contrasts.ts'
import { dataSetRecipe, labelRule, pooling } from './dataSets.ts'
import { estimate } from './estimates.ts'
import { computeDtype } from './models.ts'
import { steeringPlace } from './sweeps.ts'

const count = z.number().int().min(0)
const title = z.string().max(200)

/** Two lists of prompts: line i of one and line i of the other are a pair. */
export const promptPair = z.object({ positive: z.string().min(1), negative: z.string().min(1) })

export const vectorRecipe = z.discriminatedUnion('kind', [
  /** Between two classes of a data set's rows. */
  z.object({
    kind: z.literal('contrast'),
    /** Empty lets the engine name it. */
    name: title.default(''),
    dataSetId: z.string().min(1),
    /** Of the data set; all where left out. */
    layers: z.array(count).min(1).optional(),
    /** Of the data set; its first where left out. */
    pooling: pooling.optional(),
    /** Class that it points to. Left out: away from `invalid` steps, as upstream steers, and towards what any other label names. */
    towards: z.string().optional(),
    /** Class that it points away from; of two classes the other. */
    away: z.string().optional(),
    settings: contrastSettings.omit({ towards: true }).prefault({}),
  }),
  /** The direction of a trained linear probe with two classes, towards the class that its label names. */
  z.object({ kind: z.literal('probe'), name: title.default(''), probeId: z.string().min(1) }),
  /** Between two lists of prompts, read by a model. */
  z.object({
    kind: z.literal('prompts'),
    name: title.default(''),
    modelId: z.string().min(1),
    computeDtype: computeDtype.default('float32'),
    pairs: z.array(promptPair).min(1).max(10_000),
    /** `chat` puts each into a user's turn of the model's template, `text` takes it as it is. */
    form: z.enum(['chat', 'text']).default('chat'),
    /** Of hook_resid_post. */
    layers: z.array(count).min(1),
    at: z.enum(['lastPrompt', 'meanPrompt']).default('lastPrompt'),
    settings: contrastSettings.omit({ towards: true, scope: true }).prefault({}),
  }),
  /** Searched for, by trying what it does to whole episodes (CMA-ES over principal components of stored rows). */
  z.object({
    kind: z.literal('learned'),
    name: title.default(''),
    /** Its rows span what is searched; episodes are played as in its first run. */
    dataSetId: z.string().min(1),
    /** Of the data set; its first where left out. */
    layer: count.optional(),
    /** Of the data set; its first where left out. */
    pooling: pooling.optional(),
    /** Principal components that are searched. */
    components: z.number().int().min(1).max(64).default(8),
    /** Longest vector that is tried, as a share of the median norm of the rows. */
    longest: z.number().positive().max(10).default(0.5),
    place: steeringPlace.default({ kind: 'lastPrompt' }),
    /** What is counted in each step. */
    outcome: labelRule.default({ kind: 'invalid' }),
    wanted: z.enum(['down', 'up']).default('down'),
    /** Episodes that each candidate plays, the same for all; as many as have objects of their own. */
    trainEpisodes: z.number().int().min(2).max(1000).default(12),
    /** Further episodes, which the search never sees: for the effect that is reported. */
    heldOutEpisodes: z.number().int().min(2).max(1000).default(20),
    /** Episodes that the search may play, those of all candidates together. */
    budget: z.number().int().min(8).max(1_000_000).default(600),
    seed: z
      .number()
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(42),
  }),
])
export type VectorRecipe = z.infer<typeof vectorRecipe>
export type VectorRecipeInput = z.input<typeof vectorRecipe>

export const vectorFormat = z.enum(['safetensors', 'npy', 'gguf'])
export type VectorFormat = z.infer<typeof vectorFormat>

const learnedEffect = z.object({
  episodes: count,
  baseline: z.number().nullable(),
  steered: z.number().nullable(),
  /** Steered − baseline, paired by object and seed. */
  effect: estimate,
})
export type LearnedEffect = z.infer<typeof learnedEffect>

/** Where a vector comes from, so that it can be made again. */
export const vectorOrigin = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('contrast'),
    recipe: vectorRecipe.options[0],
    dataSetHash: z.string(),
    dataSetRecipe,
    /** Names of the classes it points away from and to. */
    away: z.string(),
    towards: z.string(),
  }),
  z.object({ kind: z.literal('probe'), recipe: vectorRecipe.options[1], towards: z.string() }),
  z.object({ kind: z.literal('prompts'), recipe: vectorRecipe.options[2] }),
  z.object({
    kind: z.literal('learned'),
    recipe: vectorRecipe.options[3],
    dataSetHash: z.string(),
    /** Whose rows gave the components; absent, as `objects`, in vectors of before it was kept. */
    dataSetRecipe: dataSetRecipe.optional(),
    /** The run whose settings the episodes were played by. */
    runId: z.string(),
    /** Hidden objects of the episodes that the search has played, from the first on: those it trained on and those it was judged on. */
    objects: z.array(z.string()).optional(),
    generations: count,
    episodesPlayed: count,
    /** Searches that were judged on some of these held-out objects, this one among them; absent in vectors of before this was counted. */
    looks: count.optional(),
    /** Outcome rates without and with the vector, on what it was searched on and on what it was not. */
    train: learnedEffect,
    heldOut: learnedEffect,
  }),
  z.object({
    kind: z.literal('file'),
    fileName: z.string(),
    format: vectorFormat,
    /** SHA-256 of the file. */
    sha256: z.string(),
    /** What the file says of itself. */
    metadata: z.record(z.string(), z.string()),
  }),
])
export type VectorOrigin = z.infer<typeof vectorOrigin>

/** One direction: at a hook point, for some steps of an episode. */
export const vectorRow = z.object({
  hook: z.string(),
  /** Steps of an episode that it is for, both included; null for all. */
  steps: z.tuple([count, count.nullable()]).nullable(),
  norm: z.number(),
})
export type VectorRow = z.infer<typeof vectorRow>

export const vectorSummary = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  origin: vectorOrigin,
  /** Null where a file does not say which model it is of. */
  model: z.object({ name: z.string(), hash: z.string() }).nullable(),
  computeDtype: computeDtype.nullable(),
  width: count,
  /** Those that hold; what was refused is not among them. */
  rows: z.array(vectorRow).min(1),
  /** SHA-256 of the numbers of all rows. */
  hash: z.string(),
  /** Whether vectors of shuffled labels were kept with it, which a sweep takes as a control. */
  hasShuffled: z.boolean(),
  /** What a person should know before using it, in whole sentences. */
  flags: z.array(z.string()),
})
export type VectorSummary = z.infer<typeof vectorSummary>

/** With all that was found when it was made; empty for what was not made from labelled rows. */
export const vectorRecord = vectorSummary.extend({
  documents: z.array(z.object({ hook: z.string(), document: contrastDocument })),
})
export type VectorRecord = z.infer<typeof vectorRecord>

/** A vector as a file. */
export const vectorImport = z.object({
  fileName: z.string().min(1).max(500),
  data: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array'),
  name: title.default(''),
  /** Model that it is for, where the file does not say. */
  modelId: z.string().optional(),
  /** Hook point of its rows, where the file does not say. */
  hook: z.string().optional(),
})
export type VectorImport = z.infer<typeof vectorImport>

export const vectorExport = z.object({
  fileName: z.string(),
  data: z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'expected a Uint8Array'),
})
export type VectorExport = z.infer<typeof vectorExport>

/** The step at which upstream would steer, with all that its rule weighed. */
export const vectorTarget = z.object({
  /** Probe of each step whose accuracies were taken. */
  probeId: z.string(),
  step: count,
  /** `score`: accuracy × invalid rate, among steps that qualify; `accuracy` where none does. */
  by: z.enum(['score', 'accuracy']),
  steps: z.array(
    z.object({
      step: count,
      accuracy: z.number(),
      valid: count,
      invalid: count,
      invalidRate: z.number().nullable(),
      score: z.number().nullable(),
      /** Accuracy ≥ .85, invalid rate ≥ .3, five rows of each class. */
      qualifies: z.boolean(),
    }),
  ),
})
export type VectorTarget = z.infer<typeof vectorTarget>

/** The numbers: [N, D], rows as in the record. */
export const vectorValues = z.object({
  data: z.custom<Float32Array>((value) => value instanceof Float32Array, 'expected a Float32Array'),
  shape: z.tuple([count, count]),
})
export type VectorValues = z.infer<typeof vectorValues>
