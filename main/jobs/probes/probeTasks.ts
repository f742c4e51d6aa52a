// Work on activations that takes long, in a thread of its own.
// Owns: the tasks, what goes to the thread and comes back, ending it. Not: what is done there (probeWorker.ts).
import { Worker } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'
import type { PoolingChoice } from '../../analysis/poolings.ts'
import type { JudgedProbe } from '../../analysis/probes/judgeProbe.ts'
import type { WorkProgress } from '../../contract/api.ts'
import type { Pooling, StepKey } from '../../contract/dataSets.ts'
import { AppError, errors, type ErrorReport } from '../../contract/errors.ts'
import type { ProbeCell, ProbeSettings } from '../../contract/probes.ts'
import type { ProbeProjection } from '../../contract/storedProbes.ts'
import type { SizedStep } from '../dataSets/pooledRows.ts'
import type { RivalFile } from './rivalFile.ts'

interface TaskKinds {
  /** SHA-256 of rows, labels, earlier labels and activations. */
  hash: {
    task: {
      steps: SizedStep[]
      cells: { hook: string; choice: PoolingChoice }[]
      labels: Int32Array
      earlierLabels: number[][]
      classes: string[]
    }
    result: string
  }
  judge: {
    task: {
      settings: ProbeSettings
      randomWeights: RivalFile | null
      /** Of a sweep that was interrupted. */
      knownCells: ProbeCell[]
      /** Of each task that has one. */
      categories: ReadonlyMap<string, string>
    }
    result: JudgedProbe & { seconds: number }
  }
  project: {
    task: {
      dataSetId: string
      layer: number
      pooling: Pooling
      method: ProbeProjection['method']
      seed: number
    }
    result: ProbeProjection
  }
  /** Cosine of every row with one step's vector; row after row of the data set. */
  cosines: {
    task: { dataSetId: string; layer: number; pooling: Pooling; step: StepKey }
    result: Float64Array
  }
}

export type ProbeTaskKind = keyof TaskKinds
type TaskOf<K extends ProbeTaskKind> = { kind: K; workspaceFolder: string } & TaskKinds[K]['task']
export type ProbeTask = { [K in ProbeTaskKind]: TaskOf<K> }[ProbeTaskKind]
export type ProbeTaskResult<K extends ProbeTaskKind> = TaskKinds[K]['result']

export type FromProbeWorker =
  | { kind: 'progress'; progress: WorkProgress }
  | { kind: 'cell'; cell: ProbeCell }
  | { kind: 'done'; result: ProbeTaskResult<ProbeTaskKind> }
  | { kind: 'failed'; error: ErrorReport }

/** Beside this file: the source under Node's type stripping, the bundled worker beside a bundle. */
function workerPath(): string {
  const name = import.meta.url.endsWith('.ts') ? './probeWorker.ts' : './probeWorker.mjs'
  return fileURLToPath(new URL(name, import.meta.url))
}

export interface TaskListener {
  tell: (progress: WorkProgress) => void
  onCell?: (cell: ProbeCell) => void
  /** Ends the thread at once. */
  signal: AbortSignal
}

/**
 * Does one task in a thread that reads the workspace by itself.
 * @throws what the task throws; probe_worker_lost where the thread ended otherwise; the signal's reason
 */
export function runProbeTask<K extends ProbeTaskKind>(
  task: TaskOf<K>,
  { tell, onCell, signal }: TaskListener,
): Promise<ProbeTaskResult<K>> {
  signal.throwIfAborted()
  const worker = new Worker(workerPath(), { workerData: task, name: `innerview ${task.kind}` })
  const result = new Promise<ProbeTaskResult<K>>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    worker.on('message', (message: FromProbeWorker) => {
      if (signal.aborted) return
      if (message.kind === 'progress') tell(message.progress)
      else if (message.kind === 'cell')
        try {
          onCell?.(message.cell)
        } catch (error) {
          reject(error as Error) // the task's failure: thrown from here it would end the engine
        }
      else if (message.kind === 'done')
        resolve(message.result as ProbeTaskResult<K>) // of this task's kind
      else reject(new AppError(message.error))
    })
    const lost = (reason: string): void => reject(errors.probeWorkerLost({ reason }))
    worker.on('error', (error) => lost(error instanceof Error ? error.message : String(error)))
    worker.on('exit', (code) => lost(`It ended with code ${code}.`))
  })
  return result.finally(() => worker.terminate())
}
