// What is asked of an inference session and what comes back.
// Owns: the shapes of a generation request and its result. Not: how rows are batched (scheduler.ts) or run (session.ts).
import type { InterventionCount } from './interventionBinding.ts'
import type { Intervention } from './interventions.ts'

/** Draws of one step come from this seed alone, so they do not depend on what runs beside it. */
export interface StepSampling {
  /** 0 is greedy. */
  temperature: number
  /** 0 switches it off. */
  topK: number
  /** 1 switches it off. */
  topP: number
  maxNewTokens: number
  /** Any of these ends the answer; it is the last of `completionIds` then. */
  stopIds: readonly number[]
  /** For instance `run seed/episode/step`. */
  seed: string
}

export interface StepCapture {
  hooks: readonly string[]
  /** `all` returns every position from `reusedTokens` on, beside the four decision points. */
  positions: 'decision' | 'all'
}

export interface GenerateRequest {
  promptIds: Int32Array
  /**
   * Prompts of the same episode before this one, oldest first; empty for a first step. Keys and values of a prompt are *defined* by this chain:
   * each prompt is prefilled on top of what it shares with the one before. The cache is only a shortcut, so a resumed
   * episode gets the same bits as an uninterrupted one.
   */
  earlierPrompts: readonly Int32Array[]
  sampling: StepSampling
  capture: StepCapture
  /** Logits of every prompt and generated position. */
  wantLogits?: boolean
  /** Logits that the first token is drawn from. */
  wantFirstLogits?: boolean
  /**
   * Log-probabilities of the prompt's own tokens from this position on, as if the model had to write them: ≥ 1. What the prompt shares with
   * the one before must end before it.
   */
  scoreFrom?: number
  /** What is changed on the way through the model, in the order in which it acts. */
  interventions?: readonly Intervention[]
  /** The same for each of `earlierPrompts`: their keys and values are defined with them. Left out where there were none. */
  earlierInterventions?: readonly (readonly Intervention[])[]
  /** Every token is told of as it is drawn. */
  wantTokens?: boolean
  /** A word by which one request, asked after this one, may follow it. */
  leads?: string
  /** Draws nothing: its tokens are those of the request that leads by this word. */
  follows?: string
}

/** A token of an answer, as it is drawn. */
export interface ToldToken {
  /** Of the answer, from 0. */
  index: number
  id: number
  /** Natural logarithm, under the untempered model. */
  logProbability: number
  rank: number
  /** Nats, untempered. */
  entropy: number
  topIds: Int32Array
  topLogProbabilities: Float32Array
  /** KL(leader ‖ this request) in nats of the distributions here; null for one that follows nobody. */
  divergence: number | null
  /** D values of each captured hook point without keys, at the position that the token was drawn at: the one before its own. */
  activations: { hook: string; data: Float32Array }[]
}

/**
 * One hook point's activations in one step. D is the number of its values per position: the product of its axes after S,
 * and H·T where it has an axis T. T are all positions of the step; keys that a position cannot see are 0 in a pattern and
 * −∞ in scores, and in their means.
 */
export interface CapturedHook {
  hook: string
  /** D */
  width: number
  /** D values: the last prompt token. */
  lastPrompt: Float32Array
  /** D values: the first generated token. */
  firstGenerated: Float32Array
  /** D values: mean over prompt positions 1 … (position 0, the attention sink, is left out); null for a prompt of one token. */
  meanPrompt: Float32Array | null
  /** D values: mean over all generated positions, the stop token's included. */
  meanGenerated: Float32Array
  /** Positions firstPosition … of prompt and answer, row-major, B = 1; only with positions `all`. */
  all?: { firstPosition: number; data: Float32Array; shape: readonly number[]; axes: string }
}

export interface GenerateResult {
  /** The stop token included where `finish` is `stop`. G = its length ≥ 1. */
  completionIds: Int32Array
  /** G natural logarithms of probability under the untempered model. */
  logProbabilities: Float32Array
  /** G ranks, 0 the likeliest. */
  ranks: Int32Array
  /** G entropies in nats, untempered. */
  entropies: Float32Array
  /** [G, 5], row-major. */
  topIds: Int32Array
  topLogProbabilities: Float32Array
  finish: 'stop' | 'length'
  reusedTokens: number
  prefillMs: number
  decodeMs: number
  captures: CapturedHook[]
  /** [prompt + G, V], row-major. */
  logits?: Float32Array
  /** [V] */
  firstLogits?: Float32Array
  /** Natural logarithms of probability under the untempered model, of the prompt's tokens from `scoreFrom` on. */
  scores?: Float32Array
  /** One entry for each intervention of the request; left out where there are none. */
  interventions?: InterventionCount[]
}
