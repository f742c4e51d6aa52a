// The engine's side of an inference worker.
// Owns: starting, asking and closing a worker; checking requests before they travel. Not: batching (scheduler.ts), which happens over there.
import { AsyncLocalStorage } from 'node:async_hooks'
import { availableParallelism } from 'node:os'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'
import type { ComputeDevice } from '../contract/devices.ts'
import { AppError, errors } from '../contract/errors.ts'
import { parseHook } from '../model/hookNames.ts'
import type { DecoderConfig, WeightMap } from '../model/modelFiles.ts'
import { functionInterventions, runHookFunction, type HookedFunction } from './hookFunctions.ts'
import { bindChain } from './interventionChain.ts'
import { cacheBudget } from './memory.ts'
import type { GenerateRequest, GenerateResult, ToldToken } from './requests.ts'
import type { FromWorker, ToWorker, WorkerStart } from './workerMessages.ts'

export interface InferenceOptions {
  config: DecoderConfig
  weights: WeightMap
  /** Threads inside one operator, the machine's cores where left out; results do not depend on it. */
  threads?: number
  /** Sequences at once; further requests wait. */
  maxRows: number
  /** Bytes that the model and its cache may take together; what the machine has free where left out. */
  memoryBytes?: number
  /** The processor where left out. Nothing is asked here of whether it has been checked. */
  device?: ComputeDevice
  /** The processor runs the nodes that a device would be given: what a device is compared with. */
  likeDevice?: boolean
  /** For a bundle that puts the worker elsewhere. */
  workerPath?: string
}

interface Pending {
  /** Workers that would wait for a function of this request: its own, and those whose functions asked for it. */
  waiting: ReadonlySet<InferenceClient>
  functions: readonly HookedFunction[]
  /** Calls of its functions that the worker waits for. */
  calls: Set<number>
  onToken?: (token: ToldToken) => void
  resolve: (result: GenerateResult) => void
  reject: (reason: unknown) => void
}

/** Workers that wait for the function that is running. */
const waitingWorkers = new AsyncLocalStorage<ReadonlySet<InferenceClient>>()

/** Beside this file: the source under Node's type stripping, the bundled worker beside a bundle. */
function defaultWorkerPath(): string {
  const name = import.meta.url.endsWith('.ts') ? './sessionWorker.ts' : './sessionWorker.mjs'
  return fileURLToPath(new URL(name, import.meta.url))
}

export class InferenceClient {
  readonly config: DecoderConfig
  private readonly worker: Worker
  private readonly pending = new Map<number, Pending>()
  private lastId = 0
  private hasExited = false
  /** Why no more can be asked; null while the worker lives. */
  private ended: AppError | null = null

  private constructor(config: DecoderConfig, worker: Worker) {
    this.config = config
    this.worker = worker
  }

  /**
   * Loads a model in a worker of its own.
   * @param onProgress  fraction 0 … 1
   * @throws notEnoughMemory, sessionLost; the signal's reason when it is aborted
   */
  static async open(
    options: InferenceOptions,
    signal: AbortSignal,
    onProgress: (fraction: number) => void = () => {},
  ): Promise<InferenceClient> {
    signal.throwIfAborted()
    const { config, weights, maxRows, threads = availableParallelism() } = options
    const { device = 'cpu', likeDevice = false } = options
    if (device === 'cuda') process.env.NVIDIA_TF32_OVERRIDE ??= '0' // else products are rounded to ten bits, unasked
    if (!(threads >= 1) || !(maxRows >= 1)) throw new TypeError('threads and maxRows are at least 1')
    const cacheBytes = cacheBudget(config, weights, options.memoryBytes)
    const workerData: WorkerStart = { config, weights, threads, maxRows, cacheBytes, device, likeDevice }
    onProgress(0)
    const worker = new Worker(options.workerPath ?? defaultWorkerPath(), { workerData })
    const client = new InferenceClient(config, worker)
    try {
      await client.waitUntilReady(signal)
    } catch (error) {
      client.leave()
      throw error
    }
    onProgress(1)
    return client
  }

