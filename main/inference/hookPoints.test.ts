// What hook points hold, on a small random model: the equations between them, and that reading them changes nothing.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import type { ModelShape } from '../contract/models.ts'
import { listHooks } from '../model/hookNames.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { prepareWeights } from '../model/prepareWeights.ts'
import type { CapturedHook, GenerateRequest, GenerateResult } from './requests.ts'
import { Scheduler } from './scheduler.ts'
import { DecoderSession } from './session.ts'

let folder: string
let session: DecoderSession
let shape: ModelShape
let hooks: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hooks-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'model')))
  const weights = await prepareWeights(files, { cacheFolder: folder })
  session = await DecoderSession.create(files.config, weights, { threads: 1 })
  shape = files.config.shape
  hooks = listHooks(shape).map(({ name }) => name)
})
afterAll(async () => {
  await session.release()
  await rm(folder, { recursive: true })
})

const prompt = Int32Array.from({ length: 140 }, (_, index) => (index * index * 31 + 7) % 259)
const request = (further: Partial<GenerateRequest> = {}): GenerateRequest => ({
  promptIds: prompt,
  earlierPrompts: [],
  sampling: { temperature: 1, topK: 0, topP: 1, maxNewTokens: 4, stopIds: [], seed: 'hooks' },
  capture: { hooks, positions: 'all' },
  ...further,
})
const scheduler = (): Scheduler => new Scheduler(session, { maxRows: 6, cacheBytes: 2 ** 26 })
const untimed = ({ prefillMs: _, decodeMs: __, ...rest }: GenerateResult): unknown => rest

const captured = (result: GenerateResult, name: string): NonNullable<CapturedHook['all']> => {
  const all = result.captures.find(({ hook }) => hook === name)?.all
  if (!all) throw new TypeError(`${name} was not captured`)
  return all
}
const largestDifference = (one: Float32Array, other: Float32Array): number => {
  expect(one.length).toBe(other.length)
  return one.reduce((most, value, index) => Math.max(most, Math.abs(value - other[index])), 0)
}
const sum = (...parts: Float32Array[]): Float32Array =>
  parts[0].map((_, index) => parts.reduce((total, part) => total + part[index], 0))

describe('hook points', () => {
  it('have the shapes that the table says, of every position', async () => {
    const result = await scheduler().submit(1, request())
    const positions = prompt.length + 4
    for (const { name, axes, sizes } of listHooks(shape)) {
      const { data, shape: found, axes: foundAxes } = captured(result, name)
      const wanted = axes === 'B H S T' ? [1, ...sizes, positions, positions] : [1, positions, ...sizes]
      expect({ name, axes: foundAxes, shape: found }).toEqual({ name, axes, shape: wanted })
      expect(data.length).toBe(wanted.reduce((product, size) => product * size, 1))
    }
  })

  it('add up: what is written to the residual stream is what it grows by', async () => {
    const result = await scheduler().submit(1, request())
    const value = (name: string): Float32Array => captured(result, name).data
    for (let layer = 0; layer < shape.layers; layer++) {
      const at = (name: string): Float32Array => value(`blocks.${layer}.${name}`)
      expect(
        largestDifference(sum(at('hook_resid_pre'), at('hook_attn_out')), at('hook_resid_mid')),
      ).toBeLessThan(1e-6)
      expect(
        largestDifference(sum(at('hook_resid_mid'), at('hook_mlp_out')), at('hook_resid_post')),
      ).toBeLessThan(1e-6)
      const { heads, residualWidth } = shape
      const results = at('attn.hook_result')
      const summed = at('hook_attn_out').map((_, index) => {
        const position = Math.floor(index / residualWidth)
        let total = 0
        for (let head = 0; head < heads; head++)
          total += results[(position * heads + head) * residualWidth + (index % residualWidth)]
        return total
      })
      expect(largestDifference(summed, at('hook_attn_out'))).toBeLessThan(1e-6)
    }
  })

  it('normalise: the stream divided by its scale is the normalised one, whose mean square is one', async () => {
    const result = await scheduler().submit(1, request())
    for (const [norm, stream] of [
      ['blocks.0.ln1', 'blocks.0.hook_resid_pre'],
      ['blocks.1.ln2', 'blocks.1.hook_resid_mid'],
      ['ln_final', 'blocks.1.hook_resid_post'],
    ]) {
      const scale = captured(result, `${norm}.hook_scale`).data
      const normalised = captured(result, `${norm}.hook_normalized`).data
      const values = captured(result, stream).data
      const divided = values.map((value, index) => value / scale[Math.floor(index / shape.residualWidth)])
      expect(largestDifference(divided, normalised)).toBeLessThan(1e-6)
      const squares = normalised.reduce((total, value) => total + value * value, 0)
      expect(squares / normalised.length).toBeCloseTo(1, 3)
    }
  })

  it('hold patterns whose rows sum to one and scores that are −∞ after the position itself', async () => {
    const result = await scheduler().submit(1, request())
    const pattern = captured(result, 'blocks.1.attn.hook_pattern').data
    const scores = captured(result, 'blocks.1.attn.hook_attn_scores').data
    const keys = prompt.length + 4
    for (let row = 0; row < shape.heads * keys; row++) {
      const position = row % keys
      const weights = pattern.subarray(row * keys, (row + 1) * keys)
      expect(weights.reduce((total, weight) => total + weight, 0)).toBeCloseTo(1, 5)
      expect(weights.subarray(position + 1).every((weight) => weight === 0)).toBe(true)
      const line = scores.subarray(row * keys, (row + 1) * keys)
      expect(line.subarray(0, position + 1).every(Number.isFinite)).toBe(true)
      expect(line.subarray(position + 1).every((score) => score === -Infinity)).toBe(true)
    }
  })

  it('hold the same bits alone, in a batch, after a shared prompt and beside requests that read others', async () => {
    const alone = await scheduler().submit(1, request())
    const crowd = scheduler()
    const others = [2, 3, 4].map((id) =>
      crowd.submit(
        id,
        request({
          promptIds: prompt.slice(0, 130 + id),
          capture: {
            hooks: id === 2 ? [] : hooks.filter((_, index) => index % id === 0),
            positions: 'decision',
          },
        }),
      ),
    )
    const beside = await crowd.submit(1, request())
    await Promise.all(others)
    expect(untimed(beside)).toEqual(untimed(alone))
    const again = await crowd.submit(9, request())
    expect(untimed(again)).toEqual(untimed(alone))
  })

  it('change no bit of the answer by being read', async () => {
    const { captures: _, ...read } = await scheduler().submit(1, request({ wantLogits: true }))
    const { captures: __, ...unread } = await scheduler().submit(
      1,
      request({ wantLogits: true, capture: { hooks: [], positions: 'decision' } }),
    )
    expect(untimed(read as GenerateResult)).toEqual(untimed(unread as GenerateResult))
  })

  it('of an episode’s next step begin where it begins, with keys from the first position on', async () => {
    const own = scheduler()
    await own.submit(1, request())
    const grown = Int32Array.from([...prompt.subarray(0, 100), 5, 6, 7, ...prompt.subarray(100)])
    const next = request({ promptIds: grown, earlierPrompts: [prompt] })
    const continued = await own.submit(2, next)
    const pattern = captured(continued, 'blocks.0.attn.hook_pattern')
    expect(pattern.firstPosition).toBe(100)
    expect(pattern.shape).toEqual([1, shape.heads, grown.length + 4 - 100, grown.length + 4])
    expect(untimed(await scheduler().submit(3, next))).toEqual(untimed(continued))
  })
})
