// Every call that a window, a browser or a command may make on the engine: one page, schema both ways.
// Rule: a call either answers or throws a report from errors.ts; a stream ends when the signal is aborted.
import { eventIterator, oc } from '@orpc/contract'
import * as z from 'zod'
import { comparisonQuery, runComparison, savedComparison } from './comparison.ts'
import { importInput } from './imports.ts'
import { inspectionQuery, stepInspection } from './inspection.ts'
import { playgroundItem, playgroundSettings } from './playground.ts'
import {
  dataSetChoices,
  dataSetPreview,
  dataSetRecipe,
  dataSetRecord,
  handLabel,
  stepKey,
} from './dataSets.ts'
import { reportFormat, stageName, studyPlan, studyRecord, studyReport } from './studies.ts'
import { sweepChanges, sweepEstimate, sweepRecord, sweepSettings, sweepSummary } from './sweeps.ts'
import { sweepTables } from './sweepTables.ts'
import { computeDevice, deviceCheck, deviceChoice } from './devices.ts'
import { computeDtype, dtypeChoice, hookPointRecord, modelCheck, modelRecord } from './models.ts'
import { probeSettings } from './probes.ts'
import {
  episodeScore,
  probeAttribution,
  probeExport,
  probeExportFormat,
  probeGate,
  probeNeighbour,
  probeProjection,
  probeReadOut,
  probeRecord,
  probeSummary,
  projectionMethod,
} from './storedProbes.ts'
import {
  vectorExport,
  vectorFormat,
  vectorImport,
  vectorRecipe,
  vectorRecord,
  vectorSummary,
  vectorTarget,
  vectorValues,
} from './vectors.ts'
import {
  collectSettings,
  episodePage,
  episodeQuery,
  episodeSummary,
  errorReport,
  forkSettings,
  runRecord,
  stepRecord,
  stepStatistics,
} from './runs.ts'

const byId = z.object({ id: z.string() })

/** Streams that describe work in progress send at most 20 of these a second. */
export const workProgress = z.object({ label: z.string(), fraction: z.number().min(0).max(1) })
export type WorkProgress = z.infer<typeof workProgress>

export const engineInfo = z.object({
  version: z.string(),
  node: z.string(),
  electron: z.string().nullable(),
  onnxruntime: z.string(),
  /** That models compute on, by kind and name. */
  device: z.string(),
  transport: z.enum(['window', 'process', 'browser']),
  workspace: z.string(),
  cores: z.number(),
  memoryBytes: z.number(),
  freeMemoryBytes: z.number(),
})
export type EngineInfo = z.infer<typeof engineInfo>

/** A question that waits for a person (oracle `human`). */
export const pendingQuestion = z.object({
  id: z.string(),
  runId: z.string(),
  episode: z.number().int(),
  step: z.number().int(),
  task: z.string(),
  message: z.string(),
  history: z.array(z.object({ question: z.string(), answer: z.string() })),
})
export type PendingQuestion = z.infer<typeof pendingQuestion>

export const verdict = z.enum(['yes', 'no', 'invalid'])

/** What changed; a window refreshes what it shows of it. */
export const engineEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), run: runRecord }),
  z.object({ kind: z.literal('runRemoved'), id: z.string() }),
  z.object({ kind: z.literal('episode'), episode: episodeSummary }),
  z.object({ kind: z.literal('models') }),
  z.object({ kind: z.literal('questions'), questions: z.array(pendingQuestion) }),
  z.object({ kind: z.literal('dataSets') }),
  z.object({ kind: z.literal('handLabels'), runId: z.string() }),
  z.object({ kind: z.literal('probe'), probe: probeSummary }),
  z.object({ kind: z.literal('probeRemoved'), id: z.string() }),
  z.object({ kind: z.literal('vectors') }),
  /** A condition's own progress comes as its run's. */
  z.object({ kind: z.literal('sweep'), sweep: sweepSummary }),
  z.object({ kind: z.literal('sweepRemoved'), id: z.string() }),
  z.object({ kind: z.literal('study'), study: studyRecord }),
  z.object({ kind: z.literal('studyRemoved'), id: z.string() }),
  z.object({ kind: z.literal('comparisons') }),
  z.object({ kind: z.literal('problem'), error: errorReport }),
])
export type EngineEvent = z.infer<typeof engineEvent>

