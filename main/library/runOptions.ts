// What a run of a model may be told.
// Owns: the options with their defaults, and which there are. Not: acting on them (model.ts).
import type { FwdHook } from './fwdHooks.ts'
import type { HookChoice } from './hookChoice.ts'
import type { InterventionInput } from './interventionInputs.ts'
import type { OptionKinds } from '../contract/options.ts'

export interface RunOptions {
  /** What is changed, in this order (docs/interventions.md). */
  interventions?: readonly InterventionInput[]
  /** Functions called at hook points, after the interventions there. */
  fwdHooks?: readonly FwdHook[]
  /** The step of an episode that this run is, for `applyAtSteps`; 0 where left out. */
  step?: number
  /** For draws: of tokens, and of resampled rows. 0 where left out. */
  seed?: number | string
  signal?: AbortSignal
}

export interface CacheOptions extends RunOptions {
  /** Hook points to keep; all but `attn.hook_result` where left out. */
  names?: HookChoice
}

export interface SamplingOptions {
  /** Tokens at most; 64 where left out. */
  maxNewTokens?: number
  /** 0 is greedy; 1 where left out. */
  temperature?: number
  /** 0, where left out, switches it off. */
  topK?: number
  /** 1, where left out, switches it off. */
  topP?: number
  /** Texts of tokens that end an answer beside the model's own. */
  stopTokens?: string[]
}

export interface GenerateOptions extends RunOptions, SamplingOptions {
  /** Hook points to keep for prompt and answer; none where left out. */
  names?: HookChoice
  /** Logits of every position. */
  wantLogits?: boolean
}

export const runOptions: OptionKinds<RunOptions> = {
  interventions: 'any',
  fwdHooks: 'any',
  step: 'count',
  seed: 'seed',
  signal: 'signal',
}
export const cacheOptions: OptionKinds<CacheOptions> = { ...runOptions, names: 'any' }
export const samplingOptions: OptionKinds<SamplingOptions> = {
  maxNewTokens: 'number',
  temperature: 'number',
  topK: 'number',
  topP: 'number',
  stopTokens: 'any',
}
export const generateOptions: OptionKinds<GenerateOptions> = {
  ...runOptions,
  ...samplingOptions,
  names: 'any',
  wantLogits: 'boolean',
}
