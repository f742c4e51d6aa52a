// The store's speed on this machine: steps written, episodes listed, activations read.
//   node benchmarks/store.ts [--episodes 10000] [--width 576]
// Owns: measuring. Aim: a page of 500 out of 10,000 episodes in ≤ 50 ms, whatever the filter and order. Seconds are wall clock.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { episodeQuery, episodeSort } from '../main/contract/runs.ts'
import { Workspace } from '../main/store/workspace.ts'
import { sampleHook, sampleRun, sampleStep } from '../tests/fixtures/store/sampleRun.ts'

const { values: options } = parseArgs({
  options: { episodes: { type: 'string', default: '10000' }, width: { type: 'string', default: '576' } },
})
const episodes = Number(options.episodes)
const width = Number(options.width)
const DURABLE_STEPS = 200
const folder = mkdtempSync(join(tmpdir(), 'innerview-benchmark-'))
const workspace = Workspace.open(folder)

const milliseconds = (work: () => unknown): number => {
  const start = performance.now()
  work()
  return performance.now() - start
}
/** Median of five, after one to warm up. */
const median = (work: () => unknown): number => {
  work()
  return Array.from({ length: 5 }, () => milliseconds(work)).sort((a, b) => a - b)[2]
}
const print = (what: string, value: number, unit: string): void =>
  console.log(`${what.padEnd(58)} ${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit}`)
const bytes = (): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, entry) => sum + (entry.isFile() ? entry.size : 0), 0)

function write(runId: string, steps: number, firstPosition: number | undefined): number {
  workspace.episodes.begin(runId, { episode: 0, task: 'x', state: {} })
  const samples = Array.from({ length: steps }, (_, step) =>
    sampleStep(runId, 0, step, { width, firstPosition: step === 0 && firstPosition ? 0 : firstPosition }),
  )
  const took = milliseconds(() => samples.forEach((sample) => workspace.steps.append(sample)))
  return took / steps
}

try {
  const run = (positions: 'decision' | 'all'): string =>
    workspace.runs.create(sampleRun({ positions }, episodes)).id
  print(
    `step with decision points, D = ${width}, durable`,
    write(run('decision'), DURABLE_STEPS, undefined),
    'ms',
  )
  print(`step with all positions from the 5th on, durable`, write(run('all'), DURABLE_STEPS, 4), 'ms')

  // Filling only: the disk need not confirm each of these.
  workspace.connection.execute('PRAGMA synchronous = OFF')
  const runId = run('decision')
  const before = bytes()
  const filled = milliseconds(() => {
    for (let episode = 0; episode < episodes; episode++) {
      workspace.episodes.begin(runId, { episode, task: `object ${episode % 157}`, state: {} })
      const steps = 1 + (episode % 3)
      for (let step = 0; step < steps; step++) {
        const outcome = step < steps - 1 ? 'running' : episode % 7 === 0 ? 'win' : 'limit'
        workspace.steps.append(sampleStep(runId, episode, step, { outcome, width }))
      }
    }
  })
  const { steps } = workspace.runs.get(runId).progress
  print(`step, not waiting for the disk (${steps} steps)`, filled / steps, 'ms')
  print('bytes a step (four decision points of one hook)', (bytes() - before) / steps, 'bytes')

  const base = { runId, limit: 500 }
  for (const sort of episodeSort.options) {
    const query = episodeQuery.parse({ ...base, sort, descending: true })
    print(
      `500 of ${episodes} episodes by ${sort}`,
      median(() => workspace.episodes.list(query)),
      'ms',
    )
  }
  const filtered = episodeQuery.parse({ ...base, task: 'JECT 1', minInvalidRate: 0.3, outcomes: ['limit'] })
  print(
    '… filtered by task, invalid rate and outcome',
    median(() => workspace.episodes.list(filtered)),
    'ms',
  )
  print(
    'progress of the run',
    median(() => workspace.runs.get(runId)),
    'ms',
  )
  print(
    'statistics by step',
    median(() => workspace.episodes.statistics(runId)),
    'ms',
  )
  print(
    'one episode’s steps',
    median(() => workspace.steps.list(runId, 5)),
    'ms',
  )
  const matrix = (): unknown => workspace.activations.matrix({ runId, hook: sampleHook, at: 'lastPrompt' })
  print(`[${steps}, ${width}] activations of the last prompt token`, median(matrix), 'ms')
} finally {
  workspace.close()
  rmSync(folder, { recursive: true })
}
