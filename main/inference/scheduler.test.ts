import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { seededGenerator } from '../analysis/seededGenerator.ts'
import type { DecoderConfig, WeightMap } from '../model/modelFiles.ts'
import { bytesPerPosition } from '../model/memoryEstimate.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import { chunkLength } from './prefixChain.ts'
import type { GenerateRequest, GenerateResult } from './requests.ts'
import { Scheduler, type SchedulerOptions } from './scheduler.ts'
import { DecoderSession } from './session.ts'

let folder: string
let config: DecoderConfig
let weights: WeightMap
let session: DecoderSession
let twoThreads: DecoderSession

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scheduler-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'model'), { layers: 3 }))
  config = files.config
  weights = await prepareWeights(files, { cacheFolder: folder })
  session = await DecoderSession.create(config, weights, { threads: 1 })
  twoThreads = await DecoderSession.create(config, weights, { threads: 2 })
})
afterAll(async () => {
  await session.release()
  await twoThreads.release()
  await rm(folder, { recursive: true })
})

const mebibyte = 2 ** 20
const scheduler = (
  maxRows: number,
  cacheBytes = 64 * mebibyte,
  on = session,
  further: Partial<SchedulerOptions> = {},
): Scheduler =>
  new Scheduler(on, {
    maxRows,
    cacheBytes,
    ...further,
  })

const hooks = ['blocks.0.hook_resid_post', 'blocks.2.hook_resid_post']

function randomIds(seed: string, length: number): Int32Array {
  const next = seededGenerator(seed)
  return Int32Array.from({ length }, () => Math.floor(next() * config.shape.vocabulary))
}

const request = (promptIds: Int32Array, further: Partial<GenerateRequest> = {}): GenerateRequest => ({
  promptIds,
  earlierPrompts: [],
  sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: 5, stopIds: [], seed: 'seed' },
  capture: { hooks, positions: 'decision' },
  ...further,
})

/** All that a result says but its timings. */
function content({ prefillMs: _, decodeMs: __, ...rest }: GenerateResult): unknown {
  return rest
}

/** Episodes of a few steps: each prompt keeps some of the one before, as a growing history does. */
function randomEpisode(seed: string): GenerateRequest[] {
  const next = seededGenerator(`${seed} lengths`)
  const below = (limit: number): number => Math.floor(next() * limit)
  const prompts: Int32Array[] = []
  const requests: GenerateRequest[] = []
  let prompt = randomIds(`${seed} 0`, 1 + below(300))
  for (let step = 0; step < 4; step++) {
    const sampling = {
      temperature: below(2),
      topK: below(2) * 20,
      topP: below(2) ? 0.9 : 1,
      maxNewTokens: 1 + below(8),
      stopIds: [below(config.shape.vocabulary), 7],
      seed: `${seed}/${step}`,
    }
    const positions = below(2) ? ('all' as const) : ('decision' as const)
    requests.push(request(prompt, { earlierPrompts: [...prompts], sampling, capture: { hooks, positions } }))
    prompts.push(prompt)
    const kept = below(prompt.length + 1)
    prompt = Int32Array.from([
      ...prompt.subarray(0, kept),
      ...randomIds(`${seed} ${step + 1}`, 1 + below(200)),
    ])
  }
  return requests
}

async function playAlone(requests: GenerateRequest[]): Promise<unknown[]> {
  const results: unknown[] = []
  for (const each of requests) results.push(content(await scheduler(1).submit(1, each)))
  return results
}

