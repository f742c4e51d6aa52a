// A model on a device beside the same on the processor: every hook point, and tokens per second by batch and context.
//   node benchmarks/device.ts --device cuda [--model PATH] [--dtype float32] [--rows 1,4,16] [--context 300] [--new 24] [--out FILE]
// Owns: the order of it and the JSON. Not: the check (main/jobs/devices/), which is also what lets the device be used afterwards.
// The check runs in a process of its own: where a driver ends it, that is what is written. Each cell is run once before it is timed.
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { computeDevice } from '../main/contract/devices.ts'
import { computeDtype } from '../main/contract/models.ts'
import { defaultCache } from '../main/folders.ts'
import { listedDevices } from '../main/inference/devices.ts'
import { InferenceClient } from '../main/inference/inferenceClient.ts'
import { checkDevice } from '../main/jobs/devices/deviceCheck.ts'
import { openModelFiles } from '../main/model/openModelFiles.ts'
import { prepareWeights } from '../main/model/prepareWeights.ts'

const { values: options } = parseArgs({
  options: {
    device: { type: 'string' },
    model: { type: 'string', default: fileURLToPath(new URL('../resources/embeddedModel', import.meta.url)) },
    dtype: { type: 'string', default: 'float32' },
    rows: { type: 'string', default: '1,4,16' },
    context: { type: 'string', default: '300' },
    new: { type: 'string', default: '24' },
    out: { type: 'string' },
  },
})
const device = computeDevice.parse(options.device)
const dtype = computeDtype.parse(options.dtype)
const batches = options.rows.split(',').map(Number)
const [context, newTokens] = [Number(options.context), Number(options.new)]
const never = new AbortController().signal
const cacheFolder = defaultCache()

interface Cell {
  device: string
  rows: number
  /** Tokens per second of wall time, all rows together. */
  prompt: number
  /** Null where the clock could not tell it from the prompts' time. */
  answer: number | null
  /** Processor time of the whole process for prompt and answer, seconds. */
  coreSeconds: number
}

const files = await openModelFiles(options.model)
const { config } = files
const weights = await prepareWeights(files, { cacheFolder, dtype })

async function timeOn(where: typeof device): Promise<Cell[]> {
  const client = await InferenceClient.open(
    { config, weights, maxRows: Math.max(...batches), device: where },
    never,
  )
  let asked = 0
  /** Seconds of so many rows of prompts that nothing is known of. */
  const seconds = async (rows: number, maxNewTokens: number): Promise<number> => {
    const began = performance.now()
    await Promise.all(
      Array.from({ length: rows }, () => {
        asked++
        const promptIds = Int32Array.from(
          { length: context },
          (_, at) => (asked * 7919 + at * (asked + 13)) % config.shape.vocabulary,
        )
        return client.generate(
          {
            promptIds,
            earlierPrompts: [],
            sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens, stopIds: [], seed: String(asked) },
            capture: { hooks: [], positions: 'decision' },
          },
          never,
        )
      }),
    )
    return (performance.now() - began) / 1000
  }
  const cells: Cell[] = []
  for (const rows of batches) {
    await seconds(rows, 2)
    const prompts = await seconds(rows, 1)
    const before = process.cpuUsage()
    const whole = await seconds(rows, 1 + newTokens)
    const { user, system } = process.cpuUsage(before)
    const cell = {
      ...{ device: where, rows, prompt: (rows * context) / prompts },
      ...{ answer: whole > prompts ? (rows * newTokens) / (whole - prompts) : null },
      coreSeconds: (user + system) / 1e6,
    }
    cells.push(cell)
    console.log(
      `${where.padEnd(7)} ${rows} rows: prompt ${cell.prompt.toFixed(0)}, answer ${cell.answer?.toFixed(1) ?? '–'} tokens/s`,
    )
  }
  await client.close()
  return cells
}

console.log(`devices that ONNX Runtime lists here: ${(await listedDevices()).join(', ')}`)
const check =
  device === 'cpu'
    ? null
    : await checkDevice({ path: options.model, device, dtype, cacheFolder }, () => {}, never)
for (const { name, passed, largestError, detail } of check?.results ?? [])
  console.log(`${passed ? 'ok    ' : 'FAILED'} ${name} ${largestError ?? ''}${passed ? '' : ` ${detail}`}`)
const hasPassed = check?.results.every(({ passed }) => passed) ?? true
const cells = await timeOn('cpu')
if (device !== 'cpu' && hasPassed) cells.push(...(await timeOn(device)))
const about = {
  model: files.name,
  dtype,
  context,
  newTokens,
  processor: cpus()[0]?.model,
  node: process.version,
}
if (options.out) await writeFile(options.out, `${JSON.stringify({ ...about, check, cells }, null, 1)}\n`)
if (!hasPassed) process.exitCode = 1
