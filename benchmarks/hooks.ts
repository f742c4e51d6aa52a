// What hooks and interventions cost on a real model, beside transformers with forward hooks in the same run.
//   node benchmarks/hooks.ts --model PATH [--rows 8] [--prompt 256] [--new 48] [--repeats 5] [--peer PYTHON] [--out FILE]
// Owns: measuring. Not: the passes. All rows are answered at once; each way is warmed up, then timed on its own, and the median is told.
// Seconds are core-seconds (processor time of the whole process). The peer has the same prompts, in one batch without padding.
import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { seededGenerator } from '../main/analysis/seededGenerator.ts'
import { defaultCache } from '../main/folders.ts'
import type { HookedFunction } from '../main/inference/hookFunctions.ts'
import { InferenceClient } from '../main/inference/inferenceClient.ts'
import { makeIntervention, type Intervention } from '../main/inference/interventions.ts'
import type { GenerateRequest } from '../main/inference/requests.ts'
import { openModelFiles } from '../main/model/openModelFiles.ts'
import { prepareWeights } from '../main/model/prepareWeights.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    rows: { type: 'string', default: '8' },
    prompt: { type: 'string', default: '256' },
    new: { type: 'string', default: '48' },
    repeats: { type: 'string', default: '5' },
    threads: { type: 'string', default: '1' },
    peer: { type: 'string' },
    out: { type: 'string' },
  },
})
if (!options.model) throw new TypeError('Give a model: --model PATH')
const [rows, promptTokens, newTokens, repeats, threads] = [
  options.rows,
  options.prompt,
  options.new,
  options.repeats,
  options.threads,
].map(Number)
const never = new AbortController().signal

interface Way {
  name: string
  hooks?: string[]
  intervention?: Intervention
  run?: HookedFunction
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

/** Core-seconds of one batch; other prompts each time, so that nothing is taken over from the time before. */
async function timed(client: InferenceClient, way: Way, prompts: readonly number[][]): Promise<number> {
  const { hooks = [], intervention, run } = way
  const request = (ids: readonly number[]): GenerateRequest => ({
    promptIds: Int32Array.from(ids),
    earlierPrompts: [],
    sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: newTokens, stopIds: [], seed: '' },
    capture: { hooks, positions: 'all' },
    interventions: intervention ? [intervention] : [],
  })
  const before = process.cpuUsage()
  await Promise.all(prompts.map((ids) => client.generate(request(ids), never, run ? [run] : [])))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}

function waysOf({ config: { shape } }: InferenceClient): Way[] {
  const layers = Array.from({ length: shape.layers }, (_, layer) => layer)
  const middle = Math.floor(shape.layers / 2)
  const residual = `blocks.${middle}.hook_resid_post`
  const random = seededGenerator('direction')
  const data = Float32Array.from({ length: shape.residualWidth }, () => random() - 0.5)
  const push = makeIntervention(
    {
      name: 'push',
      hook: residual,
      heads: null,
      positions: 'all',
      phase: 'both',
      gate: null,
      leavesSink: false,
      ifAbsent: 'error',
      change: {
        kind: 'add',
        vector: { data, rows: 1, units: 1 },
        alpha: 1,
        unit: 'vector',
        normMatched: false,
      },
    },
    shape,
  )
  return [
    { name: 'none' },
    { name: 'one residual read', hooks: [residual] },
    { name: 'all residuals read', hooks: layers.map((layer) => `blocks.${layer}.hook_resid_post`) },
    { name: 'one pattern read', hooks: [`blocks.${middle}.attn.hook_pattern`] },
    { name: 'all patterns read', hooks: layers.map((layer) => `blocks.${layer}.attn.hook_pattern`) },
    { name: 'one residual added to', intervention: push },
    { name: 'none, once one can be added to' },
    { name: 'a function at one residual', run: { hook: residual, run: () => {} } },
  ]
}

async function measure(draw: () => number[][]): Promise<Record<string, number>> {
  const files = await openModelFiles(options.model!)
  const weights = await prepareWeights(files, { cacheFolder: defaultCache() })
  const client = await InferenceClient.open({ config: files.config, weights, maxRows: rows, threads }, never)
  const found: Record<string, number> = {}
  try {
    for (const way of waysOf(client)) {
      await timed(client, way, draw())
      const times: number[] = []
      for (let repeat = 0; repeat < repeats; repeat++) times.push(await timed(client, way, draw()))
      found[way.name] = median(times)
    }
  } finally {
    await client.close()
  }
  return found
}

interface PeerResult {
  torch: string
  transformers: string
  coreSeconds: Record<string, number>
}

async function measurePeer(python: string, draw: () => number[][]): Promise<PeerResult> {
  const scratch = await mkdtemp(join(tmpdir(), 'innerview-bench-'))
  try {
    const file = join(scratch, 'peer.json')
    const batches = Array.from({ length: repeats + 1 }, draw)
    await writeFile(file, JSON.stringify({ model: options.model, batches, newTokens, threads }))
    const script = fileURLToPath(new URL('peers/hooksTransformers.py', import.meta.url))
    const ran = spawnSync(python, [script, file], { encoding: 'utf8' })
    if (ran.status !== 0) throw new Error(`The peer failed:\n${ran.stderr}`)
    return JSON.parse(ran.stdout.trim().split('\n').at(-1)!) as PeerResult
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

/** New prompts at each call, the same for both sides. Ids from 100 on are ordinary tokens. */
function prompts(seed: string): () => number[][] {
  const random = seededGenerator(seed)
  return () =>
    Array.from({ length: rows }, () =>
      Array.from({ length: promptTokens }, () => 100 + Math.floor(random() * 10_000)),
    )
}

const tokens = rows * (promptTokens + newTokens)
function show(name: string, coreSeconds: Record<string, number>): void {
  const { none } = coreSeconds
  console.log(name)
  console.table(
    Object.fromEntries(
      Object.entries(coreSeconds).map(([way, seconds]) => [
        way,
        {
          'core-seconds': Number(seconds.toFixed(2)),
          'tokens per core-second': Math.round(tokens / seconds),
          'times none': Number((seconds / none).toFixed(2)),
        },
      ]),
    ),
  )
}

const innerview = await measure(prompts('hooks'))
show('Innerview', innerview)
const peer = options.peer ? await measurePeer(options.peer, prompts('hooks')) : null
if (peer) show(`transformers ${peer.transformers}, torch ${peer.torch}`, peer.coreSeconds)
if (options.out) {
  const earlier = await readFile(options.out, 'utf8').catch(() => '[]')
  const device = `${cpus()[0].model.trim()}, ${cpus().length} cores`
  const asked = { device, rows, promptTokens, newTokens, repeats, threads }
  const record = { at: new Date().toISOString(), ...asked, coreSeconds: innerview, peer }
  await writeFile(
    options.out,
    `${JSON.stringify([...(JSON.parse(earlier) as unknown[]), record], null, 2)}\n`,
  )
}
