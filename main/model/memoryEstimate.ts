// How much memory a model will take, before it is loaded.
// Owns: the formula shown beside a model and before a run. Not: what is free (engine).
import type { ModelShape } from '../contract/models.ts'

/** Node, ONNX Runtime and its arena with nothing loaded. */
const baseBytes = 250 * 2 ** 20
/** Prompts are read in parts of this many tokens a row. */
const prefillTokens = 256

/**
 * Estimated peak resident memory in bytes: weights as float32 (16-bit ones are held twice while they are widened),
 * keys and values of every row with room for one copy, scores and activations of one pass, logits.
 * @param model  shape and stored dtype, for instance a ModelRecord
 * @param load  rows at once and tokens in each, prompt and answer together
 */
export function memoryEstimateBytes(
  model: { shape: ModelShape; parameters: number; dtype: string },
  load: { rows: number; tokens: number },
): number {
  const { layers, residualWidth, heads, keyValueHeads, headWidth, mlpWidth, vocabulary } = model.shape
  const { rows, tokens } = load
  const halves = model.dtype === 'float16' || model.dtype === 'bfloat16'
  const weights = model.parameters * (halves ? 6 : 4)
  const keysAndValues = 2 * layers * keyValueHeads * headWidth * 4 * rows * tokens
  const passTokens = Math.min(tokens, prefillTokens) * rows
  const scores = 2 * passTokens * heads * tokens * 4
  const activations = passTokens * (6 * residualWidth + 3 * mlpWidth) * 4
  const logits = rows * vocabulary * 4 * 2
  return Math.round(baseBytes + weights + 1.5 * keysAndValues + scores + activations + logits)
}
