// How long a comparison of many long runs takes: 50 runs of 1,000 episodes.
//   node benchmarks/compare.ts [--runs 50] [--episodes 1000] [--repeats 3] [--out FILE]
// Owns: measuring the engine's answer. Aim: at most a second, so that Compare opens at once. Seconds are wall clock. Steps hold no activations: a comparison
// reads none.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { comparisonQuery } from '../main/contract/comparison.ts'
import { compareRuns } from '../main/jobs/compareRuns.ts'
import { Workspace } from '../main/store/workspace.ts'
import { sampleRun, sampleStep } from '../tests/fixtures/store/sampleRun.ts'
import { measured, median, spread } from './shared/measuring.ts'
import { addRecord } from './shared/records.ts'

const { values: options } = parseArgs({
  options: {
    runs: { type: 'string', default: '50' },
    episodes: { type: 'string', default: '1000' },
    repeats: { type: 'string', default: '3' },
    out: { type: 'string' },
  },
})
const [runs, episodes, repeats] = [options.runs, options.episodes, options.repeats].map(Number)

/** Filling only: the disk need not confirm each step. */
function fill(workspace: Workspace): string[] {
  workspace.connection.execute('PRAGMA synchronous = OFF')
  return Array.from({ length: runs }, (_, index) => {
    const runId = workspace.runs.create(sampleRun({ positions: 'decision' }, episodes)).id
    for (let episode = 0; episode < episodes; episode++) {
      workspace.episodes.begin(runId, { episode, task: `object ${episode % 157}`, state: {} })
      const outcome = (episode + index) % 7 === 0 ? 'win' : 'limit'
      const step = sampleStep(runId, episode, 0, { outcome, width: 1 })
      workspace.steps.append({ ...step, captures: [] })
    }
    return runId
  })
}

const folder = await mkdtemp(join(tmpdir(), 'innerview-compare-bench-'))
const workspace = Workspace.open(folder)
try {
  const query = comparisonQuery.parse({ runIds: fill(workspace) })
  const seconds: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const { wallSeconds, result } = await measured(() => compareRuns(workspace, query))
    if (result.runs.length !== runs || result.runs[1].pairs !== episodes)
      throw new TypeError('the comparison does not have all runs and pairs')
    seconds.push(wallSeconds)
  }
  const record = { runs, episodes, wallSeconds: median(seconds), spread: spread(seconds) }
  console.table(record)
  const isSame = (earlier: typeof record): boolean =>
    earlier.runs === record.runs && earlier.episodes === record.episodes
  await addRecord(options.out, record, isSame)
} finally {
  workspace.close()
  await rm(folder, { recursive: true, force: true })
}
