// A chat with a model whose activations are changed, beside the same chat with the model as it is.
// Owns: what is asked and the events of an answer. Not: asking (jobs/playground.ts) or the language of interventions (interventions.ts).
import * as z from 'zod'
import { interventionList } from './interventions.ts'
import { computeDtype } from './models.ts'
import { chatMessage, finishReason, samplingSettings, tokenView } from './runs.ts'

const count = z.number().int().min(0)

export const playgroundSettings = z.object({
  modelId: z.string().min(1),
  computeDtype: computeDtype.default('float32'),
  messages: z.array(chatMessage).min(1),
  interventions: interventionList.default([]),
  /** Step of an episode that this is taken to be: interventions may name steps, and vectors may be made for some. */
  step: count.default(0),
  sampling: samplingSettings.prefault({}),
  /** Draws of both answers come from it: a word, a number, or `run seed/episode/step` for those of a stored step. */
  seed: z.string().default('0'),
  /** A probe of the model that reads every token as it comes. */
  probeId: z.string().optional(),
})
export type PlaygroundSettings = z.infer<typeof playgroundSettings>
export type PlaygroundInput = z.input<typeof playgroundSettings>

const answer = z.enum(['steered', 'plain'])
export type PlaygroundAnswer = z.infer<typeof answer>

/** One thing that happened. Of two answers that are written at once each comes in its own order. */
export const playgroundItem = z.discriminatedUnion('kind', [
  /** While the model is loaded. */
  z.object({ kind: z.literal('progress'), label: z.string(), fraction: z.number() }),
  /** What the model reads; once, before any token. */
  z.object({ kind: z.literal('prompt'), tokens: z.array(tokenView) }),
  z.object({
    kind: z.literal('token'),
    answer,
    /** Of the answer, from 0. */
    index: count,
    token: tokenView,
    /** Natural logarithm, untempered, of the model that drew it. */
    logProbability: z.number(),
    rank: count,
    /** Nats, untempered. */
    entropy: z.number(),
    /** The likeliest first. */
    top: z.array(z.object({ token: tokenView, logProbability: z.number() })),
  }),
  /** What the model without interventions would have made of a token of the steered answer, after the same tokens. */
  z.object({
    kind: z.literal('compared'),
    index: count,
    /** KL(steered ‖ plain) in nats of the distributions that the token was drawn from, untempered. */
    divergence: z.number(),
    /** Of the token without interventions. */
    logProbability: z.number(),
  }),
  /** Probability that the probe gives at a token: of the second of two classes, else of the likeliest. */
  z.object({
    kind: z.literal('probe'),
    answer,
    /** −1 is the prompt's last token. */
    index: z.number().int().min(-1),
    probability: z.number(),
  }),
  z.object({
    kind: z.literal('end'),
    answer,
    finish: finishReason,
    completion: z.string(),
    /** Tokens that each intervention met, and of how many its gate was open; empty for the plain answer. */
    interventions: z.array(z.object({ name: z.string(), tokens: count, open: count.nullable() })),
  }),
])
export type PlaygroundItem = z.infer<typeof playgroundItem>
