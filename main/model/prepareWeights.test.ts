import { mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
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

  it('names a cache folder that cannot be made', async () => {
    const { files } = await openTiny(true)
    await writeFile(join(folder, 'cache'), 'a file')
    await expect(prepareWeights(files, { cacheFolder })).rejects.toMatchObject({ code: 'file_unwritable' })
  })
})
