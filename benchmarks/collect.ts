// The collect job's speed on this machine, beside transformers, TransformerLens and batched PyTorch with prefix reuse doing the same model work in the same run.
//   node benchmarks/collect.ts --model PATH [--episodes 30] [--steps 20] [--batch 0] [--layers 15] [--peer PYTHON] [--peer-steps 16]
//     [--peers transformers,reuse,TransformerLens] [--out FILE]
// Owns: measuring. Not: the job. Seconds are core-seconds (processor time of the whole process) unless they say wall.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { collectSettings, type StepRecord } from '../main/contract/runs.ts'
import { defaultCache } from '../main/folders.ts'
import { openEngine, type EngineService } from '../main/jobs/engineService.ts'
import { resourcesFolder } from '../main/resourcesFolder.ts'
import { measured, rounded } from './shared/measuring.ts'
import { modelPath, peerModel } from './shared/models.ts'
import { askPeer } from './shared/peers.ts'
import { addRecord } from './shared/records.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    episodes: { type: 'string', default: '30' },
    steps: { type: 'string', default: '20' },
    batch: { type: 'string', default: '0' },
    layers: { type: 'string', default: '' },
    peer: { type: 'string' },
    peers: { type: 'string', default: 'transformers,reuse,TransformerLens' },
    'peer-steps': { type: 'string', default: '16' },
    out: { type: 'string' },
  },
})
const path = modelPath(options.model)

/** A plain instruction for a small model, so that answers have the case study's lengths. */
const systemPrompt =
  'You are playing Twenty Questions as the guesser. Reply with exactly one short yes/no question about the object, such as ' +
  "'Is it alive?' or 'Can you eat it?'. Do not answer the question and do not write anything else."

const ignore = (): void => {}
const never = new AbortController().signal
async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function measure(engine: EngineService) {
  const model = await engine.models.findOrAdd(path, ignore, never)
  const layer = options.layers === '' ? Math.floor(model.shape.layers / 2) : Number(options.layers)
  const settings = collectSettings.parse({
    modelId: model.id,
    environment: { name: 'twenty_questions', maxSteps: Number(options.steps), systemPrompt },
    oracle: { kind: 'kb' },
    episodes: Number(options.episodes),
    batch: Number(options.batch),
    sampling: { temperature: 0.7 },
    capture: { hooks: [`blocks.${layer}.hook_resid_post`] },
  })
  const {
    result: run,
    coreSeconds: used,
    wallSeconds,
  } = await measured(async () => engine.runs.ended((await engine.runs.start(settings)).id))
  if (run.status !== 'done') throw new Error(`The run ended as ${run.status}: ${run.error?.message}`)
  const { steps, promptTokens, newTokens } = run.progress
  const episodes = Array.from({ length: run.settings.episodes }, (_, e) => engine.episodes.steps(run.id, e))
  const reused = episodes.flat().reduce((sum, step) => sum + step.reusedTokens, 0)
  return {
    episodes,
    layer,
    figures: {
      model: model.name,
      dtype: model.dtype,
      steps,
      episodes: run.settings.episodes,
      playedAtOnce: run.settings.batch,
      promptTokensPerStep: promptTokens / steps,
      newTokensPerStep: newTokens / steps,
      reusedTokensPerStep: reused / steps,
      wallSeconds,
      coreSeconds: used,
      coreSecondsPer1000Steps: (1000 * used) / steps,
      stepsPerCoreSecond: steps / used,
      generatedTokensPerCoreSecond: newTokens / used,
      computedTokensPerCoreSecond: (promptTokens - reused + newTokens) / used,
    },
  }
}

/** A sample spread over the run's steps, so that short and long prompts are both in it. */
function sample<T>(all: readonly T[], count: number): T[] {
  const wanted = Math.min(count, all.length)
  return Array.from({ length: wanted }, (_, i) => all[Math.floor((i * all.length) / wanted)])
}

const asked = (step: StepRecord) => ({
  promptIds: Array.from(step.promptIds),
  newTokens: step.completionIds.length,
})

interface PeerAnswer {
  steps: number
  wallSeconds: number
  coreSeconds: number
  versions: Record<string, string>
}

/** The same steps done by others, core-seconds for 1000 of them. TransformerLens gets a quarter of the sample: it is slow. */
function measurePeers(python: string, name: string, layer: number, episodes: readonly StepRecord[][]) {
  const model = peerModel(python, path, name)
  if (!model) return {}
  const wanted = new Set(options.peers.split(','))
  const count = Number(options['peer-steps'])
  const steps = sample(episodes.flat(), count).map(asked)
  // Stretches of as many episodes as we play at once, side by side, after one step each that is not counted.
  const rows = sample(episodes, Number(options.batch))
  const longest = Math.min(...rows.map((each) => each.length)) - 1
  const length = Math.min(Math.max(2, Math.ceil(count / rows.length)), longest)
  const stretches = rows.map((each, row) => {
    const from = Math.floor((row * (each.length - 1 - length)) / Math.max(1, rows.length - 1))
    return each.slice(from, from + 1 + length).map(asked)
  })
  const common = { model, layer, threads: 1 }
  const jobs: [name: string, kind: string, script: string, job: object][] = [
    ['transformers, batch 1', 'transformers', 'collectTransformers', { ...common, steps, batch: 1 }],
    ['transformers, batch 8', 'transformers', 'collectTransformers', { ...common, steps, batch: 8 }],
    ['PyTorch with prefix reuse', 'reuse', 'collectPrefixReuse', { ...common, episodes: stretches }],
    [
      ...(['TransformerLens', 'TransformerLens', 'collectTransformerLens'] as const),
      { ...common, steps: sample(steps, Math.ceil(count / 4)) },
    ],
  ]
  return Object.fromEntries(
    jobs.flatMap(([peer, kind, script, job]) => {
      const answer = wanted.has(kind) ? askPeer<PeerAnswer>(python, script, job) : null
      if (!answer) return []
      return [[peer, { ...answer, coreSecondsPer1000Steps: (1000 * answer.coreSeconds) / answer.steps }]]
    }),
  )
}

const scratch = await mkdtemp(join(tmpdir(), 'innerview-bench-'))
try {
  const engine = await openEngine({
    workspaceFolder: join(scratch, 'workspace'),
    cacheFolder: defaultCache(),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
  const { episodes, layer, ...found } = await measure(engine).finally(() => engine.close())
  // Closed, so that SQLite's log is folded in.
  const bytesPerStep = (await folderBytes(join(scratch, 'workspace'))) / found.figures.steps
  const figures = { ...found.figures, bytesPerStep }
  console.table(figures)
  const peers = options.peer ? measurePeers(options.peer, figures.model, layer, episodes) : {}
  for (const [peer, { coreSecondsPer1000Steps: theirs }] of Object.entries(peers)) {
    const ratio = rounded(theirs / figures.coreSecondsPer1000Steps)
    console.log(`${peer}: ${rounded(theirs)} core-seconds per 1000 steps, ${ratio} × ours`)
  }
  await addRecord(
    options.out,
    { innerview: figures, peers },
    ({ innerview: { model, steps } }) => model === figures.model && steps === figures.steps,
  )
} finally {
  await rm(scratch, { recursive: true, force: true })
}
