// How much memory a model takes: the one place of these formulas.
// Owns: bytes of weights, of a position, and the estimate shown beside a model and before a run. Not: what is free, or sharing it out (inference/memory.ts).
// Constants measured on SmolLM2-135M: docs/memory.md.
import type { ModelShape } from '../contract/models.ts'

/** Node, ONNX Runtime, its arena, the scratch of one pass and shared first prompts. */
export const passBytes = 350 * 2 ** 20

/** A buffer is held twice while it grows, layer by layer. */
export const growthFactor = 1.4

/**
 * Bytes of a model at rest: its numbers as fp32, tied embeddings once (packed for the vocabulary head). Pages of the files,
 * from which rows of the embedding are taken, are mapped and can be given back at any time, so they do not count.
 */
export const loadedBytes = (numbers: number): number => numbers * Float32Array.BYTES_PER_ELEMENT + passBytes

/**
 * Bytes that one position of one row takes: keys and values over all layers, and recorded activations.
 * @param capturedValuesPerToken  sum of the widths of the captured hooks
 */
export const bytesPerPosition = (shape: ModelShape, capturedValuesPerToken = 0): number =>
  (shape.layers * 2 * shape.keyValueHeads * shape.headWidth + capturedValuesPerToken) *
  Float32Array.BYTES_PER_ELEMENT

/**
 * Estimated peak memory in bytes of a run or a conversation.
 * @param model  for instance a ModelRecord
 * @param load  rows at once, tokens in each (prompt and answer together), values recorded of each token
 */
export function memoryEstimateBytes(
  model: { shape: ModelShape; parameters: number },
  load: { rows: number; tokens: number; capturedValuesPerToken?: number },
): number {
  const { rows, tokens, capturedValuesPerToken } = load
  const positions = growthFactor * rows * tokens * bytesPerPosition(model.shape, capturedValuesPerToken)
  const logits = rows * model.shape.vocabulary * Float32Array.BYTES_PER_ELEMENT
  return Math.round(loadedBytes(model.parameters) + positions + logits)
}
