// How long a model takes to load, and the memory that it takes: loaded, and with a batch behind it.
//   node benchmarks/load.ts --model PATH [--dtypes float32,int8,int4] [--rows 16] [--tokens 300] [--peer PYTHON] [--out FILE]
// Owns: measuring, one dtype in a process of its own. Not: estimates (docs/memory.md). Weights are prepared before: it happens once for a model. Memory is the
// resident set, which holds mapped pages of the weights' files too.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { computeDtype } from '../main/contract/models.ts'
import { InferenceClient } from '../main/inference/inferenceClient.ts'
import { measured, rounded } from './shared/measuring.ts'
import { modelPath, openWeights, peerModel } from './shared/models.ts'
import { askPeer } from './shared/peers.ts'
import { addRecord } from './shared/records.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string' },
    dtypes: { type: 'string', default: 'float32,int8,int4' },
    rows: { type: 'string', default: '16' },
    tokens: { type: 'string', default: '300' },
    peer: { type: 'string' },
    out: { type: 'string' },
    /** What this process is to measure, started by the one that has no such word. */
    inside: { type: 'string' },
  },
})
const path = modelPath(options.model)

interface LoadFigures {
  loadWallSeconds: number
  loadCoreSeconds: number
  loadedBytes: number
  peakBytes: number
}

/** Runs in a process of its own. */
async function measureInside(dtype: string): Promise<LoadFigures> {
  const { config, weights } = await openWeights(path, computeDtype.parse(dtype))
  const rows = Number(options.rows)
  const never = new AbortController().signal
  const loaded = await measured(() => InferenceClient.open({ config, weights, maxRows: rows }, never))
  const client = loaded.result
  const loadedBytes = process.memoryUsage.rss()
  await Promise.all(
    Array.from({ length: rows }, (_, row) =>
      client.generate(
        {
          promptIds: Int32Array.from({ length: Number(options.tokens) }, (_, at) => (row * 7 + at) % 1000),
          earlierPrompts: [],
          sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: 2, stopIds: [], seed: '' },
          capture: { hooks: [], positions: 'decision' },
        },
        never,
      ),
    ),
  )
  await client.close()
  return {
    loadWallSeconds: loaded.wallSeconds,
    loadCoreSeconds: loaded.coreSeconds,
    loadedBytes,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }
}

async function measureOutside(): Promise<void> {
  const found: Record<string, LoadFigures> = {}
  const { name } = await openWeights(path)
  for (const dtype of options.dtypes.split(',')) {
    await openWeights(path, computeDtype.parse(dtype)) // so that it is prepared
    const words = ['--model', path, '--rows', options.rows, '--tokens', options.tokens, '--inside', dtype]
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [fileURLToPath(import.meta.url), ...words],
      {
        encoding: 'utf8',
      },
    )
    if (status !== 0) throw new Error(`Loading as ${dtype} failed:\n${stderr}`)
    found[`Innerview, ${dtype}`] = JSON.parse(stdout) as LoadFigures // printed below
  }
  const model = options.peer ? peerModel(options.peer, path, name) : null
  if (options.peer && model) {
    const job = { model, rows: Number(options.rows), tokens: Number(options.tokens) }
    const answer = askPeer<LoadFigures>(options.peer, 'loadTransformers', job)
    if (answer) found['transformers, float32'] = answer
  }
  const mebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20)
  console.log(`${name}: loading, and ${options.rows} prompts of ${options.tokens} tokens at once`)
  console.table(
    Object.fromEntries(
      Object.entries(found).map(([side, each]) => [
        side,
        {
          'load, s': rounded(each.loadWallSeconds),
          'load, core-s': rounded(each.loadCoreSeconds),
          'loaded, MiB': mebibytes(each.loadedBytes),
          'peak, MiB': mebibytes(each.peakBytes),
        },
      ]),
    ),
  )
  await addRecord(options.out, { model: name, found }, (earlier) => earlier.model === name)
}

if (options.inside) console.log(JSON.stringify(await measureInside(options.inside)))
else await measureOutside()
