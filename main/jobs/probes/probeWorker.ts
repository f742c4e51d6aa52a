// Entry of a thread that works on activations: one task, then it is ended.
// Owns: the thread's side of the talk. Not: starting and ending it (probeTasks.ts), the mathematics (analysis/probes/).
// It opens the workspace for reading by itself, so that the engine's thread neither reads nor copies activations.
import { createHash } from 'node:crypto'
import { parentPort, workerData } from 'node:worker_threads'
import { cosines } from '../../analysis/probes/readProbe.ts'
import { judgeProbe } from '../../analysis/probes/judgeProbe.ts'
import { projectRows } from '../../analysis/probes/projection.ts'
import { reportOf } from '../../contract/errors.ts'
import type { ProbeProjection } from '../../contract/storedProbes.ts'
import { Workspace } from '../../store/workspace.ts'
import { readRows } from '../dataSets/pooledRows.ts'
import { choiceOf, probeDataOf } from './probeRows.ts'
import { hookOf } from '../dataSets/recipeHooks.ts'
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

/** Rows that a picture shows: more cannot be told apart. */
const MOST_POINTS = 5000

function work(workspace: Workspace): ProbeTaskResult<ProbeTaskKind> {
  switch (task.kind) {
    case 'hash':
      return hashOf(workspace, task)
    case 'judge': {
      const { settings, knownCells, categories, randomWeights } = task
      const start = performance.now()
      const data = probeDataOf(workspace, settings.dataSetId, { categories, randomWeights })
      const judged = judgeProbe(data, settings, tell, {
        knownCells,
        onCell: (cell) => send({ kind: 'cell', cell }),
      })
      return { ...judged, seconds: (performance.now() - start) / 1000 }
    }
    case 'project':
      return project(workspace, task)
    case 'cosines': {
      const { dataSetId, layer, pooling, step } = task
      const data = probeDataOf(workspace, dataSetId, { categories: new Map(), texts: false })
      const dataSet = workspace.dataSets.get(dataSetId)
      const facts = workspace.stepFacts
        .list(step.runId)
        .find((each) => each.episode === step.episode && each.step === step.step)
      const sized = { key: step, prompt: facts?.promptTokens ?? 1, generated: facts?.completionTokens ?? 1 }
      const hook = hookOf(dataSet.recipe.hook, layer)
      const own = readRows(workspace, [sized], hook, choiceOf(dataSet, pooling)).data
      return cosines(data.read(layer, pooling), own)
    }
  }
}

function hashOf(
  workspace: Workspace,
  { steps, cells, labels, earlierLabels, classes }: Extract<ProbeTask, { kind: 'hash' }>,
): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([classes, steps.map(({ key }) => [key.runId, key.episode, key.step])]))
  hash.update(labels)
  hash.update(JSON.stringify(earlierLabels))
  cells.forEach(({ hook, choice }, index) => {
    tell('Reading activations', index / cells.length)
    hash.update(JSON.stringify([hook, choice]))
    hash.update(readRows(workspace, steps, hook, choice).data)
  })
  return hash.digest('hex')
}

function project(
  workspace: Workspace,
  { dataSetId, layer, pooling, method, seed }: Extract<ProbeTask, { kind: 'project' }>,
): ProbeProjection {
  const data = probeDataOf(workspace, dataSetId, { categories: new Map(), texts: false })
  const { width, keys, labels, rows } = data
  const shown = Math.min(rows, MOST_POINTS)
  const chosen = Array.from({ length: shown }, (_, i) => Math.floor((i * rows) / shown))
  const all = data.read(layer, pooling)
  const part = new Float32Array(shown * width)
  chosen.forEach((row, i) => part.set(all.subarray(row * width, (row + 1) * width), i * width))
  const { axes, x, y } = projectRows(
    { data: part, width, labels: Int32Array.from(chosen, (row) => labels[row]) },
    { method, seed },
    tell,
  )
  return {
    method,
    axes,
    x,
    y,
    rows: chosen.map((row) => ({ ...keys[row], label: labels[row] })),
    of: rows,
  }
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
