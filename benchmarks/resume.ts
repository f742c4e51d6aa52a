// What a kill -9 in the middle of a collect costs on a real model: a run is killed half-way, resumed, and laid beside one that was left alone.
//   node benchmarks/resume.ts --model PATH [--episodes 30] [--steps 20] [--out FILE]
// Owns: killing, resuming, comparing and measuring. Aim: the same rows, activations included. Seconds are those of work that the run itself stores.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { isDeepStrictEqual } from 'node:util'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { decisionPoints } from '../main/store/activations.ts'
import { Workspace } from '../main/store/workspace.ts'
import { modelPath } from './shared/models.ts'
import { addRecord } from './shared/records.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    episodes: { type: 'string', default: '30' },
    steps: { type: 'string', default: '20' },
    out: { type: 'string' },
  },
})
const path = modelPath(options.model)

const commandLine = fileURLToPath(new URL('../main/cli.ts', import.meta.url))
const scratch = await mkdtemp(join(tmpdir(), 'innerview-resume-'))
const folders = { whole: join(scratch, 'whole'), killed: join(scratch, 'killed') }
const job = [
  ...['collect', '--model', path, '--episodes', options.episodes, '--max-steps', options.steps],
  ...['--seed', '11', '--layers', 'middle', '--temperature', '0.7'],
  ...['--system', 'You play Twenty Questions. Ask one short yes/no question.'],
]

interface Outcome {
  runId: string
  steps: number
  invalid: number
  seconds: number
}

/** Runs a command to its end and reads its document. */
function command(words: string[], workspace: string): Outcome {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [commandLine, ...words, '--json', '--workspace', workspace],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`${words[0]} ended with ${status}:\n${stderr}`)
  return JSON.parse(stdout) as Outcome
}

/** Kills the job once the run has half of the steps. @returns the steps that were stored */
async function killHalfWay(half: number): Promise<number> {
  const child = spawn(process.execPath, [commandLine, ...job, '--workspace', folders.killed], {
    stdio: 'ignore',
  })
  const gone = once(child, 'exit')
  while (stepsStored() < half) await new Promise((resolve) => setTimeout(resolve, 200))
  child.kill('SIGKILL')
  await gone
  return stepsStored()
}

function stepsStored(): number {
  try {
    const workspace = Workspace.open(folders.killed, { readOnly: true })
    const [run] = workspace.runs.list()
    workspace.close()
    return run?.progress.steps ?? 0
  } catch {
    return 0 // not there yet
  }
}

/** Everything stored of a run but its times. */
function rows(folder: string, runId: string): unknown[] {
  const workspace = Workspace.open(folder, { readOnly: true })
  const { episodes, capture } = workspace.runs.get(runId).settings
  const all = Array.from({ length: episodes }, (_, episode) =>
    workspace.steps.list(runId, episode).map((record) => ({
      ...record,
      ...{ runId: '', prefillMs: 0, decodeMs: 0, oracleMs: 0 },
      activations: capture.hooks.flatMap((hook) =>
        decisionPoints.map((at) =>
          workspace.activations.get({ runId, episode, step: record.step, hook, at }),
        ),
      ),
    })),
  )
  workspace.close()
  return all
}

try {
  const whole = command(job, folders.whole)
  const before = await killHalfWay(whole.steps / 2)
  const resumed = command(['runs', 'resume', 'r1'], folders.killed)
  const result = {
    model: basename(path),
    steps: whole.steps,
    stepsStoredAtKill: before,
    sameRows: isDeepStrictEqual(rows(folders.killed, 'r1'), rows(folders.whole, whole.runId)),
    secondsUninterrupted: whole.seconds,
    secondsKilledAndResumed: resumed.seconds,
  }
  console.table(result)
  await addRecord(options.out, result, ({ model }) => model === result.model)
  if (!result.sameRows) process.exitCode = 1
} finally {
  await rm(scratch, { recursive: true, force: true })
}