  private waitUntilReady(signal: AbortSignal): Promise<void> {
    let onAbort = (): void => {}
    const ready = new Promise<void>((resolve, reject) => {
      onAbort = () => reject(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
      this.worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') resolve()
        else if (message.kind === 'openFailed') reject(new AppError(message.error))
        else this.receive(message)
      })
      this.worker.on('error', (error) => {
        reject(this.end(error instanceof Error ? error.message : String(error)))
      })
      this.worker.on('exit', (code) => {
        this.hasExited = true
        reject(this.end(`The worker ended with code ${code}.`))
      })
    })
    return ready.finally(() => signal.removeEventListener('abort', onAbort))
  }

  /** Rejects whatever is open; the first reason stays. */
  private end(reason: string): AppError {
    this.ended ??= errors.sessionLost({ reason })
    for (const { reject } of this.pending.values()) reject(this.ended)
    this.pending.clear()
    return this.ended
  }

  private receive(message: Exclude<FromWorker, { kind: 'ready' | 'openFailed' }>): void {
    if (message.kind === 'lost') return void this.end(message.reason)
    if (message.kind === 'callFunction') return void this.callFunction(message)
    const pending = this.pending.get(message.id)
    if (!pending) return // cancelled in the meantime
    if (message.kind === 'token') return pending.onToken?.(message.token)
    this.pending.delete(message.id)
    if (message.kind === 'failed') pending.reject(new AppError(message.error))
    else pending.resolve(message.result)
  }

  /** A function that throws ends its request with what it threw; the pass goes on for the others. */
  private async callFunction(message: Extract<FromWorker, { kind: 'callFunction' }>): Promise<void> {
    const { call, id, tensor } = message
    const pending = this.pending.get(id)
    if (!pending) return this.send({ kind: 'functionResult', call, data: null })
    pending.calls.add(call)
    let data: Float32Array | null = null
    try {
      data = await waitingWorkers.run(pending.waiting, () =>
        runHookFunction(pending.functions, message.function, tensor),
      )
    } catch (error) {
      if (this.pending.delete(id)) this.send({ kind: 'cancel', id })
      pending.reject(error)
    }
    if (pending.calls.delete(call)) this.send({ kind: 'functionResult', call, data })
  }

  private send(message: ToWorker): void {
    this.worker.postMessage(message)
  }

  /**
   * Answers one request. Requests in flight at the same time form one batch; none changes another's result.
   * @param functions  called at hook points, on this side, after the request's interventions there; the batch waits for them
   * @param onToken  called for each token as it is drawn, before the answer is there
   * @throws TypeError in a function that this worker waits for; promptTooLong, tokenOutOfRange, hookUnknown, layerOutOfRange, invalidInput, interventionNowhere,
   *   interventionInvalid, notEnoughMemory, logitsNotFinite, interventionNeverFired, sessionLost; the signal's reason when it is aborted, within one pass
   */
  async generate(
    asked: GenerateRequest,
    signal: AbortSignal,
    functions: readonly HookedFunction[] = [],
    onToken?: (token: ToldToken) => void,
  ): Promise<GenerateResult> {
    signal.throwIfAborted()
    const waiting = waitingWorkers.getStore() ?? new Set()
    // It would wait for an answer of a worker that waits for it.
    if (waiting.has(this))
      throw new TypeError(
        'a function at a hook point asks the model that waits for it; ask before the run, or open the model once more',
      )
    const { interventions = [] } = asked
    const stand = functionInterventions(functions, this.config.shape)
    const request = {
      ...asked,
      interventions: [...interventions, ...stand],
      wantTokens: onToken !== undefined,
    }
    checkRequest(request, this.config)
    if (this.ended) throw this.ended
    const id = ++this.lastId
    const answer = new Promise<GenerateResult>((resolve, reject) =>
      this.pending.set(id, {
        resolve,
        reject,
        functions,
        onToken,
        calls: new Set(),
        waiting: new Set([...waiting, this]),
      }),
    )
    this.send({ kind: 'generate', id, request })
    const onAbort = (): void => {
      const pending = this.pending.get(id)
      if (!pending) return
      this.pending.delete(id)
      this.send({ kind: 'cancel', id })
      for (const call of pending.calls) this.send({ kind: 'functionResult', call, data: null })
      pending.calls.clear()
      pending.reject(signal.reason)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      return await answer
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** True once the worker has ended, or a fault made it end; a new client is needed then. */
  get isLost(): boolean {
    return this.ended !== null
  }

  /** Ends the worker, after the pass it is in, and frees the model. Requests still open are rejected with sessionLost. */
  async close(): Promise<void> {
    const exited = this.hasExited ? null : once(this.worker, 'exit')
    this.leave()
    await exited
  }

  /** The message is read once the worker is neither loading nor in a pass; it then ends by itself. */
  private leave(): void {
    this.end('The model was closed.')
    this.send({ kind: 'close' })
  }
}

/** Everything that can be wrong with a request, found before it travels. */
function checkRequest(request: GenerateRequest, { shape }: DecoderConfig): void {
  const { promptIds, earlierPrompts, sampling, capture } = request
  if (!(sampling.maxNewTokens >= 1))
    throw errors.invalidInput({ field: 'maxNewTokens', reason: 'at least 1' })
  for (const prompt of [...earlierPrompts, promptIds]) {
    if (prompt.length === 0) throw errors.invalidInput({ field: 'prompt', reason: 'it has no tokens' })
    const wrong = prompt.find((id) => id < 0 || id >= shape.vocabulary)
    if (wrong !== undefined) throw errors.tokenOutOfRange({ id: wrong, vocabulary: shape.vocabulary })
  }
  const limit = shape.contextLength - sampling.maxNewTokens
  if (promptIds.length > limit) throw errors.promptTooLong({ tokens: promptIds.length, limit })
  for (const hook of capture.hooks) parseHook(hook, shape)
  bindChain(request) // throws where an intervention does not fit
}
