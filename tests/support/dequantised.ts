// A model's weights with every matrix in blocks as floats again: what a graph on blocks is compared with.
// Written apart from the graph's own arithmetic on purpose, so that one can convict the other.
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { asWeight, readSafetensorsHeader, writeSafetensors } from '../../main/model/safetensors.ts'
import type { TensorToWrite } from '../../main/model/safetensors.ts'
import type { DecoderConfig, WeightMap, WeightTensor } from '../../main/model/modelFiles.ts'

async function bytesOf({ file, offset, byteLength }: WeightTensor): Promise<Uint8Array> {
  const handle = await open(file, 'r')
  try {
    return (await handle.read(new Uint8Array(byteLength), 0, byteLength, offset)).buffer
  } finally {
    await handle.close()
  }
}

async function floatsOf(weights: WeightMap, name: string): Promise<Float32Array | null> {
  const tensor = weights.get(name)
  return tensor ? new Float32Array((await bytesOf(tensor)).buffer as ArrayBuffer) : null // a buffer of its own
}

async function multiplied(weights: WeightMap, name: string): Promise<Float32Array> {
  const places = weights.get(`${name}.blocks`)
  if (!places) throw new TypeError(`${name} is not in blocks`)
  const low = weights.get(`${name}.blocks.low`)
  const upper = await bytesOf(places)
  const lower = low ? await bytesOf(low) : null
  const scales = await floatsOf(weights, `${name}.blocks.scales`)
  const offsets = await floatsOf(weights, `${name}.blocks.offsets`)
  const size = 2 * places.shape[2]
  const half = (bytes: Uint8Array, i: number) => (i % 2 === 0 ? bytes[i >> 1] & 15 : bytes[i >> 1] >> 4)
  return Float32Array.from({ length: 2 * upper.length }, (_, i) => {
    const block = Math.floor(i / size)
    const integer = lower ? half(upper, i) * 16 + half(lower, i) - 128 : half(upper, i) - 8
    return (scales?.[block] ?? Number.NaN) * integer + (offsets?.[block] ?? 0)
  })
}

/**
 * Writes the floats to a file in `folder`.
 * @returns the weights, and the configuration they belong to: a head in blocks is tied to embeddings in floats no more
 */
export async function dequantised(
  config: DecoderConfig,
  weights: WeightMap,
  folder: string,
): Promise<{ config: DecoderConfig; weights: WeightMap }> {
  const embeddings = 'model.embed_tokens.weight'
  const unties = config.tiedEmbeddings && weights.has(embeddings) && weights.has(`${embeddings}.blocks`)
  const matrices = [...weights.keys()]
    .filter((name) => name.endsWith('.blocks'))
    .map((name) => name.slice(0, -7))
  const asHead = (name: string) => (unties && name === embeddings ? 'lm_head.weight' : name)
  const tensors = matrices.map((name): TensorToWrite => {
    const [rows, blocks, bytes] = weights.get(`${name}.blocks`)?.shape ?? []
    const data = (async function* () {
      yield await multiplied(weights, name)
    })()
    return { name: asHead(name), dtype: 'F32', shape: [rows, 2 * bytes * blocks], data }
  })
  const file = join(folder, 'dequantised.safetensors')
  await writeSafetensors(file, tensors)
  const header = await readSafetensorsHeader(file)
  const floats = new Map([...weights].filter(([name]) => !name.includes('.blocks')))
  for (const [name, entry] of header.tensors) {
    const weight = asWeight(file, entry)
    if (weight) floats.set(name, weight)
  }
  return { config: { ...config, tiedEmbeddings: config.tiedEmbeddings && !unties }, weights: floats }
}