describe('a result is a function of model and request', () => {
  it('has the same bits alone and in any crowd, whatever is cached, cancelled or in short supply', async () => {
    const episodes = Array.from({ length: 10 }, (_, index) => randomEpisode(`episode ${index}`))
    const expected = await Promise.all(episodes.map(playAlone))
    const bytes = bytesPerPosition(config.shape)
    for (const [crowd, rows, budget, on] of [
      ['wide', 10, 64 * mebibyte, session],
      ['narrow', 3, 64 * mebibyte, session],
      ['short of memory', 10, 1600 * bytes, session],
      ['two threads', 6, 64 * mebibyte, twoThreads],
    ] as const) {
      const busy = scheduler(rows, budget, on)
      const next = seededGenerator(crowd)
      let id = 0
      const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, next() * 20))
      await Promise.all([
        ...episodes.map(async (requests, episode) => {
          await pause()
          for (const [step, each] of requests.entries()) {
            if (next() < 0.3) {
              const dropped = ++id
              void busy.submit(dropped, each)
              await pause()
              busy.cancel(dropped)
            }
            const result = content(await busy.submit(++id, each))
            expect(result, `${crowd}, episode ${episode}, step ${step}`).toEqual(expected[episode][step])
          }
        }),
      ])
      const stats = busy.stats()
      expect([stats.running, stats.waiting]).toEqual([0, 0])
      if (crowd === 'wide') expect(stats.continued).toBeGreaterThan(0)
      expect(stats.replayedPrompts).toBeGreaterThan(0)
    }
  })

  it('gives the same when the prompt is a first prompt of many, copied from one', async () => {
    const prompt = randomIds('shared', chunkLength + 40)
    const longer = Int32Array.from([...prompt, 1, 2, 3])
    const alone = await scheduler(1).submit(1, request(prompt))
    const aloneLonger = await scheduler(1).submit(1, request(longer))
    const many = scheduler(6)
    const results = await Promise.all([0, 1, 2, 3].map((id) => many.submit(id, request(prompt))))
    const other = await many.submit(9, request(longer))
    for (const result of results) expect(content(result)).toEqual(content(alone))
    expect(content(other)).toEqual(content(aloneLonger))
    // Two chunks once for the prompt, and for the longer one only what follows the first chunk.
    expect(many.stats().prefillTokens).toBe(chunkLength + 40 + 43)
  })

  it('gives the same when the new parts of several prompts run in one pass', async () => {
    const chains = [0, 1, 2, 3].map((chain) => {
      const first = randomIds(`${chain} first`, 150 + 20 * chain)
      const second = Int32Array.from([...first, ...randomIds(`${chain} second`, 20 + chain)])
      const open = request(first, { capture: { hooks: chain % 2 ? hooks : [], positions: 'all' } })
      return [open, { ...open, promptIds: second, earlierPrompts: [first] }]
    })
    const together = scheduler(8)
    await Promise.all(chains.map(([open], id) => together.submit(id, open)))
    const before = together.stats()
    const results = await Promise.all(chains.map(([, next], id) => together.submit(10 + id, next)))
    const after = together.stats()
    expect(after.prefillRows - before.prefillRows).toBe(4)
    expect(after.prefillPasses - before.prefillPasses).toBe(2) // two rows are a quarter of the cache, which is what a copy may take
    for (const [chain, requests] of chains.entries())
      expect(content(results[chain])).toEqual((await playAlone(requests))[1])
  })

  it('shares no first prompt with a request that wants a hook which was not recorded', async () => {
    const prompt = randomIds('hooks', 30)
    const one = scheduler(2)
    await one.submit(1, request(prompt, { capture: { hooks: [], positions: 'decision' } }))
    const result = await one.submit(2, request(prompt))
    expect(content(result)).toEqual(content(await scheduler(1).submit(1, request(prompt))))
  })
})

