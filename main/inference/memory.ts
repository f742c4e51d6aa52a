// How much memory a loaded model may take.
// Owns: the budget for keys and values, and refusing a model that does not fit. Not: the estimate shown to a user (model/memoryEstimate.ts).
import { errors } from '../contract/errors.ts'
import type { DecoderConfig, WeightMap } from '../model/modelFiles.ts'
import { bytesPerPosition, roundPositions } from './keyValueCache.ts'

/** ONNX Runtime, its arena and the scratch of one pass, measured on SmolLM2-135M (docs/decisions/0001.md). */
const passBytes = 300 * 2 ** 20
/** Part of what is left that keys and values may take: a buffer is held twice while it grows, layer by layer. */
const cacheShare = 0.7
/** Tokens that must fit for a model to be of any use. */
const shortSequence = 256

/**
 * Bytes of the weights once loaded: packed as fp32. The files' own pages, from which rows of the embedding are taken,
 * are mapped and can be given back at any time, so they do not count.
 */
export function loadedWeightBytes(weights: WeightMap): number {
  let numbers = 0
  for (const { shape } of weights.values()) numbers += shape.reduce((product, size) => product * size, 1)
  return numbers * Float32Array.BYTES_PER_ELEMENT
}

/**
 * Bytes that keys and values may take beside the loaded model.
 * @param memoryBytes  for everything together; what the machine has free where left out
 * @throws notEnoughMemory where not even one short sequence fits
 */
export function cacheBudget(config: DecoderConfig, weights: WeightMap, memoryBytes?: number): number {
  const free = memoryBytes ?? process.availableMemory()
  const fixed = loadedWeightBytes(weights) + passBytes
  const positions = roundPositions(Math.min(shortSequence, config.shape.contextLength))
  const least = bytesPerPosition(config.shape) * positions
  if (fixed + least > free) throw errors.notEnoughMemory({ neededBytes: fixed + least, freeBytes: free })
  return Math.max(least, (free - fixed) * cacheShare)
}
