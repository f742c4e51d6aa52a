// Steering sweeps: what is asked of one, and its record.
// Owns: settings, conditions as runs, the estimate. Not: the verdict (steering.ts), tables (sweepTables.ts) or how a sweep is played (jobs/).
import * as z from 'zod'
import { labelRule } from './dataSets.ts'
import { collectSettings, errorReport, runStatus } from './runs.ts'
import { steeringRole, verdictDocument, verdictSettings } from './steering.ts'

const count = z.number().int().min(0)

/** Which tokens are steered. */
export const steeringPlace = z.discriminatedUnion('kind', [
  /** The last of the prompt, upstream's choice: of an answer it is the first pass alone. */
  z.object({ kind: z.literal('lastPrompt') }),
  z.object({ kind: z.literal('allPrompt') }),
  z.object({ kind: z.literal('everyGenerated') }),
  /** Prompt and answer; position 0 of the prompt too. */
  z.object({ kind: z.literal('all') }),
  z.object({ kind: z.literal('firstGenerated'), count: z.number().int().min(1) }),
  /** Every generated token, α halved after each so many. */
  z.object({ kind: z.literal('decaying'), halfLife: z.number().positive() }),
])
export type SteeringPlace = z.infer<typeof steeringPlace>

/** Acts only where the value at the hook point times the gate's vector lies beyond the threshold. */
const steeringGate = z
  .object({
    /** Left out where a probe is given: its direction takes the place. */
    vector: z.string().min(1).optional(),
    above: z.number().optional(),
    below: z.number().optional(),
    /** A linear probe of two classes: open where it sounds the alarm for its second class. Steers at the probe's own hook point alone. */
    probe: z
      .object({
        id: z.string().min(1),
        /** Share of held-out steps of the other class that may open it. */
        falsePositiveRate: z.number().min(0).max(1).default(0.05),
      })
      .optional(),
    /** Ungated conditions too, to compare with. */
    alsoWithout: z.boolean().default(true),
  })
  .refine(({ vector, probe }) => vector !== undefined || probe !== undefined, 'give “vector” or “probe”')
  .refine(
    ({ above, below, vector, probe }) =>
      (above === undefined) !== (below === undefined) || (probe !== undefined && vector === undefined),
    'give “above” or “below”',
  )

export const sweepControls = z.object({
  /** Random directions of the vector's norm, so many at each dose that `at` names. */
  random: z.number().int().min(0).max(100).default(5),
  shuffled: z.boolean().default(true),
  negated: z.boolean().default(true),
  /** The instruction in words, added to the system prompt of a condition without a vector; empty for no such condition. */
  prompt: z.string().default(''),
  /** Vectors whose directions are taken out, one condition for each. */
  orthogonalTo: z.array(z.string().min(1)).default([]),
  /** Beside which doses of the grid; an effect without a random direction at its own dose is never green. */
  at: z.enum(['every', 'largest']).default('every'),
  seed: z.number().int().min(0).default(42),
})
export type SweepControls = z.infer<typeof sweepControls>

export const sweepSettings = collectSettings
  .omit({ interventions: true })
  .extend({
    /** Of the library; each is a cell of its own. */
    vectors: z.array(z.string().min(1)).min(1),
    /** Doses: factors of the vector, or with `valueNorm` of the residual's own norm. Negative ones are allowed. */
    alphas: z
      .array(z.number().refine((alpha) => alpha !== 0, 'α = 0 is the baseline, which is always there'))
      .min(1)
      .default([0.5, 1, 2, 4]),
    unit: z.enum(['vector', 'valueNorm']).default('vector'),
    normMatched: z.boolean().default(false),
    /** Layers of hook_resid_post, each a cell of its own; where the vectors were made if left out. */
    layers: z.array(count).min(1).optional(),
    places: z
      .array(steeringPlace)
      .min(1)
      .default([{ kind: 'lastPrompt' }]),
    /** Steps of the episode; every one where left out. */
    steps: z.array(count).min(1).optional(),
    gate: steeringGate.optional(),
    controls: sweepControls.prefault({}),
    /** What is counted in each step; its second class counts. */
    outcome: labelRule.default({ kind: 'invalid' }),
    verdict: verdictSettings.omit({ metric: true, isRate: true }).prefault({}),
    /** Steps of an episode whose answer is scored under the unsteered model, evenly spread; 0 scores none. */
    scoredSteps: z.number().int().min(0).max(200).default(4),
  })
  .refine(({ outcome }) => outcome.kind !== 'hand' && outcome.kind !== 'classes', {
    path: ['outcome'],
    message: 'a sweep counts what can be told of new steps: invalid, won, an environment’s label or a text',
  })
