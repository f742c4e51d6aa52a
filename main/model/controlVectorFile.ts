// Control vectors in GGUF files, as llama.cpp reads them and repeng writes them.
// Owns: their metadata and tensor names, both ways. Not: the format's header (gguf.ts) or what a vector is used for.
// `direction.N` is added to the residual stream after block N, N ≥ 1. Source: llama.cpp, common_control_vector_load and llama_adapter_cvec.
import { readFileSync } from 'node:fs'
import { errors } from '../contract/errors.ts'
import { dequantize } from './ggufDequantize.ts'
import { ggufBlocks, readGguf, type GgufValue } from './gguf.ts'

export interface ControlDirection {
  /** Of blocks.N.hook_resid_post. */
  layer: number
  values: Float32Array
}

const ALIGNMENT = 32
const TEXT = 8
const UINT32 = 4

/**
 * The directions of a file, by layer.
 * @throws modelTruncated, modelMalformed, modelUnsupported as readGguf; arrayUnreadable where it holds no directions
 */
export function readControlVector(path: string): {
  directions: ControlDirection[]
  metadata: ReadonlyMap<string, GgufValue>
} {
  const { tensors, metadata } = readGguf(path)
  const bytes = readFileSync(path)
  const directions = [...tensors].flatMap(([name, { type, shape, offset, byteLength }]) => {
    const layer = /^direction\.(\d{1,6})$/.exec(name)?.[1]
    if (layer === undefined) return []
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1))
    dequantize(type, bytes.subarray(offset, offset + byteLength), values)
    return [{ layer: Number(layer), values }]
  })
  if (directions.length === 0)
    throw errors.arrayUnreadable({ path, reason: 'it has no tensors named direction.1, direction.2, …' })
  return { directions: directions.sort((one, other) => one.layer - other.layer), metadata }
}

/**
 * @param hint  the model's architecture, which llama.cpp compares
 * @throws TypeError for layer 0, which the format does not have
 */
export function controlVectorBytes(directions: readonly ControlDirection[], hint: string): Uint8Array {
  if (directions.some(({ layer }) => layer < 1)) throw new TypeError('a control vector begins at layer 1')
  const parts: Uint8Array[] = []
  const put = (size: number, write: (view: DataView) => void): void => {
    const view = new DataView(new ArrayBuffer(size))
    write(view)
    parts.push(new Uint8Array(view.buffer))
  }
  const uint32 = (value: number): void => put(4, (view) => view.setUint32(0, value, true))
  const uint64 = (value: number): void => put(8, (view) => view.setBigUint64(0, BigInt(value), true))
  const text = (value: string): void => {
    const bytes = new TextEncoder().encode(value)
    uint64(bytes.length)
    parts.push(bytes)
  }
  uint32(0x46554747)
  uint32(3)
  uint64(directions.length)
  uint64(3)
  for (const [key, value] of [
    ['general.architecture', 'controlvector'],
    ['controlvector.model_hint', hint],
  ]) {
    text(key)
    uint32(TEXT)
    text(value)
  }
  text('controlvector.layer_count')
  uint32(UINT32)
  uint32(directions.length)
  let offset = 0
  const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
  for (const { layer, values } of directions) {
    text(`direction.${layer}`)
    uint32(1)
    uint64(values.length)
    uint32(ggufBlocks.F32.type)
    uint64(offset)
    offset += aligned(values.byteLength)
  }
  const headerBytes = parts.reduce((sum, part) => sum + part.length, 0)
  const start = aligned(headerBytes)
  const file = new Uint8Array(start + offset)
  let at = 0
  for (const part of parts) {
    file.set(part, at)
    at += part.length
  }
  at = start
  for (const { values } of directions) {
    file.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at)
    at += aligned(values.byteLength)
  }
  return file
}
