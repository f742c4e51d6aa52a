// Weights that were made from a model's own, in a file of the cache.
// Owns: making such a file once, and knowing it again. Not: what is in it (prepareWeights.ts, blockWeights.ts).
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { writeFault } from './fileReading.ts'
import { readSafetensorsHeader, writeSafetensors } from './safetensors.ts'
import type { SafetensorsHeader, TensorToWrite } from './safetensors.ts'

/** Whose weights they were, and which version of what made them. */
export interface CacheStamp {
  source: string
  converter: string
}

/**
 * The header of the cached file; the file is made first where it is not there, damaged, or of other weights.
 * @param tensors  data made while it is written, so that a file that is there costs nothing
 * @throws diskFull, fileUnwritable, and what making the tensors throws; no part of a file is left then
 */
export async function cachedWeights(
  path: string,
  stamp: CacheStamp,
  tensors: readonly TensorToWrite[],
): Promise<SafetensorsHeader> {
  const kept = await readIfWhole(path, stamp, tensors)
  if (kept) return kept
  const folder = dirname(path)
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeFault(folder, error)
  })
  await writeSafetensors(path, tensors, { ...stamp })
  return readSafetensorsHeader(path)
}

async function readIfWhole(
  path: string,
  stamp: CacheStamp,
  wanted: readonly TensorToWrite[],
): Promise<SafetensorsHeader | null> {
  let header: SafetensorsHeader
  try {
    header = await readSafetensorsHeader(path)
  } catch (error) {
    // Absent or damaged: it is made anew.
    if (error instanceof AppError) return null
    throw error
  }
  const { metadata, tensors } = header
  const fits = wanted.every(({ name, dtype, shape }) => {
    const entry = tensors.get(name)
    return entry?.dtype === dtype && entry.shape.join() === shape.join()
  })
  return fits && metadata.source === stamp.source && metadata.converter === stamp.converter ? header : null
}
