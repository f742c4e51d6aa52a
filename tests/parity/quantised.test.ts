// Graphs on blocks against graphs on the same numbers as floats, on tiny models and on SmolLM2-135M-Instruct, whose matrices are Q4_1.
// Tolerance 1e-4 of the largest value of a hook point, 1e-3 for SmolLM2's logits, which reach ±45: both sides are in single precision, and
// add up in another order. What rounding to fewer bits does to a model is none of this: both sides have the rounded numbers.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ComputeDtype } from '../../main/contract/models.ts'
import { InferenceClient } from '../../main/inference/inferenceClient.ts'
import type { GenerateResult } from '../../main/inference/requests.ts'
import { selfCheck } from '../../main/inference/selfCheck.ts'
import { roundingPlan } from '../../main/model/blockWeights.ts'
import { parseHuggingFaceConfig } from '../../main/model/huggingFaceConfig.ts'
import { listHooks } from '../../main/model/hookNames.ts'
import type { DecoderConfig, ModelFiles, WeightMap } from '../../main/model/modelFiles.ts'
import { openModelFiles } from '../../main/model/openModelFiles.ts'
import { prepareWeights } from '../../main/model/prepareWeights.ts'
import { smolLM2Path } from '../../scripts/fetchSmolLM2.ts'
import { dequantised } from '../support/dequantised.ts'
import { tinyGguf } from '../support/tinyGguf.ts'
import { writeTinyModel } from '../support/tinyModel.ts'
import { writeGguf } from '../support/writeGguf.ts'

const never = new AbortController().signal
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quantised-'))
})
afterAll(() => rm(folder, { recursive: true }))

const open = (config: DecoderConfig, weights: WeightMap): Promise<InferenceClient> =>
  InferenceClient.open({ config, weights, maxRows: 4, threads: 2 }, never)

/** Logits of every position, and hook points. */
async function values(
  model: { config: DecoderConfig; weights: WeightMap },
  promptIds: Int32Array,
  hooks: string[],
): Promise<Map<string, Float32Array>> {
  const client = await open(model.config, model.weights)
  const result: GenerateResult = await client.generate(
    {
      promptIds,
      earlierPrompts: [],
      sampling: { temperature: 0, topK: 0, topP: 1, maxNewTokens: 1, stopIds: [], seed: '' },
      capture: { hooks, positions: 'all' },
      wantLogits: true,
    },
    never,
  )
  await client.close()
  const found = new Map([['logits', result.logits ?? new Float32Array(0)]])
  for (const { hook, all } of result.captures) found.set(hook, all?.data ?? new Float32Array(0))
  return found
}

interface Difference {
  name: string
  absolute: number
  /** By the largest value. */
  relative: number
}

function differences(one: Map<string, Float32Array>, other: Map<string, Float32Array>): Difference[] {
  return [...one].map(([name, expected]) => {
    const found = other.get(name) ?? new Float32Array(0)
    if (found.length !== expected.length || found.length === 0)
      throw new TypeError(`${name} differs in length`)
    let [absolute, largest] = [0, 0]
    expected.forEach((value, i) => {
      if (value === found[i]) return // minus infinity where a key is unseen
      largest = Math.max(largest, Math.abs(value))
      const difference = Math.abs(value - found[i])
      if (!(difference <= absolute)) absolute = difference
    })
    return { name, absolute, relative: largest > 0 ? absolute / largest : 0 }
  })
}

async function checkedAlone(config: DecoderConfig, weights: WeightMap, prompt: Int32Array): Promise<void> {
  const client = await open(config, weights)
  const results = await selfCheck((request) => client.generate(request, never), {
    shape: config.shape,
    prompt,
  })
  await client.close()
  expect(results.map(({ name }) => name)).toEqual(expect.arrayContaining(['batch', 'prefix cache']))
  expect(results.filter(({ passed }) => !passed)).toEqual([])
}

const tiny: { dtype: ComputeDtype; of: string; files: () => Promise<ModelFiles> }[] = [
  ...(['int8', 'int4'] as const).map((dtype) => ({
    dtype,
    of: 'floats',
    files: async () => openModelFiles(await writeTinyModel(join(folder, dtype), { scale: 4 })),
  })),
  ...([true, 'Q4_1'] as const).map((quantised) => ({
    dtype: 'gguf' as const,
    of: quantised === true ? 'Q8_0' : quantised,
    files: () => openModelFiles(writeGguf(join(folder, `${quantised}.gguf`), tinyGguf({ quantised }).input)),
  })),
]

