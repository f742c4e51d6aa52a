import { collectRun, makeVector, runSweep } from 'innerview'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const workspace = await mkdtemp(join(tmpdir(), 'innerview-example-'))
const shared = {
  model: 'embedded',
  environment: { name: 'twenty_questions', maxSteps: 8 },
  oracle: { kind: 'kb' },
  sampling: {},
} as const
const run = await collectRun(
  { ...shared, capture: { hooks: ['blocks.3.hook_resid_post'] }, episodes: 12, seed: 1 },
  { workspace },
)

// From invalid questions to valid ones, kept in the workspace's library with all that speaks for and against it.
const { record, data } = await makeVector(
  { kind: 'contrast', steps: { runIds: [run.id], label: { kind: 'invalid' } } },
  { workspace },
)
console.log(record.id, data.length === record.width, record.documents[0].document.vectors[0].norm! > 0)
// prints: v1 true true

// Two doses beside random directions, played together on the same objects, stored as runs and judged.
const sweep = await runSweep(
  {
    ...shared,
    vectors: [record.id],
    alphas: [1, 2],
    controls: { random: 2, shuffled: false, negated: false },
    episodes: 6,
    seed: 2,
    capture: {},
    verdict: { bootstraps: 500, permutations: 500 },
  },
  { workspace },
)
console.log(sweep.status, sweep.conditions.length, sweep.verdict!.conditions.length)
// prints: done 7 6
console.log(sweep.verdict!.overall.sentence.includes('invalid rate'))
// prints: true
