// Data sets: labelled activations of stored steps, one row a step.
// Owns: what a data set is made from and what is known of it. Not: how rows are gathered (jobs/) or what is learnt from them (probes.ts).
import * as z from 'zod'
import { computeDtype } from './models.ts'

/** One step of one episode of one run. */
export const stepKey = z.object({
  runId: z.string(),
  episode: z.number().int().min(0),
  step: z.number().int().min(0),
})
export type StepKey = z.infer<typeof stepKey>

/**
 * How the positions of a step become one vector.
 * `lastPrompt` last prompt token · `meanPrompt` all prompt tokens · `firstGenerated`, `meanGenerated` tokens of the answer ·
 * `mean` prompt and answer · `last` last token of the answer · `lastK` mean of the last k prompt tokens.
 */
export const pooling = z.enum([
  'lastPrompt',
  'meanPrompt',
  'firstGenerated',
  'meanGenerated',
  'mean',
  'last',
  'lastK',
])
export type Pooling = z.infer<typeof pooling>

/** Poolings that contain the answer, so that a label judged from the answer is in what they read. */
export const poolingsWithAnswer: ReadonlySet<Pooling> = new Set([
  'firstGenerated',
  'meanGenerated',
  'mean',
  'last',
])

/** Poolings that are a mean over several tokens, and so shorter than the residual at any one of them. */
export const meanPoolings: ReadonlySet<Pooling> = new Set(['meanPrompt', 'meanGenerated', 'mean', 'lastK'])

export const labelRule = z.discriminatedUnion('kind', [
  /** The oracle called the message invalid. */
  z.object({ kind: z.literal('invalid') }),
  /** The step's episode ended in a win. */
  z.object({ kind: z.literal('won') }),
  /** A label that the environment gave the step; the step belongs to class 1 where it equals `equals`. */
  z.object({
    kind: z.literal('environment'),
    label: z.string().min(1),
    equals: z.union([z.string(), z.number(), z.boolean()]).default(true),
  }),
  /** Class 1 where the text contains the words, or matches the pattern. */
  z.object({
    kind: z.literal('text'),
    of: z.enum(['completion', 'prompt', 'answer']).default('completion'),
    contains: z.string().min(1),
    ignoreCase: z.boolean().default(true),
  }),
  /** Labels that a person gave, by name; steps without one are left out. */
  z.object({ kind: z.literal('hand'), name: z.string().min(1) }),
  /** One class for each value of an environment's label. */
  z.object({ kind: z.literal('classes'), label: z.string().min(1) }),
])
export type LabelRule = z.infer<typeof labelRule>

export const stepFilter = z.object({
  /** Both included. */
  firstStep: z.number().int().min(0).default(0),
  lastStep: z.number().int().min(0).nullable().default(null),
  /** Tasks (hidden objects) to keep; empty keeps all. */
  tasks: z.array(z.string()).default([]),
  /** Steps whose prompt did not fit and lost its oldest turns. */
  truncated: z.enum(['keep', 'leaveOut', 'only']).default('keep'),
  /** Conditions of a sweep to keep, by their titles; empty keeps all runs, those of no sweep too. */
  conditions: z.array(z.string()).default([]),
})
export type StepFilter = z.infer<typeof stepFilter>

export const dataSetRecipe = z.object({
  /** Empty lets the engine name it. */
  name: z.string().max(200).default(''),
  runIds: z.array(z.string()).min(1),
  label: labelRule.default({ kind: 'invalid' }),
  /** Hook point with `{layer}` for the layer, for instance `blocks.{layer}.hook_resid_post`; without it there is one "layer". */
  hook: z.string().min(1).default('blocks.{layer}.hook_resid_post'),
  /** `captured` takes every layer that all of the runs were to capture; where there is none, that all have stored since by replays. */
  layers: z.union([z.enum(['captured', 'all']), z.array(z.number().int().min(0)).min(1)]).default('captured'),
  poolings: z.array(pooling).min(1).default(['lastPrompt']),
  /** k of `lastK`. */
  lastK: z.number().int().min(1).default(5),
  /** Leave position 0, the attention sink, out of means. */
  leaveOutSink: z.boolean().default(true),
  filter: stepFilter.default(stepFilter.parse({})),
  /** Compute activations that no run stored, by replaying its tokens. */
  replayMissing: z.boolean().default(false),
})
export type DataSetRecipe = z.infer<typeof dataSetRecipe>

