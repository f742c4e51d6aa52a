// Gemma 3 270M, as quantised in its GGUF, against transformers' numbers on the same dequantised weights (gemma3.py).
// Tolerances: relative to the largest value of a row, 1e-4 as in `models check` (both sides sum in single precision); greedy tokens exact.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InferenceClient } from '../../main/inference/inferenceClient.ts'
import type { CapturedHook } from '../../main/inference/requests.ts'
import { openModelFiles } from '../../main/model/openModelFiles.ts'
import { prepareWeights } from '../../main/model/prepareWeights.ts'
import { readTokenizer } from '../../main/model/tokenizer.ts'
import { gemma3Path } from '../../scripts/fetchGemma3.ts'
import { cacheFolder } from '../../scripts/project.ts'

interface Case {
  text: string
  ids: number[]
  greedy: number[]
  largestId: number
  logits: number[]
  hooks: Record<string, number[]>
}
interface Golden {
  everyToken: number
  everyValue: number
  cases: Case[]
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'gemma3.json'), 'utf8')) as Golden // our own file
const never = new AbortController().signal

/** Values of the last prompt position; of a pattern each head's row. */
function lastRow({ width, all }: CapturedHook, tokens: number): Float32Array {
  if (!all) throw new TypeError('all positions were asked for')
  if (!all.axes.endsWith('S T')) return all.data.subarray((tokens - 1) * width, tokens * width)
  const [, heads, queries, keys] = all.shape
  const row = new Float32Array(heads * tokens)
  for (let head = 0; head < heads; head++) {
    const from = (head * queries + tokens - 1) * keys
    row.set(all.data.subarray(from, from + tokens), head * tokens)
  }
  return row
}

/** Of every so many of our values against all of the other's, as a part of the largest; keys out of sight have no number on either side. */
function relativeError(row: Float32Array, wanted: readonly (number | null)[], every: number): number {
  const ours = row.filter((_, index) => index % every === 0)
  if (ours.length !== wanted.length) return Infinity
  let [largest, apart] = [0, 0]
  wanted.forEach((value, index) => {
    if (value === null) return void (apart = Number.isFinite(ours[index]) ? Infinity : apart)
    largest = Math.max(largest, Math.abs(value))
    const difference = Math.abs(value - ours[index])
    apart = Math.max(apart, Number.isNaN(difference) ? Infinity : difference)
  })
  return apart / largest
}

describe.skipIf(!existsSync(gemma3Path))('Gemma 3 270M', () => {
  let client: InferenceClient
  beforeAll(async () => {
    const files = await openModelFiles(gemma3Path)
    const weights = await prepareWeights(files, { cacheFolder: join(cacheFolder, 'weights') })
    client = await InferenceClient.open({ config: files.config, weights, maxRows: 1 }, never)
  })
  afterAll(() => client.close())

  it('reads the texts as transformers does', async () => {
    const tokenizer = await readTokenizer(await openModelFiles(gemma3Path))
    for (const { text, ids } of golden.cases)
      expect([...tokenizer.encode(text, { special: true })]).toEqual(ids)
  })

  it.each(golden.cases.map((one, index) => ({ one, text: index + 1 })))(
    'gives transformers’ tokens, logits and hook points on text $text',
    async ({ one, text }) => {
      const { ids, greedy, hooks } = one
      const sampling = { temperature: 0, topK: 0, topP: 1, stopIds: [], seed: '' }
      const result = await client.generate(
        {
          promptIds: Int32Array.from(ids),
          earlierPrompts: [],
          sampling: { ...sampling, maxNewTokens: greedy.length },
          capture: { hooks: Object.keys(hooks), positions: 'all' },
          wantFirstLogits: true,
        },
        never,
      )
      expect([...result.completionIds]).toEqual(greedy)
      const logits = result.firstLogits as Float32Array // asked for
      expect(logits.indexOf(logits.reduce((most, value) => Math.max(most, value)))).toBe(one.largestId)
      const errors = result.captures.map((capture) => ({
        name: capture.hook,
        error: relativeError(lastRow(capture, ids.length), hooks[capture.hook], golden.everyValue),
      }))
      errors.push({ name: 'logits', error: relativeError(logits, one.logits, golden.everyToken) })
      const worst = errors.reduce((most, each) => (each.error > most.error ? each : most))
      console.log(
        `text ${text}: largest relative error ${worst.error.toExponential(1)}, at ${worst.name} of ${errors.length}`,
      )
      expect(worst.error).toBeLessThan(1e-4)
    },
  )
})
