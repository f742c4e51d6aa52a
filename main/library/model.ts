// A model as a program uses it: generate, run with a cache, run with hooks.
// Owns: prompts in any form, options with their defaults, results with axes. Not: loading (openModel.ts) or what a cache can do (activationCache.ts).
import { sliceAxis, type AxedTensor } from '../analysis/axedTensor.ts'
import { errors } from '../contract/errors.ts'
import type { ModelShape } from '../contract/models.ts'
import { samplingSettings, type FinishReason } from '../contract/runs.ts'
import type { InterventionCount } from '../inference/interventionBinding.ts'
import { checkSteps, interventionsAtStep } from '../inference/interventionPlan.ts'
import type { Intervention } from '../inference/interventions.ts'
import type { ReadRun } from '../inference/interventionSources.ts'
import { splitStop } from '../jobs/playEpisode.ts'
import { parseSettings } from '../jobs/settings.ts'
import { listHooks, type HookPoint } from '../model/hookNames.ts'
import { ActivationCache } from './activationCache.ts'
import { hookedFunctions, type FwdHook } from './fwdHooks.ts'
import { chooseHooks, usualHooks } from './hookChoice.ts'
import type { Answer, LoadedParts, RunObserver } from './loadedParts.ts'
import type { NamedWeights } from './namedWeights.ts'
import { checkOptions } from '../contract/options.ts'
import { checkIds, isChat, type Prompt } from './prompts.ts'
import {
  cacheOptions,
  generateOptions,
  runOptions,
  type CacheOptions,
  type GenerateOptions,
  type RunOptions,
  type SamplingOptions,
} from './runOptions.ts'
import type { ModelTokenizer } from './tokenizer.ts'

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
    return checkIds(prompt as ArrayLike<number>, this.shape.vocabulary) // neither text nor chat
  }

  /**
   * An answer to a prompt, drawn or greedy. Calls that run at the same time form one batch, and none changes another's result.
   * @throws invalid_input, token_out_of_range, prompt_too_long, hook_unknown, the intervention_… errors, not_enough_memory,
   *   model_closed, session_lost; whatever a function throws; the signal's reason
   */
  async generate(prompt: Prompt, options: GenerateOptions = {}): Promise<Generation> {
    checkOptions('generate', options, generateOptions)
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
    return (await this.runPrompt(prompt, checkOptions('forward', options, runOptions), [])).logits
  }

  /**
   * Logits as `forward`, and the values at hook points.
   * @throws as `forward`
   */
  async runWithCache(
    prompt: Prompt,
    options: CacheOptions = {},
  ): Promise<{ logits: AxedTensor; cache: ActivationCache }> {
    checkOptions('runWithCache', options, cacheOptions)
    return this.runPrompt(prompt, options, chooseHooks(options.names ?? usualHooks, this.shape))
  }

  /**
   * Logits as `forward`, with functions at hook points. Nothing of them is left when it returns, throws or is aborted.
   * @throws as `forward`
   */
  async runWithHooks(
    prompt: Prompt,
    options: RunOptions & { fwdHooks: readonly FwdHook[] },
  ): Promise<AxedTensor> {
    const { fwdHooks } = checkOptions('runWithHooks', options, runOptions)
    if (!Array.isArray(fwdHooks)) throw new TypeError('runWithHooks wants fwdHooks, a list of functions')
    return (await this.runPrompt(prompt, options, [])).logits
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

  /** Ends the worker and frees the model; what runs is refused with model_closed. Caches stay usable. */
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

/** A schema takes `undefined` for its default, but null for an error. */
const definedOnly = ({ maxNewTokens, temperature, topK, topP, stopTokens }: SamplingOptions): object => ({
  maxNewTokens,
  temperature,
  topK,
  topP,
  stopTokens,
})

/** A run without an answer has no tokens for them. */
function refuseDecode(interventions: readonly Intervention[], tokens: number): void {
  for (const { name, phase, ifAbsent } of interventions)
    if (phase === 'decode' && ifAbsent === 'error')
      throw errors.interventionNowhere({ intervention: name, positions: 'phase decode', tokens })
}
