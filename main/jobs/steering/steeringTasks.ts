// Statistics of vectors and sweeps that take seconds, in a thread of their own.
// Owns: the tasks, what goes to the thread and comes back, ending it. Not: what is done there (steeringWorker.ts).
import { Worker } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'
import type { ContrastRows } from '../../analysis/steering/contrastRows.ts'
import type { SweepDesign } from '../../analysis/steering/smallestClaim.ts'
import type { ContrastDocument, ContrastSettings } from '../../contract/contrasts.ts'
import type { Pooling } from '../../contract/dataSets.ts'
import type { VerdictDocument } from '../../contract/steering.ts'
import type { SweepTables } from '../../contract/sweepTables.ts'
import { AppError, errors, type ErrorReport } from '../../contract/errors.ts'

/** Vectors at one hook point, in the order of the document's. */
export interface ContrastAtHook {
  hook: string
  document: ContrastDocument
  /** Null where one is refused. */
  vectors: (Float32Array | null)[]
  /** From shuffled labels, as long as the true ones. */
  shuffled: (Float32Array | null)[]
}

export interface ComponentChoice {
  layer: number
  pooling: Pooling
  count: number
  /** Episodes of these runs have no part. */
  leftOut: { runIds: string[]; episodes: number[] }
}

export interface RowComponents {
  /** k×D, row-major: unit directions, largest variance first. */
  components: Float64Array
  /** k standard deviations along them. */
  scales: number[]
  /** Median over the rows. */
  norm: number
}

interface TaskKinds {
  /** Between two classes of a data set. */
  contrast: {
    task: {
      workspaceFolder: string
      dataSetId: string
      layers: number[]
      pooling: Pooling
      /** Indices of the classes it points away from and to. */
      away: number
      towards: number
      settings: ContrastSettings
    }
    result: ContrastAtHook[]
  }
  /** Of rows at hand. */
  rows: {
    task: { parts: { hook: string; rows: ContrastRows }[]; settings: ContrastSettings }
    result: ContrastAtHook[]
  }
  /** Directions in which a data set's rows vary most. */
  components: {
    task: { workspaceFolder: string; dataSetId: string } & ComponentChoice
    result: RowComponents
  }
  /** That a planned sweep will claim. */
  smallestClaim: { task: { design: SweepDesign }; result: number | null }
  /** On a sweep whose answers have been scored. */
  verdict: { task: { workspaceFolder: string; sweepId: string }; result: VerdictDocument }
  /** Upstream's, of one cell; the headline's where null. */
  tables: { task: { workspaceFolder: string; sweepId: string; cell: string | null }; result: SweepTables }
}

export type SteeringTaskKind = keyof TaskKinds
type TaskOf<K extends SteeringTaskKind> = { kind: K } & TaskKinds[K]['task']
export type SteeringTask = { [K in SteeringTaskKind]: TaskOf<K> }[SteeringTaskKind]
export type SteeringResult<K extends SteeringTaskKind = SteeringTaskKind> = TaskKinds[K]['result']

export type FromSteeringWorker =
  { kind: 'done'; result: SteeringResult } | { kind: 'failed'; error: ErrorReport }

/** Beside this file: the source under Node's type stripping, the bundled worker beside a bundle. */
function workerPath(): string {
  const name = import.meta.url.endsWith('.ts') ? './steeringWorker.ts' : './steeringWorker.mjs'
  return fileURLToPath(new URL(name, import.meta.url))
}

/**
 * Does one task. Aborting ends the thread at once.
 * @throws what the task throws; steering_worker_lost where the thread ended otherwise; the signal's reason
 */
export function runSteeringTask<K extends SteeringTaskKind>(
  task: TaskOf<K>,
  signal: AbortSignal,
): Promise<SteeringResult<K>> {
  signal.throwIfAborted()
  const worker = new Worker(workerPath(), { workerData: task, name: `innerview ${task.kind}` })
  const result = new Promise<SteeringResult<K>>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    worker.on('message', (message: FromSteeringWorker) => {
      if (message.kind === 'done')
        resolve(message.result as SteeringResult<K>) // of this task's kind
      else reject(new AppError(message.error))
    })
    const lost = (reason: string): void => reject(errors.steeringWorkerLost({ reason }))
    worker.on('error', (error) => lost(error instanceof Error ? error.message : String(error)))
    worker.on('exit', (code) => lost(`It ended with code ${code}.`))
  })
  return result.finally(() => worker.terminate())
}
