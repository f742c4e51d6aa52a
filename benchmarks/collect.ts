// The collect job's speed on this machine, beside transformers doing the same model work in the same run.
//   node benchmarks/collect.ts --model PATH [--episodes 30] [--steps 20] [--batch 16] [--peer PYTHON] [--peer-steps 16] [--out FILE]
// Owns: measuring. Not: the job. Seconds are core-seconds (processor time of the whole process) unless they say wall.
import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { collectSettings, type StepRecord } from '../main/contract/runs.ts'
import { defaultCache } from '../main/folders.ts'
import { openEngine, type EngineService } from '../main/jobs/engineService.ts'
import { resourcesFolder } from '../main/resourcesFolder.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    episodes: { type: 'string', default: '30' },
    steps: { type: 'string', default: '20' },
    batch: { type: 'string', default: '16' },
    layers: { type: 'string', default: '' },
    peer: { type: 'string' },
    'peer-steps': { type: 'string', default: '16' },
    out: { type: 'string' },
  },
})
if (!options.model) throw new TypeError('Give a model: --model PATH')

/** A plain instruction for a small model, so that answers have the case study's lengths. */
const systemPrompt =
  'You are playing Twenty Questions as the guesser. Reply with exactly one short yes/no question about the object, such as ' +
  "'Is it alive?' or 'Can you eat it?'. Do not answer the question and do not write anything else."

const ignore = (): void => {}
const never = new AbortController().signal
const coreSeconds = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since)
  return (user + system) / 1e6
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(file.parentPath, file.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function measure(engine: EngineService) {
  const model = await engine.models.findOrAdd(options.model!, ignore, never)
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
  const started = performance.now()
  const cpu = process.cpuUsage()
  const run = await engine.runs.ended((await engine.runs.start(settings)).id)
  const used = coreSeconds(cpu)
  if (run.status !== 'done') throw new Error(`The run ended as ${run.status}: ${run.error?.message}`)
  const { steps, promptTokens, newTokens } = run.progress
  const all = Array.from({ length: run.settings.episodes }, (_, e) => engine.episodes.steps(run.id, e)).flat()
  const reused = all.reduce((sum, step) => sum + step.reusedTokens, 0)
  return {
    all,
    layer,
    figures: {
      model: model.name,
      dtype: model.dtype,
      device: `${cpus()[0].model.trim()}, ${cpus().length} cores`,
      steps,
      promptTokensPerStep: promptTokens / steps,
      newTokensPerStep: newTokens / steps,
      reusedTokensPerStep: reused / steps,
      wallSeconds: (performance.now() - started) / 1000,
      coreSeconds: used,
      coreSecondsPer1000Steps: (1000 * used) / steps,
      stepsPerCoreSecond: steps / used,
      generatedTokensPerCoreSecond: newTokens / used,
      computedTokensPerCoreSecond: (promptTokens - reused + newTokens) / used,
    },
  }
}

/** A sample spread over the run's steps, so that short and long prompts are both in it. */
function sample(steps: StepRecord[], count: number): StepRecord[] {
  const wanted = Math.min(count, steps.length)
  return Array.from({ length: wanted }, (_, i) => steps[Math.floor((i * steps.length) / wanted)])
}

async function measurePeer(
  python: string,
  steps: StepRecord[],
  layer: number,
  batch: number,
  scratch: string,
) {
  const file = join(scratch, `peer-${batch}.json`)
  const job = {
    model: options.model,
    layer,
    batch,
    threads: 1,
    steps: steps.map((s) => ({ promptIds: Array.from(s.promptIds), newTokens: s.completionIds.length })),
  }
  await writeFile(file, JSON.stringify(job))
  const script = fileURLToPath(new URL('peers/collectTransformers.py', import.meta.url))
  const ran = spawnSync(python, [script, file], { encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`The peer failed:\n${ran.stderr}`)
  const result = JSON.parse(ran.stdout.trim().split('\n').at(-1)!) as {
    steps: number
    coreSeconds: number
    torch: string
  }
  return { ...result, coreSecondsPer1000Steps: (1000 * result.coreSeconds) / result.steps }
}

const scratch = await mkdtemp(join(tmpdir(), 'innerview-bench-'))
try {
  const engine = await openEngine({
    workspaceFolder: join(scratch, 'workspace'),
    cacheFolder: defaultCache(),
    resourcesFolder: resourcesFolder(),
    transport: 'process',
  })
  const { all, layer, ...measured } = await measure(engine).finally(() => engine.close())
  // Closed, so that SQLite's log is folded in.
  const bytesPerStep = (await folderBytes(join(scratch, 'workspace'))) / measured.figures.steps
  const figures = { ...measured.figures, bytesPerStep }
  console.table(figures)
  const peers: Record<string, Awaited<ReturnType<typeof measurePeer>>> = {}
  if (options.peer) {
    const chosen = sample(all, Number(options['peer-steps']))
    for (const batch of [1, 8]) {
      const peer = await measurePeer(options.peer, chosen, layer, batch, scratch)
      peers[`transformers, batch ${batch}`] = peer
      const ratio = peer.coreSecondsPer1000Steps / figures.coreSecondsPer1000Steps
      console.log(
        `transformers, batch ${batch}: ${peer.coreSecondsPer1000Steps.toFixed(0)} core-seconds per 1000 steps, ${ratio.toFixed(1)} × ours`,
      )
    }
  }
  if (options.out) {
    const earlier = await readFile(options.out, 'utf8').catch(() => '[]')
    const records = [
      ...(JSON.parse(earlier) as unknown[]),
      { at: new Date().toISOString(), innerview: figures, peers },
    ]
    await writeFile(options.out, `${JSON.stringify(records, null, 2)}\n`)
  }
} finally {
  await rm(scratch, { recursive: true, force: true })
}
