// Reading another tool's files in a thread of its own.
// Owns: what is asked of the thread, one file after the other, and ending it. Not: the reading (importWorker.ts, imports/).
// Bytes that nobody vouches for are parsed there: what goes wrong ends the thread and not the engine.
import { Worker } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'
import { AppError, errors, type ErrorReport } from '../../contract/errors.ts'
import type { CollectionMetadata, ImportedStep } from '../../imports/aresFolder.ts'

/** One file to read. */
export type ImportTask =
  { kind: 'episode'; path: string; metadata: CollectionMetadata } | { kind: 'trajectoryStep'; path: string }

export interface ReadFile {
  /** The file's own number of the episode; null where it has none. */
  episode: number | null
  steps: ImportedStep[]
  /** Hook points that are not taken, by name. */
  leftOut: string[]
}

export type FromImportWorker = { kind: 'done'; result: ReadFile } | { kind: 'failed'; error: ErrorReport }

/** Beside this file: the source under Node's type stripping, the bundled worker beside a bundle. */
function workerPath(): string {
  const name = import.meta.url.endsWith('.ts') ? './importWorker.ts' : './importWorker.mjs'
  return fileURLToPath(new URL(name, import.meta.url))
}

export class ImportReader {
  private readonly worker = new Worker(workerPath(), { name: 'innerview import' })

  /**
   * Reads one file; the next may be asked for when it is there. Aborting ends the thread, which reads nothing more then.
   * @throws import_unreadable, import_refused; import_worker_lost where the thread ended otherwise; the signal's reason
   */
  read(task: ImportTask, signal: AbortSignal): Promise<ReadFile> {
    signal.throwIfAborted()
    const { worker } = this
    return new Promise<ReadFile>((resolve, reject) => {
      const lost = (reason: string): void => reject(errors.importWorkerLost({ path: task.path, reason }))
      const onMessage = (message: FromImportWorker): void =>
        message.kind === 'done' ? resolve(message.result) : reject(new AppError(message.error))
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      worker.removeAllListeners()
      worker.on('message', onMessage)
      worker.on('error', (error) => lost(error instanceof Error ? error.message : String(error)))
      worker.on('exit', (code) => lost(`It ended with code ${code}.`))
      worker.postMessage(task)
    })
  }

  async close(): Promise<void> {
    this.worker.removeAllListeners()
    await this.worker.terminate()
  }
}
