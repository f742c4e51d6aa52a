// A model as a program uses it: generate, run with a cache, run with hooks.
// Owns: prompts in any form, options with their defaults, results with axes. Not: loading (openModel.ts) or what a cache can do (activationCache.ts).
import { sliceAxis, type AxedTensor } from '../analysis/axedTensor.ts'
import { errors } from '../contract/errors.ts'
import type { InterventionPhase } from '../contract/interventions.ts'
import type { ModelShape } from '../contract/models.ts'
import { samplingSettings, type ChatMessage, type FinishReason } from '../contract/runs.ts'
import type { HookedFunction, HookFunction } from '../inference/hookFunctions.ts'
import type { InterventionCount } from '../inference/interventionBinding.ts'
import { checkSteps, interventionsAtStep } from '../inference/interventionPlan.ts'
import type { Intervention } from '../inference/interventions.ts'
import type { ReadRun } from '../inference/interventionSources.ts'
import { splitStop } from '../jobs/playEpisode.ts'
import { parseSettings } from '../jobs/settings.ts'
import { listHooks, type HookPoint } from '../model/hookNames.ts'
import { ActivationCache } from './activationCache.ts'
import { chooseHooks, usualHooks, type HookChoice } from './hookChoice.ts'
import type { InterventionInput } from './interventionInputs.ts'
import type { Answer, LoadedParts, RunObserver } from './loadedParts.ts'
import type { NamedWeights } from './namedWeights.ts'
import type { ModelTokenizer } from './tokenizer.ts'

/** A text, ids, or a chat that the model's template renders. A text gets what the tokeniser wants around it. */
export type Prompt = string | ArrayLike<number> | readonly ChatMessage[]

/**
 * Which hook points, and what is called there: the function gets `{ hook, data, shape, axes, phase, firstPosition }` and gives new values,
 * or changes `data` in place. With a phase it is called in that one alone.
 */
export type FwdHook = readonly [hooks: HookChoice, run: HookFunction, phase?: InterventionPhase]

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

export interface Generation {
  /** Without the stop token. */
  text: string
  promptIds: Int32Array
  /** With the stop token, where one ended the answer. */
  completionIds: Int32Array
  finish: FinishReason
  /** Natural logarithm of each generated token's probability, untempered. */
  logProbabilities: Float32Array
  /** [1, prompt + answer, V], axes `B S V`; null unless asked for. */
  logits: AxedTensor | null
  cache: ActivationCache
  /** How often each intervention was met. */
  interventions: readonly InterventionCount[]
}

/**
 * What a model is made of.
 * @internal
 */
export interface ModelInside {
  parts: LoadedParts
  /** Null where there is no workspace. */
  readRun: ReadRun | null
}

let makeModel: (inside: ModelInside, whenClosed: () => void) => Model
let insideOf: (model: Model) => ModelInside

/**
 * For `openModel`.
 * @internal
 */
export const createModel = (inside: ModelInside, whenClosed: () => void): Model =>
  makeModel(inside, whenClosed)

/**
 * For this room's other files.
 * @internal
 */
export const modelInside = (model: Model): ModelInside => insideOf(model)

/** Made by `openModel`. */
export class Model implements AsyncDisposable {
  readonly name: string
  /** Layers, widths, heads, vocabulary, context. */
  readonly shape: ModelShape
  readonly tokenizer: ModelTokenizer
  /** Tensors by Hugging Face's names, read from the files when asked for. */
  readonly weights: NamedWeights
  private readonly parts: LoadedParts
  private readonly readRun: ReadRun | null
  private readonly whenClosed: () => void

  // What this room's other files may do and a program may not.
  static {
    makeModel = (inside, whenClosed) => new Model(inside, whenClosed)
    insideOf = ({ parts, readRun }) => ({ parts, readRun })
  }

