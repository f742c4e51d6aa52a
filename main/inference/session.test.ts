// The facts on which docs/decisions/0001.md rests, one by one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import type { DecoderConfig, WeightMap } from '../model/modelFiles.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import { KeyValueCache } from './keyValueCache.ts'
import type { PassRow } from './passRow.ts'
import { DecoderSession } from './session.ts'

let folder: string
let config: DecoderConfig
let weights: WeightMap
let session: DecoderSession

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'session-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'model')))
  config = files.config
  weights = await prepareWeights(files, { cacheFolder: folder })
  session = await DecoderSession.create(config, weights, { threads: 1 })
})
afterAll(async () => {
  await session.release()
  await rm(folder, { recursive: true })
})

const ids = Int32Array.from({ length: 200 }, (_, index) => (index * index * 31 + 7) % 259)
const prefill = 90
const hook = 'blocks.1.hook_resid_post'

interface Setting {
  positions?: number
  width?: number
  slot?: number
  /** Slots of other rows, which run the same passes with other tokens. */
  others?: number[]
  boundaries?: number[]
  on?: DecoderSession
}

/** Residuals of a prompt and logits of three answers after it, of one row in any surroundings. */
async function bits(setting: Setting): Promise<Float32Array[]> {
  const { positions = 128, width = prefill, slot = 0, others = [], boundaries = [0, prefill] } = setting
  const on = setting.on ?? session
  const cache = new KeyValueCache(config.shape)
  cache.resize(Math.max(slot, ...others) + 1, positions)
  const found: Float32Array[] = []
  const pass = async (from: number, to: number, passWidth: number): Promise<void> => {
    const own: PassRow = { slot, kept: from, tokens: ids.subarray(from, to), logits: 'last' }
    const rows = [
      own,
      ...others.map((other): PassRow => {
        const count = 1 + ((other * 17) % (to - from))
        return {
          slot: other,
          kept: from,
          tokens: ids.subarray(100 - other, 100 - other + count),
          logits: 'last',
        }
      }),
    ].sort((one, other) => one.slot - other.slot)
    const place = rows.indexOf(own)
    const before = rows.slice(0, place).reduce((sum, { tokens }) => sum + tokens.length, 0)
    const { logits, hooks } = await on.forward(rows, passWidth, cache, [hook])
    const { residualWidth, vocabulary } = config.shape
    found.push(
      hooks.get(hook)?.slice(before * residualWidth, (before + to - from) * residualWidth) as Float32Array,
    )
    found.push(logits.slice(place * vocabulary, (place + 1) * vocabulary))
  }
  for (let chunk = 0; chunk + 1 < boundaries.length; chunk++)
    await pass(boundaries[chunk], boundaries[chunk + 1], width)
  for (let answer = 0; answer < 3; answer++) await pass(prefill + answer, prefill + answer + 1, 1)
  return found
}

describe('the bits of a pass', () => {
  it.each<[string, Setting]>([
    ['the same once more', {}],
    ['room for 192 positions', { positions: 192 }],
    ['room for 1024 positions', { positions: 1024 }],
    ['a wider grid', { width: 128 }],
    ['another slot', { slot: 3 }],
    ['one row beside it', { others: [1] }],
    ['rows on both sides, and gaps', { slot: 2, others: [0, 3, 6] }],
    ['fifteen rows beside it', { others: Array.from({ length: 15 }, (_, index) => index + 1) }],
  ])('do not depend on surroundings: %s', async (_, setting) => {
    expect(await bits(setting)).toEqual(await bits({}))
  })

  it('do not depend on the number of threads', async () => {
    const three = await DecoderSession.create(config, weights, { threads: 3 })
    expect(await bits({ on: three, others: [1, 2] })).toEqual(await bits({}))
    expect(await bits({ on: three })).toEqual(await bits({}))
    await three.release()
  })

  it('do depend on where passes begin, which is why that follows from the request', async () => {
    const cut = await bits({ boundaries: [0, 33, prefill] })
    expect(cut[cut.length - 1]).not.toEqual((await bits({})).at(-1))
  })

  it('of a token do not depend on what follows it in the pass', async () => {
    const whole = await bits({})
    const part = await bits({ boundaries: [0, 40], width: 40 })
    expect(part[0]).toEqual(whole[0].slice(0, 40 * config.shape.residualWidth))
  })
})

describe('what a pass leaves out', () => {
  it('gives no logits where none are wanted', async () => {
    const cache = new KeyValueCache(config.shape)
    cache.resize(1, 64)
    const { logits, hooks } = await session.forward(
      [{ slot: 0, kept: 0, tokens: ids.subarray(0, 5), logits: 'none' }],
      5,
      cache,
      ['hook_embed', 'blocks.0.hook_resid_pre'],
    )
    expect(logits).toHaveLength(0)
    expect(hooks.get('hook_embed')).toEqual(hooks.get('blocks.0.hook_resid_pre'))
    expect(hooks.size).toBe(2)
  })
})
