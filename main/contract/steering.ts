// Steering sweeps: what a verdict is given, and everything that it says.
// Owns: conditions, settings and the verdict's document. Not: statistics (analysis/steering/), or how a sweep is run (jobs/).
// The document is what the window draws, `sweep --json` prints and the library returns: one and the same.
import * as z from 'zod'
import { estimate } from './estimates.ts'

const count = z.number().int().min(0)
const seed = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 1)

export const steeringRole = z.enum([
  'baseline',
  'steered',
  /** A random direction with the norm of the steered one. */
  'random',
  /** A vector from shuffled labels, brought to that norm. */
  'shuffled',
  /** The vector with what it shares with another direction taken out. */
  'orthogonal',
  /** The vector with the opposite sign. */
  'negated',
  /** No vector: the instruction in words. */
  'prompt',
])

/** One episode of one condition. */
export const sweepEpisode = z.object({
  /** Hidden object; with `seed` it tells which episodes of two conditions are a pair. */
  task: z.string(),
  seed: z.number(),
  /** Of each step: 1 where the outcome that is steered happened, else 0; or any number whose mean is meant. */
  outcomes: z.array(z.number()),
  /** One number for the whole episode by name (see `sideEffect`); null where there is none, NaN or ±∞ where the computation broke. */
  sideEffects: z.record(z.string(), z.number().nullable()).default({}),
})
export type SweepEpisode = z.infer<typeof sweepEpisode>

export const sweepCondition = z.object({
  id: z.string().min(1),
  /** As people call it, for instance `α = 4`. */
  title: z.string(),
  role: steeringRole,
  /** Layer, place and vector in one word: conditions of one cell differ in α alone, and its controls are compared with them at the same |α|. */
  cell: z.string().default(''),
  /** Null without a vector. */
  alpha: z.number().nullable(),
  /** Of a random one, the same word for the same direction at every dose; its place among them where left out. */
  direction: z.string().nullable().default(null),
  episodes: z.array(sweepEpisode),
  /**
   * Side effects that no episode has: by name, a number for each of some prompts, the same prompts in every condition; null where there is none,
   * NaN or ±∞ where the computation broke.
   */
  prompts: z.record(z.string(), z.array(z.number().nullable())).default({}),
})
export type SweepCondition = z.infer<typeof sweepCondition>
export type SweepConditionInput = z.input<typeof sweepCondition>

export const sideEffect = z.object({
  name: z.string().min(1),
  title: z.string(),
  /** Which way is harm; `none` where it is told for information and has no colour. */
  harm: z.enum(['up', 'down', 'either', 'none']),
  /** `ratio` compares geometric means: 1 is no change. For positive numbers that spread over magnitudes. */
  scale: z.enum(['difference', 'ratio']).default('difference'),
  /** Change that does not matter, in the effect's own units (for a ratio .25 stands for 1.25 and 1 ÷ 1.25), or as a share of the baseline's mean. */
  tolerance: z.number().positive(),
  isToleranceShare: z.boolean().default(false),
})
export type SideEffect = z.infer<typeof sideEffect>

/** What is looked at beside the outcome, and how much change is held to be none. */
const usualSideEffects: SideEffect[] = [
  {
    name: 'win',
    title: 'win rate',
    harm: 'down',
    scale: 'difference',
    tolerance: 0.05,
    isToleranceShare: false,
  },
  {
    name: 'length',
    title: 'answer length (tokens)',
    harm: 'either',
    scale: 'difference',
    tolerance: 0.2,
    isToleranceShare: true,
  },
  {
    name: 'distinct2',
    title: 'distinct word pairs',
    harm: 'down',
    scale: 'difference',
    tolerance: 0.05,
    isToleranceShare: false,
  },
  {
    name: 'repetition',
    title: 'repetition',
    harm: 'up',
    scale: 'difference',
    tolerance: 0.05,
    isToleranceShare: false,
  },
  {
    name: 'perplexity',
    title: 'perplexity under the unsteered model',
    harm: 'up',
    scale: 'ratio',
    tolerance: 0.25,
    isToleranceShare: false,
  },
  {
    name: 'firstTokenKl',
    title: 'KL of the first token on neutral prompts (nats)',
    harm: 'up',
    scale: 'difference',
    tolerance: 0.1,
    isToleranceShare: false,
  },
  {
    name: 'decisionKl',
    title: 'KL of the first token at the task’s own steps (nats)',
    // There the first token may be the decision that is steered: moving it is no harm.
    harm: 'none',
    scale: 'difference',
    tolerance: 0.1,
    isToleranceShare: false,
  },
]

export const verdictSettings = z.object({
  /** What is counted, as a noun: `invalid rate`. */
  metric: z.string().min(1).default('rate'),
  /** Which way steering is meant to move it. */
  wanted: z.enum(['down', 'up']).default('down'),
  /** A share of steps, spoken of in points; or any other mean. */
  isRate: z.boolean().default(true),
  level: z.number().gt(0).lt(0.5).default(0.05),
  /** Smallest change that would be worth having, in the metric's own unit: .1 is 10 points. */
  worthwhile: z.number().positive().default(0.1),
  bootstraps: z.number().int().min(100).max(100_000).default(2000),
  permutations: z.number().int().min(100).max(1_000_000).default(9999),
  sideEffects: z.array(sideEffect).default(usualSideEffects),
  seed: seed.default(42),
})
export type VerdictSettings = z.infer<typeof verdictSettings>
export type VerdictSettingsInput = z.input<typeof verdictSettings>

