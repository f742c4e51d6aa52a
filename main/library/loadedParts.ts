// A model at work, as the parts of the library share it: files, tokeniser, worker, and whoever listens.
// Owns: opening and closing these together; every run goes through `ask`. Not: the public face (model.ts).
import { sliceAxis, type AxedTensor } from '../analysis/axedTensor.ts'
import type { ComputeDevice } from '../contract/devices.ts'
import { AppError, errors } from '../contract/errors.ts'
import type { ComputeDtype } from '../contract/models.ts'
import type { HookedFunction } from '../inference/hookFunctions.ts'
import { InferenceClient } from '../inference/inferenceClient.ts'
import type { PlannedIntervention } from '../inference/interventionPlan.ts'
import type { ReadRun } from '../inference/interventionSources.ts'
import type { GenerateRequest, GenerateResult } from '../inference/requests.ts'
import { openChatTemplate } from '../model/chatTemplate.ts'
import { requireChecked } from '../jobs/devices/deviceChecks.ts'
import { hashConfig, hashModel, hashTokenizer } from '../model/hashModel.ts'
import { listHooks } from '../model/hookNames.ts'
import type { ModelFiles } from '../model/modelFiles.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import { readTokenizer, type Tokenizer } from '../model/tokenizer.ts'
import type { CacheModel } from './cacheModel.ts'
import { planInputs, type InterventionInput } from './interventionInputs.ts'
import { NamedWeights } from './namedWeights.ts'
import { rememberOrigin, type TensorOrigin } from './tensorOrigins.ts'
import { ModelTokenizer } from './tokenizer.ts'

/** @internal */
export interface LoadSettings {
  cacheFolder: string
  dtype: ComputeDtype
  device: ComputeDevice
  rows: number
  threads: number | undefined
  signal: AbortSignal
  onProgress: (progress: { label: string; fraction: number }) => void
}

/** What one run of a model left, prompt and answer together. */
export interface ObservedRun {
  promptIds: Int32Array
  /** Empty where the model was asked for no answer. */
  completionIds: Int32Array
  /** Position of the first of each tensor's S: those before it are as in the step before. */
  firstPosition: number
  tensors: ReadonlyMap<string, AxedTensor>
}

/** Gets the values of some hook points after every run. It must not throw. */
export interface RunObserver {
  hooks: readonly string[]
  receive(run: ObservedRun): void
}

/** @internal */
export interface Answer {
  result: GenerateResult
  /** The hook points that the request itself named, in the order of a forward pass. */
  tensors: Map<string, AxedTensor>
}

interface Held {
  files: ModelFiles
  dtype: ComputeDtype
  encoder: Tokenizer
  tokenizer: ModelTokenizer
  weights: NamedWeights
  client: InferenceClient
}

/** @internal */
export class LoadedParts implements CacheModel, TensorOrigin {
  readonly files: ModelFiles
  readonly tokenizer: ModelTokenizer
  readonly weights: NamedWeights
  readonly dtype: ComputeDtype
  private readonly encoder: Tokenizer
  private readonly client: InferenceClient
  private readonly observers = new Set<RunObserver>()
  private isClosed = false
  private hashes: { model?: Promise<string>; tokenizer?: Promise<string> } = {}

  private constructor({ files, dtype, encoder, tokenizer, weights, client }: Held) {
    this.files = files
    this.dtype = dtype
    this.encoder = encoder
    this.tokenizer = tokenizer
    this.weights = weights
    this.client = client
  }

  /** @throws not_enough_memory, session_lost, and what reading the files throws; the signal's reason when aborted */
  static async load(files: ModelFiles, settings: LoadSettings): Promise<LoadedParts> {
    const { cacheFolder, dtype, device, rows, threads, signal, onProgress } = settings
    if (device !== 'cpu') {
      const use = {
        device,
        dtype,
        hash: await hashModel(files, { signal }),
        configHash: hashConfig(files.config),
      }
      await requireChecked(cacheFolder, files.path, use)
    }
    const encoder = await readTokenizer(files)
    const tokenizer = new ModelTokenizer(encoder, openChatTemplate(files.chatTemplate))
    const weights = await prepareWeights(files, {
      cacheFolder,
      dtype,
      signal,
      onProgress: (fraction) => onProgress({ label: 'Preparing the weights', fraction }),
    })
    const client = await InferenceClient.open(
      { config: files.config, weights, maxRows: rows, threads, device },
      signal,
      (fraction) => onProgress({ label: 'Loading the model', fraction }),
    )
    return new LoadedParts({ files, dtype, encoder, tokenizer, weights: new NamedWeights(weights), client })
  }

  get config(): ModelFiles['config'] {
    return this.files.config
  }

