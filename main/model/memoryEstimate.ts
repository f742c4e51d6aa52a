// How much memory a model takes: the one place of these formulas.
// Owns: bytes of weights, of a position, and the estimate shown beside a model and before a run. Not: what is free, or sharing it out (inference/memory.ts).
// Constants measured on several models: docs/memory.md, benchmarks/memory.ts.
import type { ComputeDtype, ModelShape } from '../contract/models.ts'
import { roundedLayouts } from './blockNumbers.ts'
import { bytesPerNumber, ggufLayout } from './blockWeights.ts'
import { isQuantisedType } from './ggufNumbers.ts'

const mebibyte = 2 ** 20

/** Node, the worker, ONNX Runtime and the scratch of one pass; and the graph, whose every layer has all hook points behind branches. */
export const engineBytes = ({ layers }: Pick<ModelShape, 'layers'>): number => (90 + 5 * layers) * mebibyte

/** First prompts that are kept for others to begin with: how many, and how large all together. */
export const keptPrompts = { entries: 8, bytes: 128 * mebibyte }

/** A buffer is held twice while it grows, layer by layer. */
export const growthFactor = 1.4

/**
 * Bytes of a model at rest: its weights as they are computed with, tied embeddings once (packed for the vocabulary head). Pages of
 * the files, from which rows of the embedding are taken, are mapped and can be given back at any time, so they do not count.
 */
export const loadedBytes = (weightBytes: number, shape: ModelShape): number =>
  weightBytes + engineBytes(shape)

/** What an estimate asks of a model, for instance a ModelRecord. */
export interface EstimatedModel {
  shape: ModelShape
  parameters: number
  /** As stored; decides what `gguf` takes. */
  dtype: string
}

/** Bytes of all weights as a dtype has them; the vocabulary head has at least eight bits whatever the rest has. */
function weightBytes({ shape, parameters, dtype }: EstimatedModel, compute: ComputeDtype): number {
  if (compute === 'float32') return parameters * Float32Array.BYTES_PER_ELEMENT
  const wide = bytesPerNumber(roundedLayouts.int8)
  const stored = compute === 'gguf' ? null : roundedLayouts[compute]
  const layout = stored ?? (isQuantisedType(dtype) ? ggufLayout(dtype) : null)
  const perNumber = layout ? bytesPerNumber(layout) : Float32Array.BYTES_PER_ELEMENT
  const head = Math.min(parameters, shape.vocabulary * shape.residualWidth)
  return (parameters - head) * perNumber + head * Math.max(perNumber, wide)
}

/**
 * Bytes that one position of one row takes: keys and values over all layers, and recorded activations.
 * @param capturedValuesPerToken  sum of the widths of the captured hooks
 */
export const bytesPerPosition = (shape: ModelShape, capturedValuesPerToken = 0): number =>
  (shape.layers * 2 * shape.keyValueHeads * shape.headWidth + capturedValuesPerToken) *
  Float32Array.BYTES_PER_ELEMENT

/**
 * Estimated peak memory in bytes of a run or a conversation.
 * @param load  rows at once, tokens in each (prompt and answer together), values recorded of each token, what is computed with
 */
export function memoryEstimateBytes(
  model: EstimatedModel,
  load: { rows: number; tokens: number; capturedValuesPerToken?: number; dtype?: ComputeDtype },
): number {
  const { rows, tokens, capturedValuesPerToken, dtype = 'float32' } = load
  const rowBytes = tokens * bytesPerPosition(model.shape, capturedValuesPerToken)
  const positions = growthFactor * rows * rowBytes
  const prompts = Math.min(keptPrompts.bytes, Math.min(rows, keptPrompts.entries) * rowBytes)
  const logits = rows * model.shape.vocabulary * Float32Array.BYTES_PER_ELEMENT
  return Math.round(loadedBytes(weightBytes(model, dtype), model.shape) + positions + prompts + logits)
}