describe('what a request gets', () => {
  it('has activations and logits of every position that agree with one another', async () => {
    const prompt = randomIds('all', 20)
    const capture = { hooks, positions: 'all' as const }
    const result = await scheduler(1).submit(1, request(prompt, { capture, wantLogits: true }))
    const { shape } = config
    const generated = result.completionIds.length
    expect(result.logits).toHaveLength((20 + generated) * shape.vocabulary)
    for (const { width, all, lastPrompt, firstGenerated, meanPrompt, meanGenerated } of result.captures) {
      if (!all) throw new Error('positions were asked for')
      expect(all.firstPosition).toBe(0)
      expect(all.data).toHaveLength((20 + generated) * width)
      expect(lastPrompt).toEqual(all.data.slice(19 * width, 20 * width))
      expect(firstGenerated).toEqual(all.data.slice(20 * width, 21 * width))
      const mean = (from: number, to: number, column: number): number => {
        let sum = 0
        for (let row = from; row < to; row++) sum += all.data[row * width + column]
        return Math.fround(sum / (to - from))
      }
      expect(meanPrompt?.[3]).toBe(mean(1, 20, 3))
      expect(meanGenerated[5]).toBe(mean(20, 20 + generated, 5))
    }
    // The logits at each position before a token are those it was drawn from.
    const row = result.logits?.subarray(19 * shape.vocabulary, 20 * shape.vocabulary) ?? []
    const largest = Math.max(...row)
    const logSum = largest + Math.log([...row].reduce((sum, value) => sum + Math.exp(value - largest), 0))
    expect(result.logProbabilities[0]).toBeCloseTo(row[result.completionIds[0]] - logSum, 5)
  })

  it('has no mean over a prompt of one token, because position 0 is left out', async () => {
    const result = await scheduler(1).submit(1, request(Int32Array.of(5)))
    expect(result.captures[0].meanPrompt).toBeNull()
  })

  it('ends with the stop token where one is drawn', async () => {
    const prompt = randomIds('stop', 12)
    const free = await scheduler(1).submit(1, request(prompt))
    const sampling = { ...request(prompt).sampling, stopIds: [free.completionIds[2]] }
    const stopped = await scheduler(1).submit(1, request(prompt, { sampling }))
    const place = free.completionIds.indexOf(free.completionIds[2])
    expect(stopped.finish).toBe('stop')
    expect(stopped.completionIds).toEqual(free.completionIds.slice(0, place + 1))
    expect(free.finish).toBe('length')
  })

  it('says how much of the prompt before was reused, cached or not', async () => {
    const first = randomIds('first', 50)
    const second = Int32Array.from([...first.subarray(0, 30), 1, 2, 3])
    const result = await scheduler(1).submit(1, request(second, { earlierPrompts: [first] }))
    expect(result.reusedTokens).toBe(first[30] === 1 ? 31 : 30)
    const same = await scheduler(1).submit(1, request(first, { earlierPrompts: [first] }))
    expect(same.reusedTokens).toBe(49)
  })
})

describe('turns', () => {
  it('lets a short prompt answer while a long one is still being read', async () => {
    const both = scheduler(2)
    const order: string[] = []
    const long = both.submit(1, request(randomIds('long', 1500))).then(() => order.push('long'))
    const short = both.submit(2, request(randomIds('short', 10))).then(() => order.push('short'))
    await Promise.all([long, short])
    expect(order).toEqual(['short', 'long'])
  })

  it('refuses a sequence whose keys and values would not fit at all', async () => {
    const small = scheduler(4, 300 * bytesPerPosition(config.shape))
    const tooLong = small.submit(1, request(randomIds('too long', 400)))
    const fits = small.submit(2, request(randomIds('fits', 40)))
    await expect(tooLong).rejects.toMatchObject({ code: 'not_enough_memory' })
    await expect(fits).resolves.toMatchObject({ finish: 'length' })
  })

  it('goes on with the others when one is cancelled', async () => {
    const some = scheduler(3)
    void some.submit(1, request(randomIds('cancelled', 200)))
    const other = some.submit(2, request(randomIds('other', 60)))
    some.cancel(1)
    await expect(other).resolves.toMatchObject({ finish: 'length' })
    expect(some.stats().running).toBe(0)
  })
})

