// Runs, episodes and steps as they cross a process boundary.
// Owns: settings of a run and the records a user browses. Not: how they are stored (store/) or made (jobs/).
import * as z from 'zod'
import { interventionList } from './interventions.ts'
import { computeDevice } from './devices.ts'
import { computeDtype } from './models.ts'

// Any buffer behind them: shared ones too.
const int32Array = z.custom<Int32Array>((value) => value instanceof Int32Array, 'expected an Int32Array')
const float32Array = z.custom<Float32Array>(
  (value) => value instanceof Float32Array,
  'expected a Float32Array',
)

export const samplingSettings = z.object({
  /** 0 is greedy. */
  temperature: z.number().min(0).max(10).default(1),
  /** 0 switches it off. */
  topK: z.number().int().min(0).default(0),
  /** 1 switches it off. */
  topP: z.number().gt(0).max(1).default(1),
  maxNewTokens: z.number().int().min(1).max(8192).default(64),
  /** Token texts (for instance `<|im_end|>`) that end an answer beside the model's own. */
  stopTokens: z.array(z.string()).default([]),
})
export type SamplingSettings = z.infer<typeof samplingSettings>

export const capturePositions = z.enum(['decision', 'all'])
export const captureDtype = z.enum(['float32', 'float16'])
export const capturePolicy = z.object({
  /** Hook points by TransformerLens's names, for instance `blocks.15.hook_resid_post`. */
  hooks: z.array(z.string()).default([]),
  /**
   * `decision`: last prompt token, first generated token, mean over the prompt, mean over the generated tokens
   * (means leave out position 0, the attention sink). `all`: every prompt and generated position as well.
   */
  positions: capturePositions.default('decision'),
  dtype: captureDtype.default('float32'),
})
export type CapturePolicy = z.infer<typeof capturePolicy>

export const oracleSettings = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('kb'),
    /** `lenient` takes a yes/no question out of a longer message; `strict` wants the message to be one. */
    strictness: z.enum(['lenient', 'strict']).default('lenient'),
  }),
  z.object({
    kind: z.literal('openai'),
    baseUrl: z.url().default('https://api.openai.com/v1'),
    model: z.string().min(1).default('gpt-4o-mini'),
    timeoutMs: z.number().int().min(100).max(600_000).default(30_000),
    retries: z.number().int().min(0).max(20).default(4),
  }),
  z.object({ kind: z.literal('human') }),
])
export type OracleSettings = z.infer<typeof oracleSettings>

export const environmentSettings = z.discriminatedUnion('name', [
  z.object({
    name: z.literal('twenty_questions'),
    /** `history-only` is upstream's: after the first step the instructions are gone. */
    protocol: z.enum(['history-only', 'keep-instructions']).default('history-only'),
    winRule: z.enum(['whole-word', 'substring']).default('whole-word'),
    /** Upstream leaves the end-of-turn token's text in the history. */
    stopTokenInHistory: z.boolean().default(false),
    maxSteps: z.number().int().min(1).max(200).default(20),
    systemPrompt: z.string().default(''),
    /** A list that ships, or the user's own objects. */
    objects: z.union([z.enum(['archer', 'simple']), z.array(z.string().min(1)).min(1)]).default('archer'),
    /** `:5`, `:0:10` or `@2/8` over the objects; empty takes all, shuffled by the run's seed. */
    selection: z.string().default(''),
  }),
  z.object({
    name: z.literal('number_hunt'),
    /** The hidden number lies between 1 and this. */
    upTo: z.number().int().min(2).max(1_000_000).default(100),
    maxSteps: z.number().int().min(1).max(200).default(10),
    systemPrompt: z.string().default(''),
    selection: z.string().default(''),
  }),
])
export type EnvironmentSettings = z.infer<typeof environmentSettings>

export const collectSettings = z.object({
  modelId: z.string().min(1),
  /** Shown in lists; empty lets the engine name it. */
  name: z.string().default(''),
  environment: environmentSettings,
  oracle: oracleSettings,
  episodes: z.number().int().min(1).max(100_000).default(30),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0),
  sampling: samplingSettings,
  capture: capturePolicy,
  /** Part of what fixes a run's rows. */
  computeDtype: computeDtype.default('float32'),
  /** What it is computed on; anything but the processor once its check has passed. Part of what fixes a run's rows. */
  device: computeDevice.default('cpu'),
  /** What is changed inside the model, in the order in which it acts (docs/interventions.md). */
  interventions: interventionList.default([]),
  /** Episodes played at once; 0 leaves it to the engine, and a stored run has the number it chose. */
  batch: z.number().int().min(0).max(256).default(0),
})
export type CollectSettings = z.infer<typeof collectSettings>
/** What a form or a command line hands in: defaults may be left out. */
export type CollectInput = z.input<typeof collectSettings>

