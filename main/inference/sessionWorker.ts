// Entry of an inference worker: one session and its scheduler behind messages.
// Owns: the worker's side of the talk. Not: what the messages mean to jobs (inferenceClient.ts).
// A pass blocks this thread, so messages are read between passes: that is when a cancellation takes effect.
import { parentPort, workerData } from 'node:worker_threads'
import { AppError, reportOf } from '../contract/errors.ts'
import type { HookTensor } from './hookFunctions.ts'
import type { GenerateResult, ToldToken } from './requests.ts'
import { Scheduler } from './scheduler.ts'
import { DecoderSession } from './session.ts'
import type { FromWorker, ToWorker, WorkerStart } from './workerMessages.ts'

if (!parentPort) throw new TypeError('sessionWorker runs in a worker thread')
const port = parentPort
const start = workerData as WorkerStart // inferenceClient.ts is the only one to start it

const send = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer)

/** The large arrays of a result, which then need no copy. */
const largeBuffers = ({ captures, logits }: GenerateResult): ArrayBuffer[] =>
  [logits, ...captures.map(({ all }) => all?.data)].flatMap((array) =>
    array ? [array.buffer as ArrayBuffer] : [],
  )

async function open(): Promise<void> {
  const { config, weights, threads, maxRows, cacheBytes, device, likeDevice } = start
  const session = await DecoderSession.create(config, weights, { threads, device, likeDevice })
  let calls = 0
  const waiting = new Map<number, (data: Float32Array | null) => void>()
  const callFunction = (id: number, functionId: number, tensor: HookTensor): Promise<Float32Array | null> =>
    new Promise((resolve) => {
      waiting.set(++calls, resolve)
      const transfer = [tensor.data.buffer as ArrayBuffer]
      send({ kind: 'callFunction', call: calls, id, function: functionId, tensor }, transfer)
    })
  const tellToken = (id: number, token: ToldToken): void => send({ kind: 'token', id, token })
  const scheduler = new Scheduler(session, { maxRows, cacheBytes, callFunction, tellToken })
  let isEnding = false
  const end = (): void => {
    isEnding = true
    for (const resolve of waiting.values()) resolve(null) // else the pass would wait for ever
    waiting.clear()
    void close(session, scheduler)
  }
  /** ONNX Runtime's own faults are plain errors: after one the session is no longer to be trusted. */
  const fail = (id: number, error: unknown): void => {
    if (isEnding) return
    if (error instanceof AppError) return send({ kind: 'failed', id, error: error.report() })
    send({ kind: 'lost', reason: error instanceof Error ? error.message : String(error) })
    end()
  }
  port.on('message', (message: ToWorker) => {
    if (isEnding) return
    switch (message.kind) {
      case 'generate': {
        const { id, request } = message
        scheduler.submit(id, request).then(
          (result) => send({ kind: 'result', id, result }, largeBuffers(result)),
          (error: unknown) => fail(id, error),
        )
        break
      }
      case 'cancel':
        scheduler.cancel(message.id)
        break
      case 'functionResult':
        waiting.get(message.call)?.(message.data)
        waiting.delete(message.call)
        break
      case 'close':
        end()
    }
  })
  send({ kind: 'ready' })
}

/** The thread ends by itself once its port is closed: one that is ended from outside in native code takes the process along. */
async function close(session: DecoderSession, scheduler: Scheduler): Promise<void> {
  await scheduler.close()
  await session.release()
  port.close()
}

open().catch((error: unknown) => {
  send({ kind: 'openFailed', error: error instanceof AppError ? error.report() : reportOf(error) })
  port.close()
})
