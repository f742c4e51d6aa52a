// Entry of a thread that reads other tools' files, one after the other.
// Owns: the thread's side of the talk. Not: starting and ending it (importTasks.ts), the formats (imports/).
import { readFile } from 'node:fs/promises'
import { parentPort } from 'node:worker_threads'
import { reportOf } from '../../contract/errors.ts'
import { readEpisode, readTrajectoryStep } from '../../imports/aresFolder.ts'
import type { FromImportWorker, ImportTask, ReadFile } from './importTasks.ts'

async function read(task: ImportTask): Promise<ReadFile> {
  const bytes = await readFile(task.path)
  if (task.kind === 'episode') return { ...readEpisode(bytes, task.path, task.metadata), leftOut: [] }
  const { step, leftOut } = readTrajectoryStep(bytes, task.path)
  return { episode: null, steps: [step], leftOut }
}

/** Its numbers are handed over, not copied. */
function send(message: FromImportWorker): void {
  const { steps } = message.kind === 'done' ? message.result : { steps: [] }
  const buffers = steps.flatMap(({ hooks }) => hooks.map(({ data }) => data.buffer as ArrayBuffer))
  parentPort?.postMessage(message, buffers)
}

parentPort?.on('message', (task: ImportTask) => {
  read(task).then(
    (result) => send({ kind: 'done', result }),
    (error: unknown) => send({ kind: 'failed', error: reportOf(error) }),
  )
})