  /** SHA-256 of the weights, hex; all of them are read, once. @throws model_malformed */
  modelHash(): Promise<string> {
    return (this.hashes.model ??= hashModel(this.files))
  }

  /** SHA-256, hex. */
  tokenizerHash(): Promise<string> {
    return (this.hashes.tokenizer ??= hashTokenizer(this.files.tokenizer))
  }

  /** Interventions checked and their sources read. @throws as `planInputs` */
  async plan(inputs: readonly InterventionInput[], readRun: ReadRun | null): Promise<PlannedIntervention[]> {
    if (Array.isArray(inputs) && inputs.length === 0) return []
    const model = {
      shape: this.config.shape,
      model: {
        modelHash: () => this.modelHash(),
        tokenizerHash: await this.tokenizerHash(),
        computeDtype: this.dtype,
      },
      readRun,
      encode: (text: string) => this.encoder.encode(text, { special: false }),
    }
    return planInputs(inputs, model, this)
  }

  /** Tokens that end an answer: the model's own, and these. @throws invalid_input for a text that is no token */
  stopIds(texts: readonly string[]): number[] {
    const further = texts.map((text) => {
      const id = this.encoder.tokenId(text)
      if (id !== null) return id
      throw errors.invalidInput({ field: 'stopTokens', reason: `“${text}” is no token of this model` })
    })
    return [...new Set([...this.files.stopIds, ...further])]
  }

  /** Tells the observer of every run from now on. @returns ends that */
  observe(observer: RunObserver): () => void {
    this.observers.add(observer)
    return () => void this.observers.delete(observer)
  }

  /**
   * Runs a request, with the hook points that observers want beside its own.
   * @param wanted.observer  of this run alone
   * @param wanted.promptOnly  the token that follows the prompt, which every request computes, is left out of the tensors
   * @throws model_closed, and as InferenceClient.generate
   */
  async ask(
    request: GenerateRequest,
    wanted: {
      promptOnly: boolean
      signal: AbortSignal
      functions: readonly HookedFunction[]
      observer?: RunObserver
    },
  ): Promise<Answer> {
    // Those who join while it runs get nothing of it.
    const observers = [...this.observers, ...(wanted.observer ? [wanted.observer] : [])]
    const own = new Set(request.capture.hooks)
    const hooks = [...new Set([...own, ...observers.flatMap((observer) => observer.hooks)])]
    const positions = observers.length > 0 ? 'all' : request.capture.positions
    const result = await this.generate({ ...request, capture: { hooks, positions } }, wanted)
    const tensors = this.tensorsOf(result, request, wanted.promptOnly)
    const { promptIds } = request
    for (const observer of observers)
      observer.receive({
        promptIds,
        completionIds: wanted.promptOnly ? new Int32Array(0) : result.completionIds,
        firstPosition: result.reusedTokens,
        tensors: new Map([...tensors].filter(([name]) => observer.hooks.includes(name))),
      })
    const ofRequest = new Map([...tensors].filter(([name]) => own.has(name)))
    const captures = result.captures.filter(({ hook }) => own.has(hook))
    return { result: { ...result, captures }, tensors: ofRequest }
  }

  private async generate(
    request: GenerateRequest,
    { signal, functions }: { signal: AbortSignal; functions: readonly HookedFunction[] },
  ): Promise<GenerateResult> {
    try {
      return await this.client.generate(request, signal, functions)
    } catch (error) {
      const isEnded = this.isClosed && error instanceof AppError && error.code === 'session_lost'
      throw isEnded ? errors.modelClosed({ model: this.files.name }, error) : error
    }
  }

  private tensorsOf(
    { captures, reusedTokens }: GenerateResult,
    { promptIds }: GenerateRequest,
    promptOnly: boolean,
  ): Map<string, AxedTensor> {
    const captured = new Map<string, AxedTensor>()
    for (const { hook, all } of captures) {
      if (!all) continue
      const { data, shape, axes } = all
      const whole = { data, shape, axes }
      const kept = promptOnly ? sliceAxis(whole, 'S', 0, promptIds.length - reusedTokens) : whole
      const isKeyed = promptOnly && axes.includes('T')
      captured.set(hook, isKeyed ? sliceAxis(kept, 'T', 0, promptIds.length) : kept)
    }
    const ordered = listHooks(this.config.shape).filter(({ name }) => captured.has(name))
    const found = ordered.map(({ name }): [string, AxedTensor] => [name, captured.get(name) as AxedTensor]) // filtered by having it
    for (const [, { data }] of found) rememberOrigin(data, this)
    return new Map(found)
  }

  close(): Promise<void> {
    this.isClosed = true
    return this.client.close()
  }
}
