// What the engine's thread and an inference worker say to each other.
// Owns: the messages' shapes. Not: sending them (inferenceClient.ts, sessionWorker.ts).
import type { ComputeDevice } from '../contract/devices.ts'
import type { ErrorReport } from '../contract/errors.ts'
import type { DecoderConfig, WeightMap } from '../model/modelFiles.ts'
import type { HookTensor } from './hookFunctions.ts'
import type { GenerateRequest, GenerateResult, ToldToken } from './requests.ts'

/** Given to a worker when it starts. */
export interface WorkerStart {
  config: DecoderConfig
  weights: WeightMap
  threads: number
  maxRows: number
  cacheBytes: number
  device: ComputeDevice
  likeDevice: boolean
}

export type ToWorker =
  | { kind: 'generate'; id: number; request: GenerateRequest }
  | { kind: 'cancel'; id: number }
  /** What a function gave; null where it was not called, because its request is gone. */
  | { kind: 'functionResult'; call: number; data: Float32Array | null }
  | { kind: 'close' }

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'openFailed'; error: ErrorReport }
  | { kind: 'result'; id: number; result: GenerateResult }
  | { kind: 'failed'; id: number; error: ErrorReport }
  | { kind: 'token'; id: number; token: ToldToken }
  /** Asks for function `function` of request `id`; the pass waits for its result. */
  | { kind: 'callFunction'; call: number; id: number; function: number; tensor: HookTensor }
  /** A fault that the session may not have survived; the worker ends by itself. */
  | { kind: 'lost'; reason: string }