describe.each(tiny)('a tiny model of $of in $dtype', ({ dtype, of, files }) => {
  const prompt = Int32Array.from({ length: 61 }, (_, index) => (index * 31) % 259)

  it('gives the logits and every hook point of the same numbers as floats', async () => {
    const { config, ...rest } = await files()
    const weights = await prepareWeights({ config, ...rest }, { cacheFolder: folder, dtype })
    const hooks = listHooks(config.shape).map(({ name }) => name)
    const blocks = await values({ config, weights }, prompt, hooks)
    const floats = await values(await dequantised(config, weights, folder), prompt, hooks)
    const found = differences(floats, blocks)
    const worst = found.reduce((most, each) => (each.relative > most.relative ? each : most))
    console.log(
      `${dtype} of ${of}: largest relative difference ${worst.relative.toExponential(1)}, ${worst.name}`,
    )
    expect(found).toHaveLength(hooks.length + 1)
    expect(found.filter(({ relative }) => !(relative < 1e-4))).toEqual([])
  })

  it('gives a row the same bits alone and in a batch, cached and not', async () => {
    const opened = await files()
    await checkedAlone(opened.config, await prepareWeights(opened, { cacheFolder: folder, dtype }), prompt)
  })
})

const decoders = join(import.meta.dirname, 'golden', 'decoders')

describe.each(readdirSync(decoders))('%s in int4', (name) => {
  it('gives the logits of the same numbers as floats, and a row the same bits alone and in a batch', async () => {
    const path = join(decoders, name)
    const configFile = join(path, 'config.json')
    const { config } = parseHuggingFaceConfig(configFile, readFileSync(configFile, 'utf8'))
    const weightFiles = readdirSync(path)
      .filter((file) => /^model.*\.safetensors$/.test(file))
      .map((file) => join(path, file))
    const files: ModelFiles = {
      ...{ path, format: 'safetensors', name, config, weightFiles, dtype: 'float32' },
      ...{ sizeBytes: 1, parameters: 1, stopIds: [], chatTemplate: null, notes: [] },
      tokenizer: { kind: 'huggingface', tokenizerFile: 'none', configFile: null },
    }
    const weights = await prepareWeights(files, { cacheFolder: folder, dtype: 'int4' })
    const blocks = [...weights.keys()].filter((each) => each.endsWith('.blocks'))
    expect(blocks).toHaveLength(roundingPlan(config, 'int4').kinds.size)
    expect(blocks.length).toBeGreaterThan(config.shape.layers)
    const prompt = Int32Array.from({ length: 61 }, (_, index) => (index * 31) % config.shape.vocabulary)
    const own = join(folder, name)
    await mkdir(own)
    const [logits] = differences(
      await values(await dequantised(config, weights, own), prompt, []),
      await values({ config, weights }, prompt, []),
    )
    console.log(`${name}: largest relative difference of logits ${logits.relative.toExponential(1)}`)
    expect(logits.relative).toBeLessThan(1e-4)
    await checkedAlone(config, weights, prompt)
  })
})

describe.skipIf(!existsSync(smolLM2Path))('SmolLM2-135M-Instruct from its blocks', () => {
  const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'smollm2.json'), 'utf8')) as {
    cases: { ids: number[] }[]
  } // our own file
  const root = join(import.meta.dirname, '..', '..')
  const cacheFolder = join(root, '.cache', 'weights')

  it('gives the dequantised model’s logits', async () => {
    const files = await openModelFiles(smolLM2Path)
    const prompt = Int32Array.from(golden.cases[1].ids)
    const hook = 'blocks.29.hook_resid_post'
    const model = async (dtype: ComputeDtype) => ({
      config: files.config,
      weights: await prepareWeights(files, { cacheFolder, dtype }),
    })
    const floats = await values(await model('float32'), prompt, [hook])
    const [logits, residual] = differences(floats, await values(await model('gguf'), prompt, [hook]))
    console.log(
      `logits: largest |Δ| ${logits.absolute.toExponential(1)}; ${hook}: ${residual.relative.toExponential(1)}`,
    )
    expect(logits.absolute).toBeLessThan(1e-3)
    expect(residual.relative).toBeLessThan(1e-4)
  })

  it('gives a row the same bits alone and in a batch, cached and not', async () => {
    const files = await openModelFiles(smolLM2Path)
    const weights = await prepareWeights(files, { cacheFolder, dtype: 'gguf' })
    await checkedAlone(files.config, weights, Int32Array.from(golden.cases[0].ids))
  })
})
