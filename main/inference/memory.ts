// How much of the machine's memory a loaded model may take for sequences.
// Owns: the budget for keys, values and recorded activations, and refusing a model that does not fit. Not: the formulas (model/memoryEstimate.ts).
import { errors } from '../contract/errors.ts'
import { blockParts } from '../model/blockWeights.ts'
import { bytesPerPosition, growthFactor, keptPrompts, loadedBytes } from '../model/memoryEstimate.ts'
import type { DecoderConfig, WeightMap } from '../model/modelFiles.ts'
import { roundPositions } from './keyValueCache.ts'

/** Tokens that must fit for a model to be of any use. */
const shortSequence = 256

/** Of all tensors in memory: bytes of blocks as they are, floats as fp32. */
function weightBytes(weights: WeightMap): number {
  let bytes = 0
  for (const [name, { dtype, shape }] of weights) {
    // Floats of a matrix that is in blocks too are mapped only, for its rows.
    if (weights.has(blockParts(name).high)) continue
    const perNumber = dtype === 'uint8' ? 1 : Float32Array.BYTES_PER_ELEMENT
    bytes += perNumber * shape.reduce((product, size) => product * size, 1)
  }
  return bytes
}

/**
 * Bytes that keys, values and recorded activations may take beside the loaded model.
 * @param memoryBytes  for everything together; what the machine has free where left out
 * @throws notEnoughMemory where not even one short sequence fits
 */
export function cacheBudget(config: DecoderConfig, weights: WeightMap, memoryBytes?: number): number {
  const free = memoryBytes ?? process.availableMemory()
  const fixed = loadedBytes(weightBytes(weights), config.shape)
  const positions = roundPositions(Math.min(shortSequence, config.shape.contextLength))
  const least = bytesPerPosition(config.shape) * positions
  if (fixed + least > free) throw errors.notEnoughMemory({ neededBytes: fixed + least, freeBytes: free })
  // Of a few rows all prompts may be kept a second time, for others to begin with.
  const room = free - fixed
  const bytes = Math.max(room / (growthFactor + 1), (room - keptPrompts.bytes) / growthFactor)
  return Math.max(least, bytes)
}
