// Studies: a saved plan from episodes to a verdict and a report, and how far each of its stages is.
// Owns: plans, switches, stages and records. Not: what a stage does (jobs/studies/) or the report's text (reports/).
import * as z from 'zod'
import { errorReport } from './runs.ts'

export const studyPreset = z.enum(['quick', 'careful', 'published'])
export type StudyPreset = z.infer<typeof studyPreset>

/** Where the published case study and a careful reading of it part. */
export const studySwitches = z.object({
  /** Every prompt carries the instructions; published: after the first step the history alone. */
  keepInstructions: z.boolean(),
  /** The object's name wins as a whole word; published: anywhere in a word. */
  wholeWordWins: z.boolean(),
  /** The stop token's text stays out of the history; published: it is part of the next prompt. */
  cleanHistory: z.boolean(),
  /** The probe reads the last prompt token, before there is an answer; published: the mean over prompt and answer. */
  probeBeforeAnswer: z.boolean(),
  /** Vectors come from runs with the system prompt that is used when steering; published: from runs without. */
  samePrompt: z.boolean(),
  /** One vector for all steps; published: one for each step. */
  pooledVector: z.boolean(),
  /** Random directions, shuffled labels and −α beside every dose; published: none. */
  controls: z.boolean(),
})
export type StudySwitches = z.infer<typeof studySwitches>

export const studyPlan = z.object({
  /** Empty takes the preset's name and the model's. */
  name: z.string().max(200).default(''),
  preset: studyPreset.default('quick'),
  modelId: z.string().min(1),
  /** Those of the preset where left out. */
  switches: studySwitches.partial().default({}),
  /** Episodes that are collected; the preset's where left out. */
  episodes: z.number().int().min(4).max(100_000).optional(),
  /** Episodes of each condition of the sweep; the preset's where left out. */
  sweepEpisodes: z.number().int().min(4).max(100_000).optional(),
  maxSteps: z.number().int().min(1).max(200).default(20),
  temperature: z.number().min(0).max(10).default(1),
  maxNewTokens: z.number().int().min(1).max(8192).default(64),
  /** Of every prompt where the switches keep it the same, else of the sweep alone; the preset's where left out. */
  systemPrompt: z.string().optional(),
  /** Of hook_resid_post; the middle one where left out, as published. */
  layer: z.number().int().min(0).optional(),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0),
  /** Results that are there already and stand for a stage, by id. */
  given: z
    .object({ collect: z.string(), probe: z.string(), vector: z.string(), sweep: z.string() })
    .partial()
    .default({}),
  /** Stages that are not done. */
  skipped: z.array(z.enum(['probe', 'sweep'])).default([]),
})
export type StudyPlan = z.infer<typeof studyPlan>
export type StudyPlanInput = z.input<typeof studyPlan>

export const stageNames = ['collect', 'probe', 'vector', 'sweep', 'report'] as const
export const stageName = z.enum(stageNames)
export type StageName = z.infer<typeof stageName>

export const studyStage = z.object({
  name: stageName,
  status: z.enum(['waiting', 'running', 'done', 'failed', 'skipped', 'given']),
  /** The run, probe, vector or sweep that came of it, as soon as there is one; the report has none. */
  id: z.string().nullable(),
  /** Of work, over all sittings. */
  seconds: z.number(),
  /** One line for people, once it is done. */
  result: z.string().nullable(),
  error: errorReport.nullable(),
})
export type StudyStage = z.infer<typeof studyStage>

export const studyRecord = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  /** `interrupted`: the engine ended while it worked. */
  status: z.enum(['running', 'paused', 'interrupted', 'failed', 'done']),
  plan: studyPlan,
  /** All of them, the preset's where the plan left them out. */
  switches: studySwitches,
  stages: z.array(studyStage),
})
export type StudyRecord = z.infer<typeof studyRecord>

export const reportFormat = z.enum(['html', 'markdown'])
export type ReportFormat = z.infer<typeof reportFormat>
export const studyReport = z.object({
  /** One page, or `report.md` with its figures and tables; paths are relative to the report's folder. */
  files: z.array(z.object({ path: z.string(), text: z.string() })),
})
export type StudyReport = z.infer<typeof studyReport>
