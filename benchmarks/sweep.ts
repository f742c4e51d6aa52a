// What playing the conditions of a sweep together saves: six conditions in one sweep, beside the same six runs one after another.
//   node benchmarks/sweep.ts --model PATH [--episodes 20] [--steps 20] [--batch 0] [--out FILE]
// Owns: measuring, and seeing that both have the same rows. Not: the jobs. Aim: at most .7 of the core-seconds. The steering is a random direction, small
// beside the residual, so that answers keep the length that they have.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { normalGenerator } from '../main/analysis/normalDraws.ts'
import { seededGenerator } from '../main/analysis/seededGenerator.ts'
import { collectSettings } from '../main/contract/runs.ts'
import { sweepSettings } from '../main/contract/sweeps.ts'
import { defaultCache } from '../main/folders.ts'
import { openEngine, type EngineService } from '../main/jobs/engineService.ts'
import { npyBytes } from '../main/jobs/probes/npy.ts'
import { resourcesFolder } from '../main/resourcesFolder.ts'
import { measured } from './shared/measuring.ts'
import { modelPath } from './shared/models.ts'
import { addRecord } from './shared/records.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    episodes: { type: 'string', default: '20' },
    steps: { type: 'string', default: '20' },
    batch: { type: 'string', default: '0' },
    out: { type: 'string' },
  },
})
const path = modelPath(options.model)

const systemPrompt =
  'You are playing Twenty Questions as the guesser. Reply with exactly one short yes/no question about the object.'
const ignore = (): void => {}
const never = new AbortController().signal

/** The model loaded, by a run that is not counted. */
async function warm(workspaceFolder: string): Promise<EngineService> {
  const engine = await openEngine({
    workspaceFolder,
    cacheFolder: defaultCache(),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
  const model = await engine.models.findOrAdd(path, ignore, never)
  const run = await engine.runs.start(collectSettings.parse({ ...play(model.id), episodes: 1, seed: 99 }))
  await engine.runs.ended(run.id)
  const normal = normalGenerator(seededGenerator('benchmark'))
  const { residualWidth: width, layers } = model.shape
  const data = npyBytes(Float64Array.from({ length: width }, normal), [width])
  const hook = `blocks.${Math.floor(layers / 2)}.hook_resid_post`
  await engine.vectors.import({ fileName: 'random.npy', data, name: '', modelId: model.id, hook })
  return engine
}

const play = (modelId: string) => ({
  modelId,
  environment: { name: 'twenty_questions', maxSteps: Number(options.steps), systemPrompt },
  oracle: { kind: 'kb' },
  episodes: Number(options.episodes),
  batch: Number(options.batch),
  sampling: { temperature: 0.7 },
  capture: {},
})

/** Everything stored of a run but its times. */
const rowsOf = (engine: EngineService, runId: string): unknown[] =>
  Array.from({ length: engine.runs.get(runId).settings.episodes }, (_, episode) =>
    engine.episodes
      .steps(runId, episode)
      .map((record) => ({ ...record, ...{ runId: '', prefillMs: 0, decodeMs: 0, oracleMs: 0 } })),
  )

const scratch = await mkdtemp(join(tmpdir(), 'innerview-sweep-bench-'))
try {
  const first = await warm(join(scratch, 'sweep'))
  const [{ id: modelId, name }] = first.models.list()
  const settings = sweepSettings.parse({
    ...play(modelId),
    vectors: ['v1'],
    alphas: [0.02, 0.04, 0.06, 0.08],
    unit: 'valueNorm',
    controls: { random: 1, shuffled: false, negated: false, at: 'largest' },
    scoredSteps: 0,
  })
  const together = await measured(async () => {
    const { id } = await first.sweeps.start(settings)
    const { conditions } = first.sweeps.get(id)
    await Promise.all(conditions.map(({ runId }) => first.runs.ended(runId)))
    return conditions.map(({ runId }) => first.runs.get(runId))
  })
  const sweepRows = together.result.map(({ id }) => rowsOf(first, id))
  await first.close()

  const second = await warm(join(scratch, 'collects'))
  const apart = await measured(async () => {
    const runs = []
    for (const { settings: own } of together.result)
      runs.push(await second.runs.ended((await second.runs.start(own)).id))
    return runs
  })
  const isSame = isDeepStrictEqual(
    apart.result.map(({ id }) => rowsOf(second, id)),
    sweepRows,
  )
  await second.close()

  const steps = together.result.reduce((sum, { progress }) => sum + progress.steps, 0)
  const result = {
    model: name,
    conditions: together.result.length,
    steps,
    sameRows: isSame,
    sweepCoreSeconds: together.coreSeconds,
    collectsCoreSeconds: apart.coreSeconds,
    coreRatio: together.coreSeconds / apart.coreSeconds,
    sweepWallSeconds: together.wallSeconds,
    collectsWallSeconds: apart.wallSeconds,
    wallRatio: together.wallSeconds / apart.wallSeconds,
  }
  console.table(result)
  await addRecord(options.out, result, (earlier) => earlier.model === name && earlier.steps === steps)
  if (!isSame) process.exitCode = 1
} finally {
  await rm(scratch, { recursive: true, force: true })
}
