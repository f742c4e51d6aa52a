import { getEventListeners } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import type { DecoderConfig, WeightMap } from '../model/modelFiles.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import { InferenceClient } from './inferenceClient.ts'
import type { GenerateRequest } from './requests.ts'
import { selfCheck } from './selfCheck.ts'

let folder: string
let config: DecoderConfig
let weights: WeightMap
let client: InferenceClient
const never = new AbortController().signal

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'client-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'model')))
  config = files.config
  weights = await prepareWeights(files, { cacheFolder: folder })
  client = await InferenceClient.open({ config, weights, maxRows: 4 }, never)
})
afterAll(async () => {
  await client.close()
  await rm(folder, { recursive: true })
})

const prompt = Int32Array.from({ length: 20 }, (_, index) => (index * 37) % 250)
const request = (further: Partial<GenerateRequest> = {}): GenerateRequest => ({
  promptIds: prompt,
  earlierPrompts: [],
  sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: 5, stopIds: [], seed: 'seed' },
  capture: { hooks: ['blocks.1.hook_resid_post'], positions: 'decision' },
  ...further,
})
const sampling = (maxNewTokens: number): GenerateRequest['sampling'] => ({
  ...request().sampling,
  maxNewTokens,
})

describe('an inference worker', () => {
  it('answers requests, several at a time', async () => {
    const results = await Promise.all(Array.from({ length: 9 }, () => client.generate(request(), never)))
    for (const { completionIds, captures } of results) {
      expect(completionIds).toEqual(results[0].completionIds)
      expect(captures[0].meanPrompt).toEqual(results[0].captures[0].meanPrompt)
    }
  })

  it('passes its own check', async () => {
    const shape = config.shape
    const results = await selfCheck((each) => client.generate(each, never), { shape, prompt })
    expect(results.map(({ name }) => name)).toEqual([
      'finite logits',
      'residual stream',
      'attention patterns',
      'batch',
      'beside a steered row',
      'α = 0',
      'intervention',
      'prefix cache',
      'decode and prefill',
    ])
    expect(results.filter(({ passed }) => !passed)).toEqual([])
  })

  it('stops working on a cancelled request and rejects it with the signal’s reason', async () => {
    const controller = new AbortController()
    const single = await InferenceClient.open({ config, weights, maxRows: 1 }, never)
    const long = (signal: AbortSignal) => single.generate(request({ sampling: sampling(1500) }), signal)
    const began = performance.now()
    await long(never)
    const wholeMs = performance.now() - began
    const open = long(controller.signal)
    await new Promise((resolve) => setTimeout(resolve, 30))
    controller.abort(new Error('enough'))
    await expect(open).rejects.toThrow('enough')
    const cancelled = performance.now()
    await single.generate(request(), never) // the only row is free again
    expect(performance.now() - cancelled).toBeLessThan(wholeMs / 2)
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    await single.close()
  })

  it('does not start on a request whose signal is aborted already', async () => {
    await expect(client.generate(request(), AbortSignal.abort(new Error('late')))).rejects.toThrow('late')
  })
})

describe('a request that cannot be', () => {
  it.each<[string, Partial<GenerateRequest>, string]>([
    ['without a prompt', { promptIds: new Int32Array(0) }, 'invalid_input'],
    ['with an empty earlier prompt', { earlierPrompts: [new Int32Array(0)] }, 'invalid_input'],
    ['for no new token', { sampling: sampling(0) }, 'invalid_input'],
    ['with a token beyond the vocabulary', { promptIds: Int32Array.of(1, 259) }, 'token_out_of_range'],
    ['with a negative token', { earlierPrompts: [Int32Array.of(-1)] }, 'token_out_of_range'],
    ['too long for the context', { promptIds: new Int32Array(2044) }, 'prompt_too_long'],
    [
      'of an unknown hook',
      { capture: { hooks: ['blocks.0.hook_nowhere'], positions: 'all' } },
      'hook_unknown',
    ],
    [
      'of a layer too many',
      { capture: { hooks: ['blocks.2.hook_resid_post'], positions: 'all' } },
      'layer_out_of_range',
    ],
  ])('%s is refused before it travels', async (_, further, code) => {
    await expect(client.generate(request(further), never)).rejects.toMatchObject({ code })
  })

  it('says how many tokens would fit', async () => {
    const long = client.generate(request({ promptIds: new Int32Array(2044) }), never)
    await expect(long).rejects.toMatchObject({ details: { tokens: 2044, limit: 2043 } })
    await expect(client.generate(request({ promptIds: new Int32Array(2043) }), never)).resolves.toBeDefined()
  })
})

