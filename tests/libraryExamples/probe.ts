import { collectRun, probeFeatures, trainProbe } from 'innerview'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const workspace = await mkdtemp(join(tmpdir(), 'innerview-example-'))
const run = await collectRun(
  {
    model: 'embedded',
    environment: { name: 'twenty_questions', maxSteps: 8 },
    oracle: { kind: 'kb' },
    sampling: {},
    capture: { hooks: ['blocks.3.hook_resid_post'] },
    episodes: 12,
    seed: 1,
  },
  { workspace },
)

// Is the next question's validity known before it is asked? Layer 1 was not stored: it is computed again from the stored tokens.
const { document } = await trainProbe(
  { runIds: [run.id], label: { kind: 'invalid' }, layers: [1, 3], replayMissing: true },
  { split: { kind: 'grouped', folds: 4 }, permutations: 39, bootstraps: 200 },
  { workspace },
)
const best = document.rivals.filter(({ available, missing }) => available && missing === null)
console.log(document.cells.length, document.figures.auroc.value! > 0.7, best.length > 3)
// prints: 2 true true
console.log(document.coefficients[0].length === document.data.width)
// prints: true

// Features from anywhere: [N, D] row-major, a label and a group for each row.
const X = Float64Array.from({ length: 60 }, (_, i) => Math.cos(i) + (i % 4 === 0 ? 2 : 0))
const y = Array.from({ length: 30 }, (_, row) => Number(row % 2 === 0))
const groups = y.map((_, row) => Math.floor(row / 3))
const judged = probeFeatures(X, y, groups, {
  estimator: { kind: 'logistic', solver: 'lbfgs', C: 1, tolerance: 1e-8, maxIterations: 1000 },
  standardize: false,
  classWeight: 'none',
  split: { kind: 'grouped', folds: 5, seed: 42 },
  permutations: 0,
  bootstraps: 100,
  seed: 42,
})
console.log(judged.testGroups.length, judged.converged)
// prints: 10 true