/** What is done otherwise from a step on; all else stays as it was. */
export const forkSettings = z.object({
  runId: z.string(),
  episode: z.number().int().min(0),
  /** The first step that is played anew: one that is stored, or the next of an episode that is not over. */
  step: z.number().int().min(0),
  /** Empty lets the engine name it. */
  name: z.string().max(200).default(''),
  changes: z
    .object({
      /** In place of all that the run had. */
      interventions: interventionList,
      temperature: samplingSettings.shape.temperature.unwrap(),
      seed: collectSettings.shape.seed.unwrap(),
      systemPrompt: z.string(),
    })
    .partial()
    .prefault({}),
})
export type ForkSettings = z.infer<typeof forkSettings>
export type ForkInput = z.input<typeof forkSettings>

export const runStatus = z.enum([
  'queued',
  'running',
  'paused',
  'interrupted', // the engine ended while it ran
  'cancelled',
  'failed',
  'done',
])
export type RunStatus = z.infer<typeof runStatus>

/** An intervention of a run at one hook point, as its rows depend on it. */
export const manifestIntervention = z.object({
  name: z.string(),
  hook: z.string(),
  /** SHA-256 of what is done there, the numbers of its vectors included. */
  hash: z.string(),
  /** Where its numbers come from, a sentence for each: the gate's first, then its vector's or source's. */
  sources: z.array(z.string()),
})
export type ManifestIntervention = z.infer<typeof manifestIntervention>

/** An episode that goes on from a step of another run's, whose steps before it were copied. */
export const forkOrigin = z.object({
  runId: z.string(),
  name: z.string(),
  /** Both have the number in the fork, too. */
  episode: z.number().int().min(0),
  /** The first step that is the fork's own. */
  step: z.number().int().min(0),
  /** How the copied steps were drawn: from the one before up to `until`, excluded. */
  copied: z.array(z.object({ until: z.number().int().min(1), seed: z.number(), sampling: samplingSettings })),
})
export type ForkOrigin = z.infer<typeof forkOrigin>

export const importFormat = z.enum(['ares-collection', 'ares-trajectory', 'ares-steering'])
export type ImportFormat = z.infer<typeof importFormat>

/** Another tool's files that a run was read from. */
export const importOrigin = z.object({
  format: importFormat,
  /** Of the folder or file, as it was given. */
  path: z.string(),
  /** SHA-256 of the names and bytes that were read, or of names and sizes where a folder holds more than 64 MiB. */
  hash: z.string(),
  /** Which condition of a sweep; empty for all there is. */
  part: z.string().default(''),
  /** What the files do not tell, a phrase for each. */
  missing: z.array(z.string()),
})
export type ImportOrigin = z.infer<typeof importOrigin>

/** Everything a result rests on. */
export const runManifest = z.object({
  innerview: z.string(),
  onnxruntime: z.string(),
  platform: z.string(),
  modelName: z.string(),
  modelHash: z.string(),
  configHash: z.string(),
  tokenizerHash: z.string(),
  chatTemplateHash: z.string(),
  /** That the weights are stored in. */
  dtype: z.string(),
  /** That they are computed with; runs of versions that knew no other were in float32. */
  computeDtype: computeDtype.default('float32'),
  device: z.string(),
  oracle: z.string(),
  environmentVersion: z.string(),
  interventions: z.array(manifestIntervention).default([]),
  /** What says which of them act in a step: their own `applyAtSteps`, or a program’s rule by its name. */
  chooser: z.string().default('applyAtSteps'),
  /** Absent for a run that began at its beginning. */
  fork: forkOrigin.optional(),
  /** Absent for a run that was played here. */
  imported: importOrigin.optional(),
})
export type RunManifest = z.infer<typeof runManifest>

/** What an intervention has met. */
const interventionCounts = {
  /** Its place in the run's list, from 0. */
  index: z.number().int().min(0),
  /** Tokens it met at each of its hook points: of the prompt, reused ones too, and generated ones. */
  tokens: z.number().int().min(0),
  /** Values computed under its gate for which that was open, over all its hook points; null without a gate. */
  open: z.number().int().min(0).nullable(),
}
export const stepIntervention = z.object(interventionCounts)
export type StepIntervention = z.infer<typeof stepIntervention>
/** Over all steps of a run. */
export const interventionTotal = z.object({
  ...interventionCounts,
  /** Steps in which it met a token. */
  steps: z.number().int().min(0),
})
export type InterventionTotal = z.infer<typeof interventionTotal>

export const runProgress = z.object({
  episodesDone: z.number(),
  episodes: z.number(),
  steps: z.number(),
  /** Upper bound: episodes × step limit. */
  stepsAtMost: z.number(),
  invalid: z.number(),
  wins: z.number(),
  promptTokens: z.number(),
  newTokens: z.number(),
  /** Over the last seconds; null when not running. */
  tokensPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Seconds of work so far, over all sittings. */
  seconds: z.number(),
  /** Of each intervention that was asked of a step so far, in the order of the run's list. */
  interventions: z.array(interventionTotal),
  /** What it does before it plays, for instance `Loading the model`; absent while it plays or rests. */
  activity: z.string().optional(),
})
export type RunProgress = z.infer<typeof runProgress>

export const errorReport = z.object({
  code: z.string(),
  title: z.string(),
  message: z.string(),
  cure: z.string(),
  details: z.record(z.string(), z.unknown()),
})