describe('opening and losing a worker', () => {
  it('refuses a model that does not fit, before it starts', async () => {
    const opening = InferenceClient.open({ config, weights, maxRows: 1, memoryBytes: 2 ** 20 }, never)
    await expect(opening).rejects.toMatchObject({ code: 'not_enough_memory' })
  })

  it('says why a model whose weights have gone cannot be loaded', async () => {
    const gone = new Map(
      [...weights].map(([name, tensor]) => [name, { ...tensor, file: join(folder, 'gone') }]),
    )
    const { signal } = new AbortController()
    await expect(InferenceClient.open({ config, weights: gone, maxRows: 1 }, signal)).rejects.toThrow('gone')
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('gives up opening when told to', async () => {
    const controller = new AbortController()
    const opening = InferenceClient.open({ config, weights, maxRows: 1 }, controller.signal)
    controller.abort(new Error('changed my mind'))
    await expect(opening).rejects.toThrow('changed my mind')
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  it('rejects what is open, and all that comes, when the worker dies', async () => {
    const workerPath = join(folder, 'dying.mjs')
    await writeFile(
      workerPath,
      `import { parentPort } from 'node:worker_threads'
       parentPort.postMessage({ kind: 'ready' })
       parentPort.on('message', () => process.exit(3))`,
    )
    const dying = await InferenceClient.open({ config, weights, maxRows: 1, workerPath }, never)
    expect(dying.isLost).toBe(false)
    const open = [dying.generate(request(), never), dying.generate(request(), never)]
    for (const each of open) await expect(each).rejects.toMatchObject({ code: 'session_lost' })
    expect(dying.isLost).toBe(true)
    await expect(dying.generate(request(), never)).rejects.toMatchObject({ code: 'session_lost' })
    await dying.close()
  })

  it('gives up a session in which ONNX Runtime failed, and a new one answers', async () => {
    const own = structuredClone(config)
    const failing = await InferenceClient.open({ config: own, weights, maxRows: 2 }, never)
    own.shape.vocabulary += 100 // lets an id through the door that the loaded weights do not have
    const fine = failing.generate(request({ sampling: sampling(1000) }), never)
    const beyond = failing.generate(
      request({ promptIds: Int32Array.of(1, config.shape.vocabulary + 7) }),
      never,
    )
    for (const each of [beyond, fine]) await expect(each).rejects.toMatchObject({ code: 'session_lost' })
    expect(failing.isLost).toBe(true)
    await expect(failing.generate(request(), never)).rejects.toMatchObject({ code: 'session_lost' })
    await failing.close() // resolves: the worker ended by itself
    const fresh = await InferenceClient.open({ config, weights, maxRows: 2 }, never)
    await expect(fresh.generate(request(), never)).resolves.toBeDefined()
    await fresh.close()
  })

  it('rejects what is open when it is closed', async () => {
    const closing = await InferenceClient.open({ config, weights, maxRows: 1 }, never)
    const open = closing.generate(request({ sampling: sampling(1500) }), never)
    const rejected = expect(open).rejects.toMatchObject({ code: 'session_lost' })
    await closing.close()
    await rejected
  })
})
