// How far the estimate of a model's memory is from the measured peak: several models × dtypes × loads, each in a process of its own.
//   node benchmarks/memory.ts [--model PATH …] [--folder SCRATCH] [--out FILE]
// Owns: measuring, and what a second session on the same weights costs. Not: the formula (main/model/memoryEstimate.ts).
// Peak is anonymous resident memory (RssAnon), read every 5 ms: mapped pages of files are the system's to take back. Linux only.
// Beside the models named, three of random weights are written (benchmarks/randomModel.ts) and the one that ships is taken.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { computeDtype, type ComputeDtype } from '../main/contract/models.ts'
import { defaultCache } from '../main/folders.ts'
import { InferenceClient } from '../main/inference/inferenceClient.ts'
import { memoryEstimateBytes } from '../main/model/memoryEstimate.ts'
import { openModelFiles } from '../main/model/openModelFiles.ts'
import { dtypeRefusal, prepareWeights } from '../main/model/prepareWeights.ts'
import { readModelRecord } from '../main/model/readModelRecord.ts'
import { randomShapes, writeRandomModel } from './randomModel.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: [] },
    folder: { type: 'string' },
    out: { type: 'string' },
    /** Of a measuring process: PATH, dtype, rows, tokens, captured hooks. */
    one: { type: 'string' },
  },
})
const never = new AbortController().signal
const mebibyte = 2 ** 20
const newTokens = 8

interface Load {
  rows: number
  tokens: number
}

/** What one process says. */
interface Measured {
  /** Before anything was loaded, loaded and idle, at its largest, and after a second session was loaded beside; bytes. */
  empty: number
  loaded: number
  peak: number
  second: number
}

const anonymousBytes = (): number =>
  Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024

async function measure(path: string, dtype: ComputeDtype, { rows, tokens }: Load): Promise<Measured> {
  const empty = anonymousBytes()
  const files = await openModelFiles(path)
  const { config } = files
  const weights = await prepareWeights(files, { cacheFolder: defaultCache(), dtype })
  let peak = 0
  const watch = setInterval(() => (peak = Math.max(peak, anonymousBytes())), 5)
  const open = () => InferenceClient.open({ config, weights, maxRows: rows }, never)
  const client = await open()
  const loaded = anonymousBytes()
  const ask = (row: number) =>
    client.generate(
      {
        promptIds: Int32Array.from(
          { length: tokens - newTokens },
          (_, at) => (row * 131 + at * 17) % config.shape.vocabulary,
        ),
        earlierPrompts: [],
        sampling: {
          temperature: 1,
          topK: 0,
          topP: 1,
          maxNewTokens: newTokens,
          stopIds: [],
          seed: String(row),
        },
        capture: { hooks: [], positions: 'decision' },
      },
      never,
    )
  await Promise.all(Array.from({ length: rows }, (_, row) => ask(row)))
  clearInterval(watch)
  const before = anonymousBytes()
  const other = await open()
  const second = anonymousBytes() - before
  await Promise.all([client.close(), other.close()])
  return { empty, loaded, peak, second }
}

function measureApart(path: string, dtype: ComputeDtype, { rows, tokens }: Load): Measured {
  const asked = JSON.stringify([path, dtype, rows, tokens])
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [fileURLToPath(import.meta.url), '--one', asked],
    { encoding: 'utf8' },
  )
  if (status !== 0) throw new Error(`${path} ${dtype}: ${stderr}`)
  return JSON.parse(stdout) as Measured
}

interface Row extends Load, Measured {
  model: string
  parameters: number
  dtype: ComputeDtype
  estimate: number
  ratio: number
}

const loads: readonly Load[] = [
  { rows: 1, tokens: 256 },
  { rows: 8, tokens: 320 },
]

async function measureModel(path: string): Promise<Row[]> {
  const files = await openModelFiles(path)
  const record = await readModelRecord(path)
  const rows: Row[] = []
  for (const dtype of computeDtype.options) {
    if (dtypeRefusal(files, dtype) !== null) continue
    await prepareWeights(files, { cacheFolder: defaultCache(), dtype }) // written here, so that the others measure loading alone
    for (const load of loads) {
      const measured = measureApart(path, dtype, load)
      const estimate = memoryEstimateBytes(record, { ...load, dtype })
      const row = { model: record.name, parameters: record.parameters, dtype, ...load, ...measured, estimate }
      rows.push({ ...row, ratio: estimate / measured.peak })
      console.log(lineOf(rows[rows.length - 1]))
    }
  }
  return rows
}

const shown = (bytes: number): string => (bytes / mebibyte).toFixed(0).padStart(6)
const lineOf = (row: Row): string =>
  `${row.model.padEnd(28)} ${row.dtype.padEnd(8)} ${String(row.rows).padStart(3)} × ${String(row.tokens).padStart(4)}` +
  `  loaded ${shown(row.loaded)}  peak ${shown(row.peak)}  estimate ${shown(row.estimate)} MiB` +
  `  ratio ${row.ratio.toFixed(2)}  second session ${shown(row.second)} MiB`

if (options.one) {
  const [path, dtype, rows, tokens] = JSON.parse(options.one) as [string, ComputeDtype, number, number]
  console.log(JSON.stringify(await measure(path, dtype, { rows, tokens })))
} else {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'innerview-memory-')))
  try {
    const rows: Row[] = []
    const shipped = fileURLToPath(new URL('../resources/embeddedModel', import.meta.url))
    for (const path of [shipped, ...options.model]) rows.push(...(await measureModel(path)))
    for (const shape of randomShapes)
      rows.push(...(await measureModel(await writeRandomModel(join(folder, shape.name), shape))))
    const worst = Math.max(...rows.map(({ ratio }) => Math.abs(ratio - 1)))
    console.log(`Farthest from the measured peak: ${(100 * worst).toFixed(0)} %`)
    if (options.out)
      await writeFile(options.out, `${JSON.stringify({ node: process.version, rows }, null, 1)}\n`)
  } finally {
    if (!options.folder) await rm(folder, { recursive: true, force: true })
  }
}
