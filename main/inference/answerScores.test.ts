import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { seededGenerator } from '../analysis/seededGenerator.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import { makeIntervention, type Intervention, type InterventionDraft } from './interventions.ts'
import type { GenerateRequest, GenerateResult } from './requests.ts'
import { Scheduler } from './scheduler.ts'
import { DecoderSession } from './session.ts'

let folder: string
let session: DecoderSession
let scheduler: Scheduler
let next = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-scores-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'model'), { layers: 2 }))
  session = await DecoderSession.create(files.config, await prepareWeights(files, { cacheFolder: folder }), {
    threads: 1,
  })
  scheduler = new Scheduler(session, { maxRows: 2, cacheBytes: 2 ** 26 })
})
afterAll(async () => {
  await scheduler.close()
  await session.release()
  await rm(folder, { recursive: true })
})

const vocabulary = () => session.config.shape.vocabulary
function ids(seed: string, length: number): Int32Array {
  const random = seededGenerator(seed)
  return Int32Array.from({ length }, () => Math.floor(random() * vocabulary()))
}
const ask = (promptIds: Int32Array, further: Partial<GenerateRequest> = {}): Promise<GenerateResult> =>
  scheduler.submit(next++, {
    promptIds,
    earlierPrompts: [],
    sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: 6, stopIds: [], seed: 'seed' },
    capture: { hooks: [], positions: 'decision' },
    ...further,
  })

/** Natural logarithm of a token's probability, reckoned plainly. */
function plainly(logits: Float32Array, id: number): number {
  const largest = Math.max(...logits)
  return logits[id] - largest - Math.log(logits.reduce((sum, value) => sum + Math.exp(value - largest), 0))
}

describe('scores of a prompt’s own tokens', () => {
  const whole = () => ids('whole', 150) // more than one pass

  test('are the log-probabilities that its logits give them', async () => {
    const { logits } = await ask(whole(), { wantLogits: true })
    const { scores } = await ask(whole(), { scoreFrom: 100 })
    expect(scores).toHaveLength(50)
    scores!.forEach((score, i) => {
      const row = logits!.subarray((99 + i) * vocabulary(), (100 + i) * vocabulary())
      expect(score).toBeCloseTo(plainly(row, whole()[100 + i]), 5)
    })
  })

  test('are the same on top of an earlier prompt, and whatever was asked before', async () => {
    const alone = (await ask(whole(), { scoreFrom: 100 })).scores!
    await ask(whole().slice(0, 120))
    const onTop = (await ask(whole(), { scoreFrom: 100, earlierPrompts: [whole().slice(0, 90)] })).scores!
    onTop.forEach((score, i) => expect(score).toBeCloseTo(alone[i], 4))
  })

  test('of an answer are those that it was written with', async () => {
    const prompt = ids('prompt', 20)
    const { completionIds, logProbabilities } = await ask(prompt)
    const { scores } = await ask(Int32Array.from([...prompt, ...completionIds]), { scoreFrom: 20 })
    scores!.forEach((score, i) => expect(score).toBeCloseTo(logProbabilities[i], 4))
  })
})

test('the first token’s logits are those of the last prompt token', async () => {
  const prompt = ids('first', 40)
  const { logits } = await ask(prompt, { wantLogits: true })
  const { firstLogits } = await ask(prompt, { wantFirstLogits: true })
  const last = logits!.subarray(39 * vocabulary(), 40 * vocabulary())
  firstLogits!.forEach((value, i) => expect(value).toBeCloseTo(last[i], 4))
  expect((await ask(prompt)).firstLogits).toBeUndefined()
})

describe('a vector on generated tokens', () => {
  const prompt = () => ids('steered', 12)
  function add(further: Partial<InterventionDraft>, more: { halfLife?: number } = {}): Intervention {
    const width = session.config.shape.residualWidth
    const vector = {
      data: Float32Array.from({ length: width }, (_, i) => 4 * Math.sin(i)),
      rows: 1,
      units: 1,
    }
    return makeIntervention(
      {
        name: 'push',
        hook: 'blocks.1.hook_resid_post',
        heads: null,
        positions: 'everyGenerated',
        phase: 'decode',
        gate: null,
        leavesSink: false,
        ifAbsent: 'error',
        change: { kind: 'add', vector, alpha: 1, unit: 'vector', normMatched: false, ...more },
        ...further,
      },
      session.config.shape,
    )
  }
  const steered = async (...interventions: Intervention[]) => {
    const { completionIds, logProbabilities, interventions: counts } = await ask(prompt(), { interventions })
    return { ids: [...completionIds], log: [...logProbabilities], tokens: counts?.[0].tokens }
  }

  test('meets the first of them alone where that is said', async () => {
    const [none, first, all] = [
      await steered(),
      await steered(add({ positions: { generated: 2 } })),
      await steered(add({})),
    ]
    expect(first.tokens).toBe(2)
    expect(all.tokens).toBeGreaterThan(2)
    expect(first.log.slice(0, 3)).toEqual(all.log.slice(0, 3))
    expect(first.log[0]).toBe(none.log[0])
    expect(first.log[1]).not.toBe(none.log[1])
    expect(first.log).not.toEqual(all.log)
  })

  test('loses its size by half after each half-life', async () => {
    const all = await steered(add({}))
    expect(await steered(add({}, { halfLife: 1e12 }))).toEqual(all)
    const gone = await steered(add({}, { halfLife: 1e-3 }))
    const first = await steered(add({ positions: { generated: 1 } }))
    expect({ ...gone, tokens: null }).toEqual({ ...first, tokens: null })
  })
})