/** green holds against its controls · amber in doubt · red speaks against · grey not measured */
export const verdictColour = z.enum(['green', 'amber', 'red', 'grey'])
export type VerdictColour = z.infer<typeof verdictColour>

const sideEffectVerdict = z.object({
  name: z.string(),
  title: z.string(),
  baseline: z.number().nullable(),
  steered: z.number().nullable(),
  /** Paired difference, or ratio; see the side effect's scale. */
  effect: estimate,
  /** The change that is held to be none, in the effect's units. */
  tolerance: z.number().nullable(),
  /** Episodes, or prompts, whose number is NaN or ±∞. */
  notFinite: count,
  colour: verdictColour,
  sentence: z.string(),
})
export type SideEffectVerdict = z.infer<typeof sideEffectVerdict>

const conditionVerdict = z.object({
  id: z.string(),
  title: z.string(),
  role: steeringRole,
  cell: z.string(),
  alpha: z.number().nullable(),
  /** Episodes whose object and seed the baseline has too, and others, which are left out. */
  pairs: count,
  unpaired: count,
  /** Of the paired episodes. */
  steps: count,
  rate: z.number().nullable(),
  /** Condition − baseline over pairs; interval by resampled episodes. */
  effect: estimate,
  /** Swaps of the arms of pairs. */
  p: z.number().nullable(),
  /** The same after Holm's correction over all steered conditions; null for controls. */
  holm: z.number().nullable(),
  /** Null where there is no random direction of this cell at this |α|. */
  random: z
    .object({
      directions: count,
      meanEffect: z.number(),
      /** Effect − mean effect of the random directions. */
      advantage: estimate,
      /** One-sided, against the spread between random directions; null for one direction, or without any spread. */
      p: z.number().nullable(),
    })
    .nullable(),
  /** Of the objects (each one pair, as a rule) that differ at all: how many moved against what was wanted, and Wilson's interval of their share. */
  wrongWay: z
    .object({ moved: count, wrong: count, share: z.number(), low: z.number(), high: z.number() })
    .nullable(),
  sideEffects: z.array(sideEffectVerdict),
  /** Share of the effect that goes with the change of answer length; null where it cannot be told. */
  lengthShare: z.number().nullable(),
  /** An effect, in either direction, that chance, random directions and their spread do not account for. */
  isClaim: z.boolean(),
  colour: verdictColour,
  sentence: z.string(),
})
export type ConditionVerdict = z.infer<typeof conditionVerdict>

const doseResponse = z.object({
  cell: z.string(),
  /** Ascending; 0 is the baseline. */
  points: z.array(z.object({ alpha: z.number(), rate: z.number() })),
  episodes: count,
  /** Change for each unit of α, by least squares over the doses. */
  slope: estimate,
  /** Random directions at each of two doses or more, their mean slope, and slope − that; null where there are none. */
  directions: count.default(0),
  randomSlope: z.number().nullable(),
  advantage: estimate.nullable(),
  /** One-sided, against the spread between their slopes; null for fewer than two. */
  randomP: z.number().nullable().default(null),
  /** Permuted doses within episodes. */
  p: z.number().nullable(),
  colour: verdictColour,
  sentence: z.string(),
})
export type DoseResponse = z.infer<typeof doseResponse>

const verdictItem = z.object({
  /** `effect`, `random`, `shuffled`, `orthogonal`, `negated`, `doseResponse`, `wrongWay`, `sideEffects`, `promptArm`, `stability`, `sensitivity`; of a stored sweep `origin`, too. */
  kind: z.string(),
  title: z.string(),
  colour: verdictColour,
  sentence: z.string(),
})
export type VerdictItem = z.infer<typeof verdictItem>

export const verdictDocument = z.object({
  settings: verdictSettings,
  baseline: z.object({ id: z.string(), episodes: count, steps: count, rate: z.number().nullable() }),
  /** All but the baseline, in the order given. */
  conditions: z.array(conditionVerdict),
  doseResponses: z.array(doseResponse),
  sensitivity: z.object({
    /** Between steps of one episode. */
    clusterCorrelation: z.number().nullable(),
    designEffect: z.number().nullable(),
    /** Between the arms of a pair. */
    pairCorrelation: z.number().nullable(),
    /** Claimed with a chance of 80 %; null without two random directions. */
    smallestEffect: z.number().nullable(),
  }),
  /** Of each gated condition: tokens that it met, and those at which its gate was open. */
  gates: z.array(z.object({ id: z.string(), tokens: count, open: count })).default([]),
  /** Conditions of the sweep that are not judged here, for they failed or have not been played to their end. */
  missing: z.array(z.object({ id: z.string(), title: z.string(), reason: z.string() })).default([]),
  /** The card's rows, for the condition that the overall sentence speaks of. */
  items: z.array(verdictItem),
  overall: z.object({
    colour: verdictColour,
    sentence: z.string(),
    /** The condition it speaks of; null where nothing was steered. */
    conditionId: z.string().nullable(),
  }),
})
export type VerdictDocument = z.infer<typeof verdictDocument>
