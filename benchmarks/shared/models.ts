// A model for a benchmark: its weights in any dtype, and the forms of it that peers read.
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ComputeDtype } from '../../main/contract/models.ts'
import { defaultCache } from '../../main/folders.ts'
import type { DecoderConfig, ModelFiles, WeightMap } from '../../main/model/modelFiles.ts'
import { openModelFiles } from '../../main/model/openModelFiles.ts'
import { dtypeRefusal, prepareWeights } from '../../main/model/prepareWeights.ts'
import { readWeight, writeSafetensors } from '../../main/model/safetensors.ts'
import { askPeer } from './peers.ts'

export const embeddedPath = fileURLToPath(new URL('../../resources/embeddedModel', import.meta.url))

/** The path of `--model`. @throws TypeError where there is none */
export function modelPath(given: string | undefined): string {
  if (given === undefined) throw new TypeError('Give a model: --model PATH')
  return given === 'embedded' ? embeddedPath : given
}

/** A model's numbers and weights. Blocks of a GGUF file are made floats first where the dtype is int8 or int4. */
export async function openWeights(
  path: string,
  dtype: ComputeDtype = 'float32',
): Promise<{ name: string; config: DecoderConfig; weights: WeightMap }> {
  const files = await openModelFiles(path)
  const source = dtypeRefusal(files, dtype) === null ? files : await inFloats(files)
  const weights = await prepareWeights(source, { cacheFolder: defaultCache(), dtype })
  return { name: files.name, config: files.config, weights }
}

/** The same model with all weights in one file of floats in the cache. */
async function inFloats(files: ModelFiles): Promise<ModelFiles> {
  const file = join(peerFolder(files.name), 'floats.safetensors')
  if (!existsSync(file)) {
    const weights = await prepareWeights(files, { cacheFolder: defaultCache() })
    await mkdir(dirname(file), { recursive: true })
    async function* values(name: string): AsyncGenerator<Float32Array> {
      yield await readWeight(weights.get(name)!)
    }
    const tensors = Array.from(weights, ([name, { shape }]) => ({
      ...{ name, shape, dtype: 'F32' as const },
      data: values(name),
    }))
    await writeSafetensors(file, tensors)
  }
  return { ...files, format: 'safetensors', dtype: 'float32', weightFiles: [file] }
}

const peerFolder = (name: string): string => join(defaultCache(), 'benchmarks', name)

export interface PeerModel {
  /** For transformers and TransformerLens: a folder in float32. */
  folder: string
  /** For llama.cpp, by dtype; null where the model is such a folder itself. */
  gguf: { float32: string; int8: string } | null
}

/** The model as peers read it, made once. @returns null where a package is missing */
export function peerModel(python: string, path: string, name: string): PeerModel | null {
  if (!path.endsWith('.gguf')) return { folder: path, gguf: null }
  const folder = peerFolder(name)
  const files = {
    folder: join(folder, 'float32'),
    gguf: { float32: join(folder, 'f32.gguf'), int8: join(folder, 'q8_0.gguf') },
  }
  const isThere = [join(files.folder, 'config.json'), ...Object.values(files.gguf)].every(existsSync)
  return isThere ? files : askPeer<PeerModel>(python, 'convertModel', { ...files, model: path })
}
