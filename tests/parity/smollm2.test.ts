// SmolLM2-135M-Instruct, as quantised in its GGUF, against transformers' numbers on the same dequantised weights (smollm2.py).
// Tolerances: logits 1e-3 (they reach ±30; both sides sum in single precision), residuals 1e-4 relative, greedy tokens exact.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { InferenceClient } from '../../main/inference/inferenceClient.ts'
import type { GenerateRequest, GenerateResult } from '../../main/inference/requests.ts'
import { compareWithReference } from '../../main/inference/referenceCheck.ts'
import { selfCheck } from '../../main/inference/selfCheck.ts'
import { openModelFiles } from '../../main/model/openModelFiles.ts'
import { prepareWeights } from '../../main/model/prepareWeights.ts'
import { readReference } from '../../main/model/referenceFile.ts'
import { smolLM2Path } from '../../scripts/fetchSmolLM2.ts'

interface Case {
  ids: number[]
  greedy: number[]
  positions: number[]
  largestIds: number[]
  logits: number[][]
  residuals: Record<string, number[][]>
}
interface Golden {
  everyToken: number
  everyValue: number
  cases: Case[]
}

const root = join(import.meta.dirname, '..', '..')
const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'smollm2.json'), 'utf8')) as Golden // our own file
const never = new AbortController().signal
const vocabulary = 49152

const request = (one: Case, further: Partial<GenerateRequest> = {}): GenerateRequest => ({
  promptIds: Int32Array.from(one.ids),
  earlierPrompts: [],
  sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: one.greedy.length, stopIds: [], seed: '' },
  capture: { hooks: Object.keys(one.residuals), positions: 'all' },
  ...further,
})

describe.skipIf(!existsSync(smolLM2Path))('SmolLM2-135M-Instruct', () => {
  let client: InferenceClient
  beforeAll(async () => {
    const files = await openModelFiles(smolLM2Path)
    const weights = await prepareWeights(files, { cacheFolder: join(root, '.cache', 'weights') })
    client = await InferenceClient.open({ config: files.config, weights, maxRows: 4 }, never)
  })
  afterAll(() => client.close())

  it.each(golden.cases.map((one, index) => ({ one, prompt: index + 1 })))(
    'gives transformers’ tokens, logits and residuals on prompt $prompt',
    async ({ one, prompt }) => {
      const result = await client.generate(request(one, { wantLogits: true }), never)
      expect([...result.completionIds]).toEqual(one.greedy)
      const logits = result.logits as Float32Array // asked for
      let logitError = 0
      one.positions.forEach((position, place) => {
        const row = logits.subarray(position * vocabulary, (position + 1) * vocabulary)
        one.logits[place].forEach((value, index) => {
          logitError = Math.max(logitError, Math.abs(value - row[index * golden.everyToken]))
        })
        expect(row.indexOf(Math.max(...row))).toBe(one.largestIds[place])
      })
      console.log(`prompt ${prompt}, logits: largest |Δ| ${logitError.toExponential(1)}`)
      expect(logitError).toBeLessThan(1e-3)
      for (const { hook, width, all } of result.captures) {
        const relative = one.positions.map((position, place) => {
          let squares = 0
          let differences = 0
          one.residuals[hook][place].forEach((value, index) => {
            squares += value ** 2
            differences += (value - (all?.data[position * width + index * golden.everyValue] ?? NaN)) ** 2
          })
          return Math.sqrt(differences / squares)
        })
        const largest = Math.max(...relative)
        console.log(`prompt ${prompt}, ${hook}: largest relative error ${largest.toExponential(1)}`)
        expect(largest).toBeLessThan(1e-4)
      }
    },
  )

  it('gives transformers’ values at every hook point', async () => {
    const { shape } = client.config
    const reference = await readReference(join(import.meta.dirname, 'golden', 'smollm2'), shape)
    if (!reference) throw new TypeError('no reference')
    const compared = await compareWithReference((each) => client.generate(each, never), reference, shape)
    const worst = compared.errors.reduce((most, each) => (each.error > most.error ? each : most))
    console.log(`largest relative error ${worst.error.toExponential(1)}, at ${worst.name}`)
    expect(compared.errors).toHaveLength(1 + 3 + 3 * 21)
    expect(worst.error).toBeLessThan(1e-4)
    expect(compared.greedy).toEqual(compared.greedyReference)
  })

  it('gives the same bits alone and beside others, cached and not', async () => {
    const prompt = Int32Array.from(golden.cases[0].ids)
    const results = await selfCheck((each) => client.generate(each, never), {
      shape: client.config.shape,
      prompt,
    })
    expect(results.filter(({ passed }) => !passed)).toEqual([])
  })

  it('gives an episode’s bits again in a crowd and after a restart', async () => {
    const [first, second, third] = golden.cases.map(({ ids }) => Int32Array.from(ids))
    const sampling = { temperature: 1, topK: 0, topP: 1, maxNewTokens: 6, stopIds: [], seed: 'episode' }
    const grown = Int32Array.from([...second.subarray(0, 200), ...third, ...second.subarray(200)])
    const capture = { hooks: ['blocks.15.hook_resid_post'], positions: 'all' as const }
    const steps = [
      { promptIds: first, earlierPrompts: [] },
      { promptIds: second, earlierPrompts: [first] },
      { promptIds: grown, earlierPrompts: [first, second] },
    ].map((step): GenerateRequest => ({ ...step, sampling, capture }))
    const bits = ({ prefillMs: _, decodeMs: __, ...rest }: GenerateResult): unknown => rest

    const inOrder: unknown[] = []
    for (const step of steps) inOrder.push(bits(await client.generate(step, never)))
    // The last step at once, as after a restart, while other requests run.
    const others = golden.cases.map((one) => client.generate(request(one), never))
    const resumed = bits(await client.generate(steps[2], never))
    await Promise.all(others)
    expect(resumed).toEqual(inOrder[2])
  })
})