describe('memory', () => {
  it('gives fewer slots to requests that record more', async () => {
    const bytes = bytesPerPosition(config.shape)
    const run = async (captured: string[]): Promise<number> => {
      const some = scheduler(8, 8 * 128 * bytes)
      const capture = { hooks: captured, positions: 'decision' as const }
      await Promise.all([1, 2, 3].map((id) => some.submit(id, request(randomIds(`${id}`, 40), { capture }))))
      return some.stats().cacheBytes
    }
    expect(await run(hooks)).toBeLessThan(await run([]))
  })

  it('gives room back after a long request', async () => {
    const some = scheduler(2)
    await some.submit(1, request(randomIds('long', 1500)))
    const long = some.stats().cacheBytes
    await some.submit(2, request(randomIds('short', 20)))
    expect(some.stats().cacheBytes).toBeLessThan(long)
  })

  it('makes a request wait, rather than refusing it, that fits only once others have ended', async () => {
    const bytes = bytesPerPosition(config.shape)
    const some = scheduler(2, 1100 * bytes)
    const capture = { hooks: [], positions: 'decision' as const }
    const long = some.submit(1, request(randomIds('long', 900), { capture }))
    const captured = request(randomIds('many hooks', 40))
    const other = some.submit(2, captured)
    await expect(long).resolves.toMatchObject({ finish: 'length' })
    expect(content(await other)).toEqual(content(await scheduler(1).submit(1, captured)))
  })

  it('begins no request that records more while the budget has no room for it beside others', async () => {
    const some = scheduler(2, 2 * 256 * bytesPerPosition(config.shape))
    const { sampling } = request(randomIds('', 1))
    const plain = request(randomIds('plain', 100), {
      capture: { hooks: [], positions: 'decision' },
      sampling: { ...sampling, maxNewTokens: 60 },
    })
    const first = some.submit(1, plain)
    const second = some.submit(2, request(randomIds('captured', 100)))
    await first
    expect(some.stats().prefillTokens).toBe(100)
    await second
    expect(some.stats().prefillTokens).toBe(200)
  })

  it('takes the room of a request that fits exactly', async () => {
    const exact = scheduler(1, 128 * bytesPerPosition(config.shape, 2 * config.shape.residualWidth))
    await expect(exact.submit(1, request(randomIds('exact', 120)))).resolves.toMatchObject({
      finish: 'length',
    })
    await expect(exact.submit(2, request(randomIds('more', 130)))).rejects.toMatchObject({
      code: 'not_enough_memory',
    })
  })

  it('refuses one request where the machine has less than the budget says; running ones begin again', async () => {
    let left = Infinity
    const allocate = (length: number): Float32Array => {
      if (left-- === 0) throw new RangeError('Array buffer allocation failed')
      return new Float32Array(length)
    }
    const some = scheduler(3, 64 * mebibyte, session, { allocate })
    const small = [1, 2].map((id) =>
      request(randomIds(`${id}`, 50), {
        sampling: { ...request(randomIds('', 1)).sampling, maxNewTokens: 40 },
      }),
    )
    const running = small.map((each, id) => some.submit(id, each))
    await new Promise((resolve) => setTimeout(resolve, 5))
    left = 3
    await expect(some.submit(9, request(randomIds('large', 700)))).rejects.toMatchObject({
      code: 'not_enough_memory',
    })
    for (const [index, each] of small.entries())
      expect(content(await running[index])).toEqual(content(await scheduler(1).submit(1, each)))
    await expect(some.submit(10, request(randomIds('large', 700)))).resolves.toBeDefined()
  })
})

describe('faults', () => {
  it('rejects a request that cannot even be begun, and goes on with the next', async () => {
    const some = scheduler(2)
    const { sampling } = request(randomIds('seed', 20))
    const noSeed = { ...sampling, seed: undefined as unknown as string }
    const broken = some.submit(1, request(randomIds('broken', 20), { sampling: noSeed }))
    const sound = some.submit(2, request(randomIds('sound', 20)))
    await expect(broken).rejects.toThrow(TypeError)
    await expect(sound).resolves.toMatchObject({ finish: 'length' })
    expect(some.stats()).toMatchObject({ running: 0, waiting: 0 })
  })

  it('of ONNX Runtime itself fail every request, waiting ones too', async () => {
    const some = scheduler(1)
    const beyond = some.submit(1, request(Int32Array.of(3, config.shape.vocabulary + 5)))
    const next = some.submit(2, request(randomIds('next', 20)))
    for (const each of [beyond, next]) await expect(each).rejects.toThrow(/bounds|indices/)
    expect(some.stats()).toMatchObject({ running: 0, waiting: 0 })
  })
})
