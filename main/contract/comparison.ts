// Runs beside one another: what was asked of them differently, and what came of it.
// Owns: the shape of a comparison. Not: its figures (analysis/runComparison.ts) or reading runs (jobs/compareRuns.ts).
import * as z from 'zod'
import { estimate } from './estimates.ts'

const count = z.number().int().min(0)

export const comparisonQuery = z.object({
  /** The first is what the others are compared with. */
  runIds: z.array(z.string()).min(2).max(200),
  bootstraps: z.number().int().min(100).max(100_000).default(2000),
  seed: z.number().int().min(0).default(42),
})
export type ComparisonQuery = z.infer<typeof comparisonQuery>

export const comparedMetric = z.enum(['invalidRate', 'winRate', 'steps', 'newTokens', 'promptTokens'])
export type ComparedMetric = z.infer<typeof comparedMetric>

const comparedRun = z.object({
  runId: z.string(),
  name: z.string(),
  status: z.string(),
  /** Those that are over; others have no part in any figure. */
  episodes: count,
  steps: count,
  /** Episodes with object and seed of one of the first run's; of the first run all. */
  pairs: count,
  metrics: z.array(
    z.object({
      metric: comparedMetric,
      /** Rates of steps and episodes, steps of an episode, tokens of a step; null without any. */
      value: z.number().nullable(),
      /** Run − first run, with an interval from resampled episodes; null for the first run. */
      difference: estimate.nullable(),
      /** Whether the same objects and seeds were compared, those alone; or all episodes of both, as independent ones. */
      isPaired: z.boolean(),
    }),
  ),
})
export type ComparedRun = z.infer<typeof comparedRun>

export const runComparison = z.object({
  runs: z.array(comparedRun),
  /** Settings that are not the same in all, by their path; a value for each run, null where it has none. */
  differences: z.array(z.object({ setting: z.string(), values: z.array(z.unknown()) })),
})
export type RunComparison = z.infer<typeof runComparison>

/** A comparison that was given a name, kept in the workspace. */
export const savedComparison = z.object({
  name: z.string().trim().min(1).max(200),
  /** Of the window: which runs, and what of them is looked at. */
  address: z.string().startsWith('#/compare?').max(20_000),
})
export type SavedComparison = z.infer<typeof savedComparison>
