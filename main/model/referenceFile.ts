// What another program computes with a model, in a file beside it.
// Owns: reading scripts/reference.py's files and checking that they are of this model. Not: comparing (inference/referenceCheck.ts).
import { open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { errors } from '../contract/errors.ts'
import type { ModelShape } from '../contract/models.ts'
import { readExactly } from './fileReading.ts'
import { listHooks, type HookPoint } from './hookNames.ts'
import { asWeight, readSafetensorsHeader, readWeight, type SafetensorsEntry } from './safetensors.ts'

/** The file's name, in the model's folder. */
export const referenceName = 'innerview-reference.safetensors'

export interface Reference {
  path: string
  /** By which versions of which programs it was made. */
  madeBy: Readonly<Record<string, string>>
  ids: Int32Array
  /** R positions of `ids`, whose values are there. */
  positions: Int32Array
  /** The likeliest tokens after `ids`. */
  greedy: Int32Array
  /** [R, V] */
  logits: Float32Array
  /** By hook name: [R, width], or [H, R, T] with T positions of `ids`. */
  hooks: ReadonlyMap<string, Float32Array>
}

/**
 * The reference beside a model; null where there is none.
 * @param modelPath  the model's folder, or a file in it
 * @throws modelMalformed where it is no reference of a model of this shape; modelTruncated
 */
export async function readReference(modelPath: string, shape: ModelShape): Promise<Reference | null> {
  const found = await stat(modelPath)
  const path = join(found.isDirectory() ? modelPath : dirname(modelPath), referenceName)
  if (!(await stat(path).catch(() => null))) return null
  const { tensors, metadata } = await readSafetensorsHeader(path)
  const file = { path, tensors }
  const ids = await integersOf(file, 'ids', shape.vocabulary)
  const positions = await integersOf(file, 'positions', ids.length)
  const hooks = new Map<string, Float32Array>()
  for (const point of listHooks(shape))
    if (tensors.has(point.name))
      hooks.set(point.name, await floatsOf(file, point.name, rowsShape(point, positions.length, ids.length)))
  return {
    path,
    madeBy: metadata,
    ids,
    positions,
    greedy: await integersOf(file, 'greedy', shape.vocabulary),
    logits: await floatsOf(file, 'logits', [positions.length, shape.vocabulary]),
    hooks,
  }
}

interface ReferenceFile {
  path: string
  tensors: ReadonlyMap<string, SafetensorsEntry>
}

const rowsShape = ({ isKeyed, sizes }: HookPoint, rows: number, keys: number): number[] =>
  isKeyed ? [...sizes, rows, keys] : [rows, ...sizes]

function find({ path, tensors }: ReferenceFile, name: string): SafetensorsEntry {
  const entry = tensors.get(name)
  if (!entry) throw errors.modelMalformed({ path, reason: `it has no ${name}` })
  return entry
}

/** At least one number, each below `limit`. */
async function integersOf(file: ReferenceFile, name: string, limit: number): Promise<Int32Array> {
  const { path } = file
  const { dtype, shape, offset, byteLength } = find(file, name)
  if (dtype !== 'I32' || shape.length !== 1 || shape[0] === 0)
    throw errors.modelMalformed({ path, reason: `${name} is no list of integers` })
  const handle = await open(path, 'r')
  try {
    const bytes = await readExactly(handle, path, offset, byteLength)
    const values = new Int32Array(bytes.buffer)
    const wrong = values.find((value) => value < 0 || value >= limit)
    if (wrong === undefined) return values
    throw errors.modelMalformed({ path, reason: `${name} holds ${wrong}, this model has 0 to ${limit - 1}` })
  } finally {
    await handle.close()
  }
}

async function floatsOf(file: ReferenceFile, name: string, wanted: readonly number[]): Promise<Float32Array> {
  const { path } = file
  const entry = find(file, name)
  const weight = asWeight(path, entry)
  if (weight && entry.shape.join() === wanted.join()) return readWeight(weight)
  const reason = `${name} is ${entry.dtype} [${entry.shape.join()}], this model has [${wanted.join()}]`
  throw errors.modelMalformed({ path, reason })
}
