// How much memory a model will take, before it is loaded.
// Owns: the formula shown beside a model and before a run. Not: what is free (engine).
import type { ModelShape } from '../contract/models.ts'

/** Node, ONNX Runtime, its arena and the scratch of one pass; as in inference/memory.ts. */
const baseBytes = 300 * 2 ** 20
/** A buffer of keys and values is held twice while it grows, layer by layer. */
const cacheOverhead = 1.4

/**
 * Estimated peak resident memory in bytes: weights as float32, the embedding a second time (rows are taken from it, and
 * it is packed for the vocabulary head), keys and values of every row. Mapped pages of the files do not count.
 * @param model  for instance a ModelRecord
 * @param load  rows at once and tokens in each, prompt and answer together
 */
export function memoryEstimateBytes(
  model: { shape: ModelShape; parameters: number },
  load: { rows: number; tokens: number },
): number {
  const { layers, residualWidth, keyValueHeads, headWidth, vocabulary } = model.shape
  const weights = 4 * (model.parameters + vocabulary * residualWidth)
  const keysAndValues = 2 * layers * keyValueHeads * headWidth * 4 * load.rows * load.tokens
  const logits = load.rows * vocabulary * 4
  return Math.round(baseBytes + weights + cacheOverhead * keysAndValues + logits)
}
