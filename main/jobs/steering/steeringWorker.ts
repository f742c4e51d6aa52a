// Entry of a thread for the statistics of steering: one task, then it is ended.
// Owns: the thread's side of the talk. Not: starting and ending it (steeringTasks.ts), the mathematics (analysis/steering/).
// It opens the workspace for reading by itself, so that the engine's thread neither reads nor copies activations.
import { parentPort, workerData } from 'node:worker_threads'
import { contrastVectors, shuffledLabelVectors } from '../../analysis/steering/contrastVectors.ts'
import type { ContrastRows } from '../../analysis/steering/contrastRows.ts'
import { smallestClaim } from '../../analysis/steering/smallestClaim.ts'
import type { ContrastSettings } from '../../contract/contrasts.ts'
import { reportOf } from '../../contract/errors.ts'
import { Workspace } from '../../store/workspace.ts'
import { contrastRowsOf } from './contrastData.ts'
import { rowComponents } from './rowComponents.ts'
import { sweepVerdict, tablesOf } from './sweepVerdict.ts'
import type { ContrastAtHook, FromSteeringWorker, SteeringResult, SteeringTask } from './steeringTasks.ts'

const task = workerData as SteeringTask // steeringTasks.ts alone starts this thread
const send = (message: FromSteeringWorker): void => parentPort?.postMessage(message)

function contrastAt(hook: string, rows: ContrastRows, settings: ContrastSettings): ContrastAtHook {
  const made = contrastVectors(rows, settings)
  return { hook, ...made, shuffled: shuffledLabelVectors(rows, made, settings.seed) }
}

function reading<T>(folder: string, work: (workspace: Workspace) => T): T {
  const workspace = Workspace.open(folder, { readOnly: true })
  try {
    return work(workspace)
  } finally {
    workspace.close()
  }
}

function work(): SteeringResult {
  switch (task.kind) {
    case 'contrast':
      return reading(task.workspaceFolder, (workspace) =>
        contrastRowsOf(workspace, task).map(({ hook, rows }) => contrastAt(hook, rows(), task.settings)),
      )
    case 'rows':
      return task.parts.map(({ hook, rows }) => contrastAt(hook, rows, task.settings))
    case 'components':
      return reading(task.workspaceFolder, (workspace) => rowComponents(workspace, task))
    case 'smallestClaim':
      return smallestClaim(task.design)
    case 'verdict':
      return reading(task.workspaceFolder, (workspace) => sweepVerdict(workspace, task.sweepId))
    case 'tables':
      return reading(task.workspaceFolder, (workspace) => tablesOf(workspace, task.sweepId, task.cell))
  }
}

try {
  send({ kind: 'done', result: work() })
} catch (error) {
  send({ kind: 'failed', error: reportOf(error) })
}