  private constructor({ parts, readRun }: ModelInside, whenClosed: () => void) {
    this.parts = parts
    this.readRun = readRun
    this.whenClosed = whenClosed
    this.name = parts.files.name
    this.shape = parts.config.shape
    this.tokenizer = parts.tokenizer
    this.weights = parts.weights
  }

  /** Every hook point of this model, in the order of a forward pass, with axes and sizes. */
  get hookPoints(): HookPoint[] {
    return listHooks(this.shape)
  }

  /** Ids of a prompt in any form. @throws chat_template_failed; token_out_of_range */
  toPromptIds(prompt: Prompt): Int32Array {
    if (typeof prompt === 'string') return this.tokenizer.toTokens(prompt)
    if (isChat(prompt)) return this.tokenizer.chatToTokens(prompt)
    return Int32Array.from(prompt as ArrayLike<number>) // neither text nor chat
  }

  /**
   * An answer to a prompt, drawn or greedy. Calls that run at the same time form one batch, and none changes another's result.
   * @throws invalid_input, token_out_of_range, prompt_too_long, hook_unknown, the intervention_… errors, not_enough_memory,
   *   session_lost; whatever a function throws; the signal's reason
   */
  async generate(prompt: Prompt, options: GenerateOptions = {}): Promise<Generation> {
    const promptIds = this.toPromptIds(prompt)
    const { names, wantLogits = false } = options
    const { result, tensors } = await this.run(promptIds, options, {
      hooks: names === undefined ? [] : chooseHooks(names, this.shape),
      wantLogits,
      promptOnly: false,
    })
    const { completionIds, finish, logProbabilities, logits, interventions = [] } = result
    return {
      text: this.tokenizer.toString(splitStop(completionIds, finish).text),
      promptIds,
      completionIds,
      finish,
      logProbabilities,
      logits: logits ? this.asLogits(logits) : null,
      cache: new ActivationCache(tensors, promptIds.length, this.parts),
      interventions,
    }
  }

  /**
   * Logits after every position of a prompt.
   * @returns [1, S, V], axes `B S V`
   * @throws as `generate`; prompt_too_long for one that fills the whole context: one token more is computed and left out
   */
  async forward(prompt: Prompt, options: RunOptions = {}): Promise<AxedTensor> {
    return (await this.runPrompt(prompt, options, [])).logits
  }

  /**
   * Logits as `forward`, and the values at hook points.
   * @throws as `forward`
   */
  async runWithCache(
    prompt: Prompt,
    options: CacheOptions = {},
  ): Promise<{ logits: AxedTensor; cache: ActivationCache }> {
    return this.runPrompt(prompt, options, chooseHooks(options.names ?? usualHooks, this.shape))
  }

  /**
   * Logits as `forward`, with functions at hook points. Nothing of them is left when it returns, throws or is aborted.
   * @throws as `forward`
   */
  runWithHooks(prompt: Prompt, options: RunOptions & { fwdHooks: readonly FwdHook[] }): Promise<AxedTensor> {
    return this.forward(prompt, options)
  }

  /** Hands the values of some hook points to an observer after each run. @returns ends that */
  observe(observer: RunObserver): () => void {
    return this.parts.observe(observer)
  }

  private async runPrompt(
    prompt: Prompt,
    options: RunOptions,
    hooks: readonly string[],
  ): Promise<{ logits: AxedTensor; cache: ActivationCache }> {
    const promptIds = this.toPromptIds(prompt)
    const settings = { ...options, maxNewTokens: 1, temperature: 0 }
    const { result, tensors } = await this.run(promptIds, settings, {
      hooks,
      wantLogits: true,
      promptOnly: true,
    })
    return {
      logits: sliceAxis(this.asLogits(result.logits as Float32Array), 'S', 0, promptIds.length), // asked for
      cache: new ActivationCache(tensors, promptIds.length, this.parts),
    }
  }

  private asLogits(data: Float32Array): AxedTensor {
    const { vocabulary } = this.shape
    return { data, shape: [1, data.length / vocabulary, vocabulary], axes: 'B S V' }
  }