/**
 * What tokens show, said once for each id: a long episode repeats its history in every prompt, so texts per position would
 * be a hundred times as much. A token's text follows from its id and from whether it begins a prompt or a completion.
 */
export const tokenTexts = z.object({
  /** Every id among the prompts, completions and likeliest tokens, once. */
  ids: z.array(z.number().int()),
  /** As `TokenView.text`, same order as ids. */
  texts: z.array(z.string()),
  /** Control tokens of the chat format. */
  specialIds: z.array(z.number().int()),
  /** Where a token that begins a sequence shows something else: SentencePiece drops its space. */
  leading: z.array(z.object({ id: z.number().int(), text: z.string() })),
})
export type TokenTexts = z.infer<typeof tokenTexts>

export const episodeStep = z.object({
  record: stepRecord,
  /** First prompt position that differs from the step before (its length where the prompt only grew). */
  sharedWithPrevious: z.number().int(),
})
export type EpisodeStep = z.infer<typeof episodeStep>

/** A whole episode, ready for the timeline. */
export const episodeView = z.object({
  summary: episodeSummary,
  steps: z.array(episodeStep),
  texts: tokenTexts,
})
export type EpisodeView = z.infer<typeof episodeView>

/** What a run would cost, before it starts. */
export const runEstimate = z.object({
  memoryBytes: z.number(),
  freeMemoryBytes: z.number(),
  diskBytes: z.number(),
  steps: z.number(),
  /** Episodes played at once, where the settings leave it to the engine too. */
  batch: z.number(),
  /** From speed measured on this machine; null before any. */
  seconds: z.number().nullable(),
  warnings: z.array(z.string()),
})
export type RunEstimate = z.infer<typeof runEstimate>

