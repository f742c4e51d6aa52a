import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { divergence } from '../analysis/divergence.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import { InferenceClient } from './inferenceClient.ts'
import { makeIntervention, type Intervention } from './interventions.ts'
import type { GenerateRequest, ToldToken } from './requests.ts'

let folder: string
let client: InferenceClient
const hook = 'blocks.1.hook_resid_post'
const never = new AbortController().signal

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-led-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'model')))
  const weights = await prepareWeights(files, { cacheFolder: folder })
  client = await InferenceClient.open({ config: files.config, weights, maxRows: 3 }, never)
})
afterAll(async () => {
  await client.close()
  await rm(folder, { recursive: true })
})

const promptIds = Int32Array.from({ length: 20 }, (_, index) => (index * 37) % 250)
const request = (further: Partial<GenerateRequest> = {}): GenerateRequest => ({
  promptIds,
  earlierPrompts: [],
  sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: 8, stopIds: [], seed: 'seed' },
  capture: { hooks: [], positions: 'decision' },
  ...further,
})
const push = (): Intervention =>
  makeIntervention(
    {
      name: 'push',
      hook,
      heads: null,
      positions: 'all',
      phase: 'both',
      gate: null,
      leavesSink: true,
      ifAbsent: 'error',
      change: {
        kind: 'add',
        vector: { data: Float32Array.from({ length: 16 }, (_, i) => Math.cos(i)), rows: 1, units: 1 },
        alpha: 3,
        unit: 'vector',
        normMatched: false,
      },
    },
    client.config.shape,
  )

async function told(asked: GenerateRequest) {
  const tokens: ToldToken[] = []
  const result = await client.generate(asked, never, [], (token) => tokens.push(token))
  return { tokens, result }
}

describe('tokens that are told', () => {
  test('come in order with what the answer has of them in the end', async () => {
    const { tokens, result } = await told(request({ capture: { hooks: [hook], positions: 'all' } }))
    expect(tokens.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(tokens.map(({ id }) => id)).toEqual([...result.completionIds])
    expect(Float32Array.from(tokens, (token) => token.logProbability)).toEqual(result.logProbabilities)
    expect(Float32Array.from(tokens, (token) => token.entropy)).toEqual(result.entropies)
    const all = result.captures[0].all!.data
    tokens.forEach(({ index, activations, divergence: none }) => {
      expect(activations).toEqual([{ hook, data: all.slice((19 + index) * 16, (20 + index) * 16) }])
      expect(none).toBeNull()
    })
  })

  test('change nothing of the answer', async () => {
    const { result } = await told(request())
    const plain = await client.generate(request(), never)
    expect(result.logProbabilities).toEqual(plain.logProbabilities)
  })
})

describe('an answer that is read along', () => {
  test('has the leader’s tokens, and the divergence that logits of both give', async () => {
    const steered = { interventions: [push()] }
    const [lead, follow] = await Promise.all([
      told(request({ ...steered, leads: 'word' })),
      told(request({ follows: 'word' })),
    ])
    expect(follow.result.completionIds).toEqual(lead.result.completionIds)
    const whole = Int32Array.from([...promptIds, ...lead.result.completionIds])
    const one = (further: Partial<GenerateRequest>) =>
      client.generate(
        request({ ...further, promptIds: whole, sampling: { ...request().sampling, maxNewTokens: 1 } }),
        never,
      )
    const [p, q] = [
      (await one({ ...steered, wantLogits: true })).logits!,
      (await one({ wantLogits: true })).logits!,
    ]
    const vocabulary = client.config.shape.vocabulary
    const row = (logits: Float32Array, at: number) => logits.subarray(at * vocabulary, (at + 1) * vocabulary)
    const scores = (await one({ scoreFrom: promptIds.length })).scores!
    follow.tokens.forEach((token, i) => {
      expect(token.divergence).toBeCloseTo(divergence(row(p, 19 + i), row(q, 19 + i)), 4)
      expect(token.divergence).toBeGreaterThan(0)
      expect(token.logProbability).toBeCloseTo(scores[i], 4)
    })
  })

  test('does not change the one that leads, nor is it changed by who else asks', async () => {
    const alone = await told(request({ interventions: [push()] }))
    const crowd = await Promise.all([
      told(request({ sampling: { ...request().sampling, seed: 'other' } })),
      told(request({ interventions: [push()], leads: 'word' })),
      told(request({ follows: 'word' })),
      told(request()),
    ])
    expect(crowd[1].result.logProbabilities).toEqual(alone.result.logProbabilities)
    const again = await Promise.all([
      told(request({ interventions: [push()], leads: 'word' })),
      told(request({ follows: 'word' })),
    ])
    expect(again[1].tokens).toEqual(crowd[2].tokens)
  })

  test('ends as the one that leads fails', async () => {
    const nan = push()
    const broken = { ...nan, change: { ...nan.change, alpha: 3e38 } } as Intervention
    const ended = await Promise.allSettled([
      told(request({ interventions: [broken, broken], leads: 'word' })),
      told(request({ follows: 'word' })),
    ])
    expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    for (const each of ended) expect(each).toMatchObject({ reason: { code: 'logits_not_finite' } })
    expect((await told(request())).tokens).toHaveLength(8)
  })

  test('ends when the one that leads is cancelled, and the worker goes on', async () => {
    const stop = new AbortController()
    const long = { ...request().sampling, maxNewTokens: 200 }
    const leading = client.generate(
      request({ leads: 'word', sampling: long }),
      stop.signal,
      [],
      ({ index }) => {
        if (index === 3) stop.abort()
      },
    )
    const following = told(request({ follows: 'word', sampling: long }))
    await expect(leading).rejects.toMatchObject({ name: 'AbortError' })
    await expect(following).rejects.toThrow(/cancelled/)
    expect((await told(request())).tokens).toHaveLength(8)
  })

  test('is refused where nobody leads by its word', async () => {
    await expect(told(request({ follows: 'nobody' }))).rejects.toThrow(/“nobody”/)
  })
})