  private async run(
    promptIds: Int32Array,
    options: RunOptions & SamplingOptions,
    wanted: { hooks: readonly string[]; wantLogits: boolean; promptOnly: boolean },
  ): Promise<Answer> {
    const { signal = new AbortController().signal, seed = 0, fwdHooks = [] } = options
    const sampling = parseSettings(samplingSettings, definedOnly(options))
    const interventions = await this.interventionsOf(options, String(seed))
    if (wanted.promptOnly) refuseDecode(interventions, promptIds.length)
    return this.parts.ask(
      {
        promptIds,
        earlierPrompts: [],
        sampling: { ...sampling, stopIds: this.parts.stopIds(sampling.stopTokens), seed: String(seed) },
        capture: { hooks: wanted.hooks, positions: 'all' },
        wantLogits: wanted.wantLogits,
        interventions,
      },
      {
        promptOnly: wanted.promptOnly,
        signal,
        functions: hookedFunctions(fwdHooks, this.shape, wanted.promptOnly),
      },
    )
  }

  private async interventionsOf(
    { interventions = [], step }: RunOptions,
    seed: string,
  ): Promise<Intervention[]> {
    const planned = await this.parts.plan(interventions, this.readRun)
    if (step === undefined) checkSteps(planned, 1)
    return interventionsAtStep(planned, step ?? 0, seed)
  }

  /** Ends the worker and frees the model; what runs is refused with session_lost. Caches stay usable. */
  async close(): Promise<void> {
    try {
      await this.parts.close()
    } finally {
      this.whenClosed()
    }
  }

  /** `await using model = await openModel(…)` closes it at the block's end. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

const isChat = (prompt: ArrayLike<number> | readonly ChatMessage[]): prompt is readonly ChatMessage[] =>
  Array.isArray(prompt) && prompt.length > 0 && typeof prompt[0] === 'object'

/** A schema takes `undefined` for its default, but null for an error. */
const definedOnly = ({ maxNewTokens, temperature, topK, topP, stopTokens }: SamplingOptions): object => ({
  maxNewTokens,
  temperature,
  topK,
  topP,
  stopTokens,
})

const phases: readonly string[] = ['prompt', 'decode', 'both'] satisfies InterventionPhase[]

/**
 * One entry for each hook point.
 * @throws hook_unknown, layer_out_of_range; a TypeError for what is no list of hooks and functions, and for a phase that a prompt has not
 * @internal
 */
export function hookedFunctions(
  fwdHooks: readonly FwdHook[],
  shape: ModelShape,
  promptOnly: boolean,
): HookedFunction[] {
  const hint = 'fwdHooks is a list of [hook points, function, phase]'
  const isList = (value: unknown): boolean => Array.isArray(value)
  if (!isList(fwdHooks) || !fwdHooks.every(isList)) throw new TypeError(hint)
  const own = promptOnly ? 'prompt' : 'both'
  return fwdHooks.flatMap(([choice, run, phase = own]) => {
    if (typeof run !== 'function') throw new TypeError(`${hint}; what is to be called is ${String(run)}`)
    if (!phases.includes(phase))
      throw new TypeError(`${hint}; “${phase}” is none of the phases ${phases.join(', ')}`)
    if (promptOnly && phase === 'decode')
      throw new TypeError('a function of phase “decode” is never called where no answer is wanted')
    return chooseHooks(choice, shape).map((hook) => ({
      hook,
      run,
      phase: promptOnly ? ('prompt' as const) : phase,
    }))
  })
}

/** A run without an answer has no tokens for them. */
function refuseDecode(interventions: readonly Intervention[], tokens: number): void {
  for (const { name, phase, ifAbsent } of interventions)
    if (phase === 'decode' && ifAbsent === 'error')
      throw errors.interventionNowhere({ intervention: name, positions: 'phase decode', tokens })
}
