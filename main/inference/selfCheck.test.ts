import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import { InferenceClient } from './inferenceClient.ts'
import { makeIntervention } from './interventions.ts'
import { selfCheck, type Generate } from './selfCheck.ts'

let folder: string
let client: InferenceClient
const generate: Generate = (request) => client.generate(request, new AbortController().signal)
const prompt = Int32Array.of(5, 6, 7, 8, 9, 10)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-self-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'tiny')))
  const weights = await prepareWeights(files, { cacheFolder: join(folder, 'cache') })
  client = await InferenceClient.open(
    { config: files.config, weights, maxRows: 4 },
    AbortSignal.timeout(30_000),
  )
})
afterAll(async () => {
  await client.close()
  await rm(folder, { recursive: true, force: true })
})

/** The model, were it wrong wherever it reads an answer back. */
const wrongInDecode =
  (alpha: number): Generate =>
  (request) => {
    const { shape } = client.config
    const fault = makeIntervention(
      {
        name: 'fault',
        hook: 'blocks.0.hook_attn_out',
        heads: null,
        positions: 'everyGenerated',
        phase: 'decode',
        gate: null,
        leavesSink: false,
        ifAbsent: 'skip',
        change: {
          kind: 'add',
          vector: { data: new Float32Array(shape.residualWidth).fill(1), rows: 1, units: 1 },
          alpha,
          unit: 'vector',
          normMatched: false,
        },
      },
      shape,
    )
    const { interventions = [] } = request
    return generate({ ...request, interventions: [...interventions, fault] })
  }

const failed = async (model: Generate) =>
  (await selfCheck(model, { shape: client.config.shape, prompt }))
    .filter(({ passed }) => !passed)
    .map(({ name }) => name)

test('a model that computes the same however it is run passes everything', async () => {
  const results = await selfCheck(generate, { shape: client.config.shape, prompt })
  expect(results.filter(({ passed }) => !passed)).toEqual([])
  const decode = results.find(({ name }) => name === 'decode and prefill')
  expect(decode?.largestError).toBeGreaterThan(0) // other sums, other bits: both ways were gone
  expect(decode?.largestError).toBeLessThan(1e-5)
})

test('a model that reads its own answer otherwise than a prompt is convicted by that alone', async () => {
  expect(await failed(wrongInDecode(0.05))).toEqual(['decode and prefill'])
})
