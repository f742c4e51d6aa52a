// Entry of a thread that works on activations: one task, then it is ended.
// Owns: the thread's side of the talk. Not: starting and ending it (probeTasks.ts), the mathematics (analysis/probes/).
// It opens the workspace for reading by itself, so that the engine's thread neither reads nor copies activations.
import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { reportOf } from '../../contract/errors.ts'
import { Workspace } from '../../store/workspace.ts'
import { readRows } from '../dataSets/pooledRows.ts'
import type { FromProbeWorker, ProbeTask, ProbeTaskKind, ProbeTaskResult } from './probeTasks.ts'

if (!parentPort) throw new TypeError('probeWorker runs in a worker thread')
const port = parentPort
const task = workerData as ProbeTask // probeTasks.ts is the only one to start it

const send = (message: FromProbeWorker): void => port.postMessage(message)

const TELL_MS = 50
let toldMs = 0
/** At most 20 a second. */
function tell(label: string, fraction: number): void {
  const now = performance.now()
  if (now - toldMs < TELL_MS) return
  toldMs = now
  send({ kind: 'progress', progress: { label, fraction: Math.min(1, Math.max(0, fraction)) } })
}

function work(workspace: Workspace): ProbeTaskResult<ProbeTaskKind> {
  switch (task.kind) {
    case 'hash':
      return hashOf(workspace, task)
  }
}

function hashOf(
  workspace: Workspace,
  { steps, cells, labels, classes }: Extract<ProbeTask, { kind: 'hash' }>,
): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([classes, steps.map(({ key }) => [key.runId, key.episode, key.step])]))
  hash.update(labels)
  cells.forEach(({ hook, choice }, index) => {
    tell('Reading activations', index / cells.length)
    hash.update(JSON.stringify([hook, choice]))
    hash.update(readRows(workspace, steps, hook, choice).data)
  })
  return hash.digest('hex')
}

try {
  const workspace = Workspace.open(task.workspaceFolder, { readOnly: true })
  try {
    send({ kind: 'done', result: work(workspace) })
  } finally {
    workspace.close()
  }
} catch (error) {
  send({ kind: 'failed', error: reportOf(error) })
}