export type SweepSettings = z.infer<typeof sweepSettings>
export type SweepInput = z.input<typeof sweepSettings>

const { random, shuffled, negated, prompt, orthogonalTo, at } = sweepControls.shape

/** Controls beyond those that a sweep has; what is left out adds none. Random directions stay those of its own seed. */
const furtherControls = z.object({
  random: random.unwrap().optional(),
  shuffled: shuffled.unwrap().optional(),
  negated: negated.unwrap().optional(),
  prompt: prompt.unwrap().optional(),
  orthogonalTo: orthogonalTo.unwrap().optional(),
  /** Of the controls together; as before where left out. */
  at: at.unwrap().optional(),
})

/** What may be added to a sweep that is there; all else stays, or its conditions could not be compared. */
export const sweepChanges = z.object({
  vectors: sweepSettings.shape.vectors.optional(),
  alphas: sweepSettings.shape.alphas.unwrap().optional(),
  layers: sweepSettings.shape.layers,
  places: sweepSettings.shape.places.unwrap().optional(),
  gate: sweepSettings.shape.gate,
  controls: furtherControls.optional(),
})
export type SweepChanges = z.infer<typeof sweepChanges>

/** What a condition is told that is told instead of steered, where nothing else is said; null where no words go without saying. */
export const usualInstruction = (
  outcome: SweepSettings['outcome'],
  wanted: SweepSettings['verdict']['wanted'],
): string | null =>
  outcome.kind === 'invalid' && wanted === 'down'
    ? 'Reply with exactly one short yes/no question and nothing else.'
    : null

/** What changes between a sweep of minutes and one to be believed. */
export const sweepPresets = {
  quick: {
    episodes: 20,
    alphas: [1, 4],
    controls: { random: 5, shuffled: true, negated: true, at: 'largest' },
  },
  careful: {
    episodes: 50,
    alphas: [0.5, 1, 2, 4],
    controls: { random: 5, shuffled: true, negated: true, at: 'every' },
  },
} as const satisfies Record<
  string,
  { episodes: number; alphas: readonly number[]; controls: Partial<SweepControls> }
>

/** A condition of a sweep, as it stands in its run's row. */
export const sweepMember = z.object({
  sweepId: z.string(),
  /** The same words for the same condition, whenever it was added. */
  id: z.string(),
  title: z.string(),
  role: steeringRole,
  /** Vector, layer, place and gate; conditions of one cell differ in dose and role alone. */
  cell: z.string(),
  alpha: z.number().nullable(),
})
export type SweepMember = z.infer<typeof sweepMember>

export const sweepSummary = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: z.string(),
  settings: sweepSettings,
  /** Follows from its runs: failed where the baseline or all others failed. */
  status: z.enum([...runStatus.options, 'judging']),
  conditions: z.array(
    sweepMember.omit({ sweepId: true }).extend({
      runId: z.string(),
      status: runStatus,
      episodesDone: count,
      steps: count,
      /** Episodes won, or invalid steps; null where something else is counted, which is known when it is judged. */
      hits: count.nullable(),
    }),
  ),
  /** Of the stored verdict. */
  overall: verdictDocument.shape.overall.nullable(),
  /** Conditions have been played or added since it was judged: its sentence says which have no part in it. */
  isVerdictOutdated: z.boolean(),
  /** Why it could not be judged. */
  error: errorReport.nullable(),
  /** While its answers are scored. */
  progress: z.object({ label: z.string(), fraction: z.number() }).nullable(),
})
export type SweepSummary = z.infer<typeof sweepSummary>

export const sweepRecord = sweepSummary.extend({ verdict: verdictDocument.nullable() })
export type SweepRecord = z.infer<typeof sweepRecord>

export const sweepEstimate = z.object({
  conditions: count,
  episodes: count,
  steps: count,
  /** From speed seen on this machine; null before any. */
  seconds: z.number().nullable(),
  diskBytes: z.number(),
  /** Change of the rate at the largest dose that is claimed in .8 of simulated sweeps of this very design; null where no change would be. */
  smallestEffect: z.number().nullable(),
  warnings: z.array(z.string()),
})
export type SweepEstimate = z.infer<typeof sweepEstimate>
