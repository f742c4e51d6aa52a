// A model ready to be talked to: tokeniser, chat template and inference session of one set of files.
// Owns: loading and releasing the three together. Not: which model (modelLibrary.ts) or what is asked of it.
import type { WorkProgress } from '../contract/api.ts'
import type { ComputeDevice } from '../contract/devices.ts'
import { errors } from '../contract/errors.ts'
import type { ComputeDtype, ModelShape } from '../contract/models.ts'
import type { ChatMessage, TokenView } from '../contract/runs.ts'
import type { HookedFunction } from '../inference/hookFunctions.ts'
import { InferenceClient } from '../inference/inferenceClient.ts'
import type { GenerateRequest, GenerateResult, ToldToken } from '../inference/requests.ts'
import { openChatTemplate, type ChatTemplate } from '../model/chatTemplate.ts'
import type { ModelFiles } from '../model/modelFiles.ts'
import { hashConfig, hashModel } from '../model/hashModel.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import { readTokenizer, type Tokenizer } from '../model/tokenizer.ts'
import { requireChecked } from './devices/deviceChecks.ts'
import type { AgentModel } from './playEpisode.ts'

export interface LoadOptions {
  cacheFolder: string
  /** How many sequences will run at once. */
  rows: number
  /** What is computed with; `float32` where left out. */
  dtype?: ComputeDtype
  /** What it is computed on; the processor where left out. */
  device?: ComputeDevice
  /** Of a device's own check, which nothing comes before. */
  isTrial?: boolean
  /** As in InferenceOptions. */
  likeDevice?: boolean
  /** SHA-256 of the weights where it is known: names what is cached of them. */
  hash?: string
}

interface Parts {
  files: ModelFiles
  tokenizer: Tokenizer
  template: ChatTemplate
  client: InferenceClient
  rows: number
}

export class LoadedModel implements AgentModel {
  readonly shape: ModelShape
  readonly contextLength: number
  readonly stopIds: readonly number[]
  private readonly parts: Parts

  private constructor(parts: Parts, stopIds: readonly number[]) {
    this.parts = parts
    this.shape = parts.files.config.shape
    this.contextLength = this.shape.contextLength
    this.stopIds = stopIds
  }

  /** @throws not_enough_memory, dtype_unavailable, device_unavailable, device_unchecked, and what reading or loading throws; the signal's reason when aborted. */
  static async open(
    files: ModelFiles,
    options: LoadOptions,
    tell: (progress: WorkProgress) => void,
    signal: AbortSignal,
  ): Promise<LoadedModel> {
    const { device = 'cpu', dtype = 'float32', cacheFolder, likeDevice } = options
    if (device !== 'cpu' && !options.isTrial) {
      const hash = options.hash ?? (await hashModel(files, { signal }))
      const use = { device, dtype, hash, configHash: hashConfig(files.config) }
      await requireChecked(cacheFolder, files.path, use)
    }
    const tokenizer = await readTokenizer(files)
    const template = openChatTemplate(files.chatTemplate)
    const weights = await prepareWeights(files, {
      cacheFolder,
      dtype,
      hash: options.hash,
      signal,
      onProgress: (fraction) => tell({ label: 'Preparing the weights', fraction }),
    })
    signal.throwIfAborted()
    const client = await InferenceClient.open(
      { config: files.config, weights, maxRows: options.rows, device, likeDevice },
      signal,
      (fraction) => tell({ label: 'Loading the model', fraction }),
    )
    return new LoadedModel({ files, tokenizer, template, client, rows: options.rows }, files.stopIds)
  }

  get name(): string {
    return this.parts.files.name
  }

  get isLost(): boolean {
    return this.parts.client.isLost
  }

  /** The same model with further tokens that end an answer. @throws invalid_input for a text that is no token. */
  withStopTokens(texts: readonly string[]): LoadedModel {
    const further = texts.map((text) => stopId(this.parts.tokenizer, text))
    return new LoadedModel(this.parts, [...new Set([...this.stopIds, ...further])])
  }

  encodeChat(messages: readonly ChatMessage[]): Int32Array {
    return this.parts.tokenizer.encode(this.parts.template.render(messages), { special: false })
  }

  /** Plain text, with what the model wants around a text. */
  encodeText(text: string): Int32Array {
    return this.parts.tokenizer.encode(text, { special: true })
  }

  /** As a timeline shows them. */
  tokenViews(ids: ArrayLike<number>): TokenView[] {
    return this.parts.tokenizer.tokenViews(ids)
  }

  decode(ids: Int32Array): string {
    return this.parts.tokenizer.decode(ids, { skipSpecial: false })
  }

  generate(
    request: GenerateRequest,
    signal: AbortSignal,
    functions?: readonly HookedFunction[],
    onToken?: (token: ToldToken) => void,
  ): Promise<GenerateResult> {
    return this.parts.client.generate(request, signal, functions, onToken)
  }

  close(): Promise<void> {
    return this.parts.client.close()
  }
}

/** Id of a stop token by its text. @throws invalid_input */
export function stopId(tokenizer: Tokenizer, text: string): number {
  const id = tokenizer.tokenId(text)
  if (id === null)
    throw errors.invalidInput({ field: 'sampling.stopTokens', reason: `“${text}” is no token of this model` })
  return id
}