export const runRecord = z.object({
  id: z.string(),
  /** Played here, or read from another tool's files. */
  kind: z.enum(['collect', 'import']),
  name: z.string(),
  status: runStatus,
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  settings: collectSettings,
  manifest: runManifest,
  progress: runProgress,
  error: errorReport.nullable(),
  /** The sweep that it is a condition of, and which; absent for a run of its own. */
  sweep: z.object({ id: z.string(), title: z.string() }).optional(),
})
export type RunRecord = z.infer<typeof runRecord>

export const episodeOutcome = z.enum(['running', 'win', 'limit'])
export type EpisodeOutcome = z.infer<typeof episodeOutcome>

export const episodeSummary = z.object({
  runId: z.string(),
  /** 0, 1, 2 … within the run. */
  episode: z.number().int(),
  /** The task: for Twenty Questions the hidden object. */
  task: z.string(),
  outcome: episodeOutcome,
  steps: z.number().int(),
  invalid: z.number().int(),
  /** One letter a step: `v` valid, `i` invalid, `w` win. */
  verdicts: z.string(),
  promptTokens: z.number(),
  newTokens: z.number(),
  truncatedSteps: z.number().int(),
})
export type EpisodeSummary = z.infer<typeof episodeSummary>

export const chatMessage = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })
export type ChatMessage = z.infer<typeof chatMessage>

export const finishReason = z.enum(['stop', 'length'])
export type FinishReason = z.infer<typeof finishReason>

export const stepRecord = z.object({
  runId: z.string(),
  episode: z.number().int(),
  step: z.number().int(),
  messages: z.array(chatMessage),
  /** −1 stands for a token that is not known, in a run that was imported without its text. */
  promptIds: int32Array,
  completionIds: int32Array,
  /** Natural logarithm of each generated token's probability under the untempered model; as long as completionIds, NaN where it is not known. */
  logProbabilities: float32Array,
  /** Rank of each generated token among all, 0 the likeliest. */
  ranks: int32Array,
  /** Entropy in nats of the distribution each token was drawn from, untempered. */
  entropies: float32Array,
  /** Row-major [generated, 5]: the likeliest tokens and their log-probabilities. */
  topIds: int32Array,
  topLogProbabilities: float32Array,
  /** Text without the stop token. */
  completion: z.string(),
  finish: finishReason,
  /** The environment's answer, for instance `Yes.`. */
  answer: z.string(),
  isInvalid: z.boolean(),
  isWin: z.boolean(),
  reward: z.number(),
  /** Further labels of the environment. */
  labels: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** The oracle's confidence in 0…1; null where it gives none. */
  confidence: z.number().nullable(),
  /** How the oracle came to it, in words (for instance the question it understood). */
  reason: z.string(),
  /** Oldest turns that did not fit and were left out of the prompt. */
  droppedTurns: z.number().int(),
  /** Prompt tokens whose keys and values were reused from the step before. */
  reusedTokens: z.number().int(),
  prefillMs: z.number(),
  decodeMs: z.number(),
  oracleMs: z.number(),
  capturedHooks: z.array(z.string()),
  /** The run's interventions that were asked of this step, and what each met there. */
  interventions: z.array(stepIntervention),
})
export type StepRecord = z.infer<typeof stepRecord>

/** A token as the timeline shows it. */
export const tokenView = z.object({
  id: z.number().int(),
  /** As it decodes within its sequence; bytes that are no text appear as `⟨0xNN⟩`. */
  text: z.string(),
  /** A control token of the chat format. */
  isSpecial: z.boolean(),
})
export type TokenView = z.infer<typeof tokenView>

/** Per step index over all episodes of a run. */
export const stepStatistics = z.object({
  step: z.array(z.number().int()),
  n: z.array(z.number().int()),
  invalid: z.array(z.number().int()),
  /** Wilson interval at 95 % of invalid / n. */
  invalidLow: z.array(z.number()),
  invalidHigh: z.array(z.number()),
  meanPromptTokens: z.array(z.number()),
  meanNewTokens: z.array(z.number()),
  meanReusedTokens: z.array(z.number()),
})
export type StepStatistics = z.infer<typeof stepStatistics>

export const episodeSort = z.enum([
  'episode',
  'task',
  'outcome',
  'steps',
  'invalidRate',
  'newTokens',
  'promptTokens',
])
export const episodeQuery = z.object({
  runId: z.string(),
  /** Part of the task's name, case-insensitive. */
  task: z.string().default(''),
  outcomes: z.array(episodeOutcome).default([]),
  minInvalidRate: z.number().min(0).max(1).default(0),
  maxInvalidRate: z.number().min(0).max(1).default(1),
  sort: episodeSort.default('episode'),
  /** A probe: in the order of what it reads on average, instead of `sort`; episodes that it cannot be read in come last. */
  probe: z.string().optional(),
  descending: z.boolean().default(false),
  offset: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(5000).default(500),
})
export type EpisodeQuery = z.infer<typeof episodeQuery>

export const episodePage = z.object({ total: z.number().int(), episodes: z.array(episodeSummary) })
export type EpisodePage = z.infer<typeof episodePage>