export const contract = {
  info: oc.output(engineInfo),
  /** All changes from now on; the first event of each kind of list is its present state. */
  events: oc.output(eventIterator(engineEvent)),

  models: {
    list: oc.output(z.array(modelRecord)),
    /** Hashes the weights, so it takes seconds on a large file. Ends with the record. */
    add: oc.input(z.object({ path: z.string().min(1) })).output(eventIterator(workProgress, modelRecord)),
    remove: oc.input(byId).output(z.void()),
    /** `path` is that of a model's files, or the id of a model in the workspace; that model's record keeps what is found. */
    check: oc
      .input(z.object({ path: z.string().min(1), dtype: computeDtype.default('float32') }))
      .output(eventIterator(workProgress, modelCheck)),
    /** What it can be computed on, in a dtype. */
    devices: oc.input(byId.extend({ dtype: computeDtype.default('float32') })).output(z.array(deviceChoice)),
    /** `path` as in `check`. What is found holds for every workspace on this machine. */
    checkDevice: oc
      .input(
        z.object({
          path: z.string().min(1),
          dtype: computeDtype.default('float32'),
          device: computeDevice.exclude(['cpu']),
        }),
      )
      .output(eventIterator(workProgress, deviceCheck)),
    /** What it can be computed with, and what that does to it. */
    dtypes: oc.input(byId).output(z.array(dtypeChoice)),
    /** In the order in which a forward pass meets them. */
    hookPoints: oc.input(byId).output(z.array(hookPointRecord)),
  },

  imports: {
    /** Reads a folder or file of another tool; what was cut off goes on. Ends with the runs that came of it. */
    start: oc.input(importInput).output(eventIterator(workProgress, z.array(runRecord))),
  },

  runs: {
    list: oc.output(z.array(runRecord)),
    get: oc.input(byId).output(runRecord),
    estimate: oc.input(collectSettings).output(runEstimate),
    start: oc.input(collectSettings).output(runRecord),
    pause: oc.input(byId).output(runRecord),
    resume: oc.input(byId).output(runRecord),
    cancel: oc.input(byId).output(runRecord),
    rename: oc.input(byId.extend({ name: z.string().min(1).max(200) })).output(runRecord),
    remove: oc.input(byId).output(z.void()),
    statistics: oc.input(byId).output(stepStatistics),
    /** Beside the first of them; pair by pair where objects and seeds are the same. */
    compare: oc.input(comparisonQuery).output(runComparison),
    /** Goes on with a stored episode from one of its steps, as a run of its own; with nothing changed it gives the same bits. */
    fork: oc.input(forkSettings).output(runRecord),
  },

  episodes: {
    list: oc.input(episodeQuery).output(episodePage),
    /** All steps of one episode, in order. */
    get: oc.input(z.object({ runId: z.string(), episode: z.number().int() })).output(episodeView),
    /** One step of an episode in several runs, with what the model makes of each answer without interventions. */
    inspect: oc.input(inspectionQuery).output(eventIterator(workProgress, stepInspection)),
  },

  comparisons: {
    /** The newest first. */
    list: oc.output(z.array(savedComparison)),
    /** Takes the place of one of the same name. */
    save: oc.input(savedComparison).output(z.void()),
    remove: oc.input(z.object({ name: z.string() })).output(z.void()),
  },

  playground: {
    /** Ends after both answers, or when the call is aborted. What happened since the last event comes at once. */
    play: oc.input(playgroundSettings).output(eventIterator(z.array(playgroundItem))),
    /** A stored step as it was asked: its messages, the interventions that were asked of it, its sampling and seed. */
    fromStep: oc.input(stepKey).output(playgroundSettings),
  },

  dataSets: {
    list: oc.output(z.array(dataSetRecord)),
    get: oc.input(byId).output(dataSetRecord),
    choices: oc.input(z.object({ runIds: z.array(z.string()).min(1) })).output(dataSetChoices),
    preview: oc.input(dataSetRecipe).output(dataSetPreview),
    /** Replays what is missing where the recipe says so; what was replayed stays when the call is aborted. Ends with the record. */
    create: oc.input(dataSetRecipe).output(eventIterator(workProgress, dataSetRecord)),
    rename: oc.input(byId.extend({ name: z.string().min(1).max(200) })).output(dataSetRecord),
    /** Probes trained on it stay. */
    remove: oc.input(byId).output(z.void()),
    /** Null takes the label away. */
    handLabel: oc.input(handLabel.extend({ label: handLabel.shape.label.nullable() })).output(z.void()),
    handLabels: oc
      .input(z.object({ runId: z.string(), episode: z.number().int().optional() }))
      .output(z.array(handLabel)),
  },

  probes: {
    list: oc.output(z.array(probeSummary)),
    get: oc.input(byId).output(probeRecord),
    /** Checks all that can be checked, then trains in the background: progress comes with the events. */
    train: oc.input(probeSettings).output(probeSummary),
    cancel: oc.input(byId).output(probeSummary),
    /** Goes on with what was interrupted, cancelled or failed; cells of a sweep that are done are kept. */
    resume: oc.input(byId).output(probeSummary),
    rename: oc.input(byId.extend({ name: z.string().min(1).max(200) })).output(probeSummary),
    remove: oc.input(byId).output(z.void()),
    /** `tokens` wants activations of all positions, which are replayed where the run did not store them. */
    readOut: oc
      .input(
        byId.extend({ runId: z.string(), episode: z.number().int(), tokens: z.boolean().default(false) }),
      )
      .output(eventIterator(workProgress, probeReadOut)),
    /** Of every episode of a run, from what is stored. */
    scores: oc.input(byId.extend({ runId: z.string() })).output(z.array(episodeScore)),
    attribution: oc
      .input(stepKey.extend({ id: z.string() }))
      .output(eventIterator(workProgress, probeAttribution)),
    neighbours: oc
      .input(stepKey.extend({ id: z.string(), count: z.number().int().min(1).max(1000).default(10) }))
      .output(z.array(probeNeighbour)),
    projection: oc
      .input(byId.extend({ method: projectionMethod, seed: z.number().int().min(0).default(42) }))
      .output(eventIterator(workProgress, probeProjection)),
    /** As the gate of conditional steering, at a rate of false alarms on held-out steps. */
    gate: oc.input(byId.extend({ falsePositiveRate: z.number().min(0).max(1) })).output(probeGate),
    export: oc.input(byId.extend({ format: probeExportFormat })).output(probeExport),
  },

  vectors: {
    list: oc.output(z.array(vectorSummary)),
    /** With all that was found when it was made. */
    get: oc.input(byId).output(vectorRecord),
    values: oc.input(byId).output(vectorValues),
    /** By upstream's rule; null for a vector that is not of each step, and without a probe of each step on the same data set. */
    targetStep: oc.input(byId).output(vectorTarget.nullable()),
    /** Ends with the record; the same recipe over the same rows gives the vector that is there. */
    make: oc.input(vectorRecipe).output(eventIterator(workProgress, vectorRecord)),
    import: oc.input(vectorImport).output(vectorRecord),
    export: oc.input(byId.extend({ format: vectorFormat })).output(vectorExport),
    rename: oc.input(byId.extend({ name: z.string().min(1).max(200) })).output(vectorSummary),
    remove: oc.input(byId).output(z.void()),
  },

  sweeps: {
    list: oc.output(z.array(sweepSummary)),
    get: oc.input(byId).output(sweepRecord),
    estimate: oc.input(sweepSettings).output(sweepEstimate),
    /** All conditions are played together; judged when they have ended. */
    start: oc.input(sweepSettings).output(sweepSummary),
    pause: oc.input(byId).output(sweepSummary),
    resume: oc.input(byId).output(sweepSummary),
    cancel: oc.input(byId).output(sweepSummary),
    /** Adds conditions; those that are there are not played again. */
    extend: oc
      .input(
        byId.extend({
          changes: sweepChanges,
        }),
      )
      .output(sweepSummary),
    judge: oc.input(byId).output(sweepRecord),
    /** Of one cell's doses; the headline's where left out. */
    tables: oc.input(byId.extend({ cell: z.string().optional() })).output(sweepTables),
    rename: oc.input(byId.extend({ name: z.string().min(1).max(200) })).output(sweepSummary),
    /** With its runs. */
    remove: oc.input(byId).output(z.void()),
  },

  studies: {
    list: oc.output(z.array(studyRecord)),
    get: oc.input(byId).output(studyRecord),
    start: oc.input(studyPlan).output(studyRecord),
    pause: oc.input(byId).output(studyRecord),
    /** With \`from\` that stage is done anew, and all after it. */
    resume: oc.input(byId.extend({ from: stageName.optional() })).output(studyRecord),
    rename: oc.input(byId.extend({ name: z.string().min(1).max(200) })).output(studyRecord),
    /** What came of its stages stays. */
    remove: oc.input(byId).output(z.void()),
    report: oc.input(byId.extend({ format: reportFormat })).output(studyReport),
  },

  oracle: {
    questions: oc.output(z.array(pendingQuestion)),
    answer: oc.input(z.object({ id: z.string(), verdict })).output(z.void()),
    /** Stored in the system's key store, never in the workspace. Empty text deletes it. */
    setKey: oc.input(z.object({ baseUrl: z.url(), key: z.string() })).output(z.void()),
    hasKey: oc.input(z.object({ baseUrl: z.url() })).output(z.object({ stored: z.boolean() })),
    /** One request, to see whether address, model and key are right. */
    test: oc
      .input(z.object({ baseUrl: z.url(), model: z.string(), timeoutMs: z.number() }))
      .output(z.object({ answer: z.string(), latencyMs: z.number() })),
  },

  /** The lists of objects that ship with the app. */
  tasks: oc.output(z.array(z.object({ name: z.string(), objects: z.array(z.string()) }))),
}