const rivalCost = z.object({
  /** That would be read. */
  steps: z.number().int(),
  /** Upper bound, from the speed at which the runs were collected; null where nothing is known. */
  seconds: z.number().nullable(),
  /** Why it cannot be had (a model that is gone, another ONNX Runtime); null where it can. */
  refused: z.string().nullable(),
})

/** Of a probe's rivals that take a pass over the steps: `replayed` embedding and layer 0 that no run stored; a model with random weights. */
export const rivalCosts = z.object({ replayed: rivalCost, randomWeights: rivalCost })
export type RivalCosts = z.infer<typeof rivalCosts>

/** What a recipe would give, before anything is gathered. */
export const dataSetPreview = z.object({
  rows: z.number().int(),
  episodes: z.number().int(),
  /** Names of the classes; two for a yes/no label: index 1 is the class that the label names. */
  classes: z.array(z.string()),
  /** Rows of each class. */
  counts: z.array(z.number().int()),
  /** By step index of the episode: rows of each class. */
  steps: z.array(z.object({ step: z.number().int(), counts: z.array(z.number().int()) })),
  layers: z.array(z.number().int()),
  /** Rows that lack a stored activation of some layer and pooling, and so need a replay. */
  missing: z.number().int(),
  /** Why these cannot be replayed (a model that is gone, another ONNX Runtime); null where they can, or none is missing. */
  replayRefused: z.string().nullable(),
  /** Upper bound, from the speed at which the runs were collected; null where none is missing or nothing is known. */
  replaySeconds: z.number().nullable(),
  /** Of the activations that the rows stand for. */
  bytes: z.number(),
  /** Of a probe on these rows. */
  rivals: rivalCosts,
  warnings: z.array(z.string()),
})
export type DataSetPreview = z.infer<typeof dataSetPreview>

export const dataSetRecord = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  recipe: dataSetRecipe,
  /** SHA-256 over rows, labels, labels of earlier steps and activations: equal hashes give equal probes. */
  hash: z.string(),
  rows: z.number().int(),
  episodes: z.number().int(),
  classes: z.array(z.string()),
  counts: z.array(z.number().int()),
  layers: z.array(z.number().int()),
  poolings: z.array(pooling),
  /** Width of one vector. */
  width: z.number().int(),
  /** Of the model or models, from the runs' manifests. */
  models: z.array(
    /** What the runs computed with; absent in data sets of earlier versions. */
    z.object({ name: z.string(), hash: z.string(), computeDtype: computeDtype.optional() }),
  ),
  bytes: z.number(),
  /** Runs of the recipe that were deleted since: nothing can be trained on the data set any more. */
  missingRuns: z.array(z.string()),
})
export type DataSetRecord = z.infer<typeof dataSetRecord>

/** What a recipe over some runs may name. */
export const dataSetChoices = z.object({
  /** Labels that the environment gave, with their values (at most 50 each). */
  environmentLabels: z.array(
    z.object({ label: z.string(), values: z.array(z.union([z.string(), z.number(), z.boolean()])) }),
  ),
  tasks: z.array(z.object({ task: z.string(), category: z.string().nullable(), steps: z.number().int() })),
  /** Hook points that the runs stored, with `{layer}` for the layer. */
  hooks: z.array(z.string()),
  /** That all of the runs stored of `blocks.{layer}.hook_resid_post`. */
  layers: z.array(z.number().int()),
  /** Layers of the model; of several models the smallest number. Null where none of them is in the workspace. */
  allLayers: z.number().int().nullable(),
  /** Answered without a replay. */
  poolings: z.array(pooling),
  lastStep: z.number().int(),
  /** Titles of the sweep's conditions among the runs. */
  conditions: z.array(z.string()),
  /** Names of label sets that were given by hand. */
  handLabels: z.array(z.string()),
})
export type DataSetChoices = z.infer<typeof dataSetChoices>

/** A label that a person gave a step. */
export const handLabel = stepKey.extend({
  /** Of the label set, for instance `polite`. */
  name: z.string().trim().min(1).max(100),
  /** The class's name, for instance `yes`. */
  label: z.string().trim().min(1).max(100),
})
export type HandLabel = z.infer<typeof handLabel>
