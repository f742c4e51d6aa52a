import { mkdir, mkdtemp, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as onnx from 'onnxruntime-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { writeTinyModel } from '../../tests/support/tinyModel.ts'
import { cacheNames } from './attentionGraph.ts'
import { logitsOutput, writeDecoderGraph } from './decoderGraph.ts'
import { flagsFor, hookFlags } from './hookGraph.ts'
import { listHooks, type HookPoint } from './hookNames.ts'
import type { DecoderConfig, WeightMap } from './modelFiles.ts'
import { passInputs } from './passInputs.ts'
import { openModelFiles } from './openModelFiles.ts'
import { prepareWeights } from './prepareWeights.ts'

let folder: string
let config: DecoderConfig
let weights: WeightMap

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'graph-'))
  const files = await openModelFiles(await writeTinyModel(join(folder, 'model')))
  config = files.config
  weights = await prepareWeights(files, { cacheFolder: folder })
})
afterEach(() => rm(folder, { recursive: true }))

async function load(from: WeightMap): Promise<onnx.InferenceSession> {
  const { model, folder: weightsFolder } = writeDecoderGraph(config, from)
  return onnx.InferenceSession.create(model, {
    logSeverityLevel: 3,
    extra: { session: { model_external_initializers_file_folder_path: `${weightsFolder}/` } },
  })
}

const { positions: _, windowCosines: __, windowSines: ___, windowMask: ____, ...llamaInputs } = passInputs
const plainInputs = Object.values(llamaInputs)

describe('a decoder’s graph', () => {
  it('has every hook point, the logits and each layer’s new keys and values as outputs', async () => {
    const session = await load(weights)
    const layers = Array.from({ length: config.shape.layers }, (_, layer) => cacheNames(layer))
    const hooks = listHooks(config.shape).map(({ name }) => name)
    const caches = layers.flatMap(({ newKeys, newValues }) => [newKeys, newValues])
    expect([...session.outputNames].sort()).toEqual([...hooks, ...caches, logitsOutput].sort())
    const kept = layers.flatMap(({ keptKeys, keptValues }) => [keptKeys, keptValues])
    const inputs = [...plainInputs, ...kept, ...hookFlags(config.shape)]
    expect([...session.inputNames].sort()).toEqual(inputs.sort())
    await session.release()
  })

  it('holds no weights itself', () => {
    const bytes = [...weights.values()].reduce((sum, { byteLength }) => sum + byteLength, 0)
    const { model } = writeDecoderGraph(config, weights)
    const text = Buffer.from(model).toString('latin1')
    expect(text).toContain('model.safetensors')
    expect(model.length).toBeLessThan(100_000)
    expect(bytes).toBeGreaterThan(20_000)
  })

  it('finds weights behind links and in several folders', async () => {
    const blobs = join(folder, 'blobs')
    await mkdir(blobs)
    await rename(join(folder, 'model', 'model.safetensors'), join(blobs, 'abc123'))
    await symlink(join('..', 'blobs', 'abc123'), join(folder, 'model', 'model.safetensors'))
    const session = await load(weights)
    await session.release()
    const other = await openModelFiles(await writeTinyModel(join(folder, 'other')))
    const apart = new Map(await prepareWeights(other, { cacheFolder: folder }))
    const [name, tensor] = [...weights][3]
    apart.set(name, tensor)
    expect(writeDecoderGraph(config, apart).folder).toMatch(/graph-[^/\\]+$/)
    await (await load(apart)).release()
  })

  it('is not written for weights that lack a tensor', () => {
    const fewer = new Map(weights)
    fewer.delete('model.layers.1.mlp.down_proj.weight')
    expect(() => writeDecoderGraph(config, fewer)).toThrow(TypeError)
  })
})

describe('hook points in a decoder’s graph', () => {
  const feedsFor = (flags: ReadonlySet<string>): Record<string, onnx.Tensor> => {
    const { layers, keyValueHeads, headWidth } = config.shape
    const feeds: Record<string, onnx.Tensor> = {
      [passInputs.tokens]: new onnx.Tensor('int32', Int32Array.of(1, 2, 3), [3]),
      [passInputs.cosines]: new onnx.Tensor('float32', new Float32Array((3 * headWidth) / 2).fill(1), [
        3,
        headWidth / 2,
      ]),
      [passInputs.sines]: new onnx.Tensor('float32', new Float32Array((3 * headWidth) / 2), [
        3,
        headWidth / 2,
      ]),
      [passInputs.grid]: new onnx.Tensor('int32', Int32Array.of(0, 1, 2), [1, 3]),
      [passInputs.cells]: new onnx.Tensor('int32', Int32Array.of(0, 1, 2), [3]),
      [passInputs.mask]: new onnx.Tensor('float32', new Float32Array(9), [1, 1, 3, 3]),
      [passInputs.logitRows]: new onnx.Tensor('int32', Int32Array.of(2), [1]),
    }
    for (const name of hookFlags(config.shape)) feeds[name] = new onnx.Tensor('bool', [flags.has(name)], [])
    for (let layer = 0; layer < layers; layer++) {
      const { keptKeys, keptValues } = cacheNames(layer)
      for (const name of [keptKeys, keptValues])
        feeds[name] = new onnx.Tensor('float32', new Float32Array(0), [1, keyValueHeads, 0, headWidth])
    }
    return feeds
  }

  it('are computed where they are fetched and nowhere else', async () => {
    const session = await load(weights)
    const points = listHooks(config.shape)
    const fetched = points.find(({ name }) => name === 'blocks.1.attn.hook_result') as HookPoint
    const results = await session.run(feedsFor(flagsFor([fetched])))
    const computed = points.filter(({ name }) => results[name].data.length > 0).map(({ name }) => name)
    expect(computed).toEqual(['blocks.1.attn.hook_result'])
    await session.release()
  })
})
