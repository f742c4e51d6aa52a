import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dequantised } from '../../tests/support/dequantised.ts'
import { tinyGguf } from '../../tests/support/tinyGguf.ts'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { writeGguf } from '../../tests/support/writeGguf.ts'
import { hashModel } from './hashModel.ts'
import type { WeightMap } from './modelFiles.ts'
import { openModelFiles } from './openModelFiles.ts'
import { prepareWeights } from './prepareWeights.ts'
import { readWeight } from './safetensors.ts'

let folder: string
let cacheFolder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prepare-'))
  cacheFolder = join(folder, 'cache', 'weights')
})
afterEach(() => rm(folder, { recursive: true }))

async function openTiny(quantised: boolean) {
  const { input, weights } = tinyGguf({ quantised })
  return { files: await openModelFiles(writeGguf(join(folder, 'tiny.gguf'), input)), weights }
}
async function expectSame(map: WeightMap, weights: ReadonlyMap<string, Float32Array>) {
  expect([...map.keys()].sort()).toEqual([...weights.keys()].sort())
  for (const [name, values] of weights) expect(await readWeight(map.get(name)!), name).toEqual(values)
}
const onlyCached = async () => join(cacheFolder, (await readdir(cacheFolder))[0])

describe('prepareWeights', () => {
  it('leaves safetensors where they lie', async () => {
    const files = await openModelFiles(await writeTinyModel(join(folder, 'hf')))
    const weights = await prepareWeights(files, { cacheFolder })
    for (const { file } of weights.values()) expect(file).toBe(files.weightFiles[0])
    expect(await readdir(folder)).toEqual(['hf'])
  })

  it('dequantises a GGUF and puts query and key rows back in order', async () => {
    const { files, weights } = await openTiny(true)
    const seen: number[] = []
    const map = await prepareWeights(files, { cacheFolder, onProgress: (fraction) => seen.push(fraction) })
    await expectSame(map, weights)
    expect(map.get('model.norm.weight')!.file).toBe(files.path)
    expect(seen.at(-1)).toBe(1)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
  })

  it('writes only permuted rows of a GGUF of plain floats', async () => {
    const { files, weights } = await openTiny(false)
    const map = await prepareWeights(files, { cacheFolder })
    await expectSame(map, weights)
    const moved = [...map].filter(([, { file }]) => file !== files.path).map(([name]) => name)
    expect(moved).toHaveLength(4)
    expect(moved.every((name) => /[qk]_proj/.test(name))).toBe(true)
  })

  it('takes what lies in the cache the next time', async () => {
    const { files, weights } = await openTiny(true)
    const hash = await hashModel(files)
    await prepareWeights(files, { cacheFolder, hash })
    const before = await stat(await onlyCached())
    await expectSame(await prepareWeights(files, { cacheFolder }), weights)
    const after = await stat(await onlyCached())
    expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs])
  })

  it('makes a cached file anew that is cut short or from another model', async () => {
    const { files, weights } = await openTiny(true)
    await prepareWeights(files, { cacheFolder })
    const path = await onlyCached()
    await truncate(path, (await stat(path)).size - 4)
    await expectSame(await prepareWeights(files, { cacheFolder }), weights)
    await writeFile(path, 'something else')
    await expectSame(await prepareWeights(files, { cacheFolder }), weights)
    await prepareWeights(files, { cacheFolder, hash: `${'0'.repeat(64)}` })
    expect(await readdir(cacheFolder)).toHaveLength(2)
  })

  it('stops when it is told to and leaves nothing behind', async () => {
    const { files } = await openTiny(true)
    const controller = new AbortController()
    const reason = new Error('enough')
    const work = prepareWeights(files, {
      cacheFolder,
      hash: 'a'.repeat(64),
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    })
    await expect(work).rejects.toBe(reason)
    expect(await readdir(cacheFolder)).toEqual([])
  })

  it('keeps a GGUF’s blocks as they are, rows of queries and keys back in order', async () => {
    const { files, weights } = await openTiny(true)
    const map = await prepareWeights(files, { cacheFolder, dtype: 'gguf' })
    const back = await dequantised(files.config, map, folder)
    expect(back.config).toEqual(files.config)
    await expectSame(back.weights, weights)
    expect([...map].some(([name, { dtype }]) => dtype === 'float32' && /_proj.weight$/.test(name))).toBe(
      false,
    )
    const bytes = (await stat(await onlyCached())).size
    expect(bytes).toBeLessThan(
      1.2 * [...weights.values()].reduce((sum, { length }) => sum + length, 0) + 8192,
    )
  })

  it('takes GGUF’s minima along', async () => {
    const files = await openModelFiles(
      writeGguf(join(folder, 'q4.gguf'), tinyGguf({ quantised: 'Q4_1' }).input),
    )
    const floats = await prepareWeights(files, { cacheFolder })
    const blocks = await prepareWeights(files, { cacheFolder, dtype: 'gguf' })
    const { weights } = await dequantised(files.config, blocks, folder)
    for (const [name, weight] of floats) {
      const [expected, found] = [await readWeight(weight), await readWeight(weights.get(name)!)]
      // Steps and minima are multiples of powers of two here, so that nothing is rounded.
      expect(found, name).toEqual(expected)
    }
  })

  it.each(['int8', 'int4'] as const)(
    'rounds matrices to %s and leaves the rest where it lies',
    async (dtype) => {
      const files = await openModelFiles(await writeTinyModel(join(folder, 'hf'), { scale: 4 }))
      const map = await prepareWeights(files, { cacheFolder, dtype })
      const floats = await prepareWeights(files, { cacheFolder })
      const { config, weights } = await dequantised(files.config, map, folder)
      expect(config.tiedEmbeddings).toBe(false)
      for (const [name, weight] of floats) {
        const isRounded = /_proj.weight$/.test(name)
        if (!isRounded) expect(map.get(name), name).toEqual(weight)
        else expect(map.has(name), name).toBe(false)
        const head = name === 'model.embed_tokens.weight' ? 'lm_head.weight' : name
        const found = await readWeight(weights.get(head)!)
        const steps = isRounded && dtype === 'int4' ? 7 : 127
        const values = await readWeight(weight)
        // Numbers lie within ±0.4, so half a step is at most 0.4 / 7 / 2.
        const largest = values.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i])), 0)
        expect(largest, name).toBeLessThan(0.401 / steps / 2)
        if (isRounded) expect(largest, name).toBeGreaterThan(0.3 / steps / 2)
      }
    },
  )

  it('leaves matrices whose rows are no whole blocks as they are', async () => {
    const files = await openModelFiles(await writeTinyModel(join(folder, 'hf')))
    expect(await prepareWeights(files, { cacheFolder, dtype: 'int4' })).toEqual(
      await prepareWeights(files, { cacheFolder }),
    )
  })

  it('refuses blocks of a model that has none, and rounding what is rounded', async () => {
    const safetensors = await openModelFiles(await writeTinyModel(join(folder, 'hf')))
    const { files } = await openTiny(true)
    const unavailable = expect.objectContaining({ code: 'dtype_unavailable' })
    await expect(prepareWeights(safetensors, { cacheFolder, dtype: 'gguf' })).rejects.toThrow(unavailable)
    await expect(prepareWeights(files, { cacheFolder, dtype: 'int4' })).rejects.toThrow(unavailable)
    const plain = writeGguf(join(folder, 'plain.gguf'), tinyGguf({ quantised: false }).input)
    const floats = await openModelFiles(plain)
    await expect(prepareWeights(floats, { cacheFolder, dtype: 'gguf' })).rejects.toThrow(unavailable)
  })

  it('names a cache folder that cannot be made', async () => {
    const { files } = await openTiny(true)
    await writeFile(join(folder, 'cache'), 'a file')
    await expect(prepareWeights(files, { cacheFolder })).rejects.toMatchObject({ code: 'file_unwritable' })
  })
})
