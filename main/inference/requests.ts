// What is asked of an inference session and what comes back.
// Owns: the shapes of a generation request and its result. Not: how rows are batched (scheduler.ts) or run (session.ts).

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
}

/** One hook point's activations in one step. D is the hook point's width. */
export interface CapturedHook {
  hook: string
  width: number
  /** D values: the last prompt token. */
  lastPrompt: Float32Array
  /** D values: the first generated token. */
  firstGenerated: Float32Array
  /** D values: mean over prompt positions 1 … (position 0, the attention sink, is left out); null for a prompt of one token. */
  meanPrompt: Float32Array | null
  /** D values: mean over all generated positions, the stop token's included. */
  meanGenerated: Float32Array
  /** [prompt + generated − firstPosition, D], row-major; only with positions `all`. */
  all?: { firstPosition: number; data: Float32Array }
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
}
