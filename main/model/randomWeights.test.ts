import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import type { WeightMap } from './modelFiles.ts'
import { openModelFiles } from './openModelFiles.ts'
import { prepareWeights } from './prepareWeights.ts'
import { redrawWeights } from './randomWeights.ts'
import { readWeight } from './safetensors.ts'

let folder: string
let weights: WeightMap
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'innerview-redraw-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'tiny')))
  weights = await prepareWeights(files, { cacheFolder: folder })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const options = { seed: 1, signal: new AbortController().signal, onProgress: () => {} }
const momentsOf = (values: Float32Array): [mean: number, spread: number] => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)]
}

describe('weights drawn anew', () => {
  test('keep names and shapes, and each tensor about the mean and spread that it had', async () => {
    const fractions: number[] = []
    const onProgress = (fraction: number) => void fractions.push(fraction)
    const drawn = await redrawWeights(weights, join(folder, 'a.safetensors'), { ...options, onProgress })
    expect([...drawn.keys()]).toEqual([...weights.keys()])
    expect(fractions.at(-1)).toBe(1)
    for (const [name, weight] of weights) {
      const own = drawn.get(name)!
      expect([own.shape, own.isTransposed]).toEqual([weight.shape, weight.isTransposed])
      const [before, after] = [await readWeight(weight), await readWeight(own)]
      const [[mean, spread], [newMean, newSpread]] = [momentsOf(before), momentsOf(after)]
      // Five standard errors of n independent normal numbers.
      const allowed = (5 * spread) / Math.sqrt(before.length) + 1e-6
      expect(Math.abs(newMean - mean)).toBeLessThan(allowed)
      expect(Math.abs(newSpread - spread)).toBeLessThan(allowed)
      if (spread > 0) expect(after).not.toEqual(before)
    }
  })

  test('are the same for the same seed and others for another', async () => {
    const name = 'model.embed_tokens.weight'
    const read = async (file: string, seed: number) =>
      readWeight((await redrawWeights(weights, join(folder, file), { ...options, seed })).get(name)!)
    const first = await read('b.safetensors', 1)
    expect(await read('c.safetensors', 1)).toEqual(first)
    expect(await read('d.safetensors', 2)).not.toEqual(first)
  })

  test('leave no file when they are stopped', async () => {
    const file = join(folder, 'e.safetensors')
    const stopped = redrawWeights(weights, file, { ...options, signal: AbortSignal.abort(new Error('no')) })
    await expect(stopped).rejects.toThrow('no')
    expect(existsSync(file)).toBe(false)
  })
})
