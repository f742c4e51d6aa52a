// Upstream's tables of a sweep, in its own layout.
// Owns: what they are made from and their shape. Not: counting (analysis/steering/sweepTables.ts) or the verdict (steering.ts).
import * as z from 'zod'

const count = z.number().int().min(0)

const tableStep = z.object({
  step: count,
  isInvalid: z.boolean(),
  completion: z.string(),
  /** Whether a vector acted in this step. */
  isSteered: z.boolean(),
})

export const tableCondition = z.object({
  id: z.string(),
  /** Null for the baseline. */
  alpha: z.number().nullable(),
  episodes: z.array(z.object({ episode: count, steps: z.array(tableStep) })),
})
export type TableCondition = z.infer<typeof tableCondition>

/** Invalid of all steps; the rate is null without a step. */
const share = z.object({ hits: count, steps: count, rate: z.number().nullable() })
export type TableShare = z.infer<typeof share>

/** One step of one episode of one condition, with its text. */
const exampleStep = z.object({
  condition: z.string(),
  episode: count,
  step: count,
  isInvalid: z.boolean(),
  completion: z.string(),
})
export type ExampleStep = z.infer<typeof exampleStep>

export const sweepTables = z.object({
  /** Baseline first, then by α; every `cells` follows this order. */
  conditions: z.array(z.string()),
  overall: z.array(share.extend({ episodes: count, difference: z.number().nullable() })),
  phases: z.array(z.object({ name: z.string(), firstStep: count, lastStep: count, cells: z.array(share) })),
  steps: z.array(z.object({ step: count, cells: z.array(share) })),
  /** Completions with a question mark, steps 0 to 9: a stand-in for asking. */
  questionMarks: z.array(share),
  examples: z.object({
    /** Condition with the lowest invalid rate; null where nothing was steered. */
    best: z.string().nullable(),
    /** The episode whose rate fell most in `best`: its steps 0 to 5, baseline first; empty where none fell. */
    rescued: z.array(exampleStep),
    /** First invalid step of up to five baseline episodes, and first valid steered step of up to five of `best`, steps 0 to 9. */
    statements: z.array(exampleStep),
    questions: z.array(exampleStep),
    /** Step 1 of the first five episodes in every condition. */
    sameStep: z.array(exampleStep),
    /** Steps 0 to 6 of the first two episodes at the largest α. */
    strongest: z.array(exampleStep),
  }),
})
export type SweepTables = z.infer<typeof sweepTables>
