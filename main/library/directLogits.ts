// Logits straight from the residual stream: attribution to components, and the logit lens.
// Owns: final norm and unembedding, read from the files. Not: which components (activationCache.ts) or the arithmetic (analysis/residualStack.ts).
import type { AxedTensor } from '../analysis/axedTensor.ts'
import {
  dotDirections,
  normaliseRows,
  normaliseStack,
  repeatRow,
  scaleRows,
  unembedInto,
} from '../analysis/residualStack.ts'
import { errors } from '../contract/errors.ts'
import { normTensors, type CacheModel, type ResidualStack } from './cacheModel.ts'

/** An id or a text of one token, for every position; or an id for each. */
export type TokenChoice = number | string | ArrayLike<number>
/** Whose scale divides the stream. */
export type LensNorm = 'own' | 'final'

export interface AttributionOptions {
  /** Attribute the difference to these instead: logit of `tokens` less logit of `incorrectTokens`. */
  incorrectTokens?: TokenChoice
  /** Components; those of `decomposeResid()` where left out. */
  stack?: ResidualStack
}

/** [N, B, S], in logits. */
export interface Attribution extends AxedTensor {
  labels: readonly string[]
  /** S logits that belong to no component: the final norm's bias. */
  bias: Float32Array
}

/** [N, B, S, V] */
export interface LensLogits extends AxedTensor {
  labels: readonly string[]
}

const unembeddingName = ({ config }: CacheModel): string =>
  config.tiedEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight'

export async function attribute(
  model: CacheModel,
  {
    stack,
    scale,
    tokens,
    otherTokens,
  }: { stack: ResidualStack; scale: AxedTensor; tokens: TokenChoice; otherTokens: TokenChoice | undefined },
): Promise<Attribution> {
  const positions = stack.shape[2]
  const directions = await directionsOf(model, idsOf(tokens, positions, model))
  if (otherTokens !== undefined) {
    const others = await directionsOf(model, idsOf(otherTokens, positions, model))
    directions.data.forEach((value, index) => (directions.data[index] = value - others.data[index]))
  }
  const { gain, bias } = await normTensors(model, 'model.norm')
  const normal = normaliseStack(stack, scale, model.config.norm.kind === 'layer')
  const attribution = dotDirections(normal, scaleRows(directions, gain, null).data)
  const constant = bias ? dotDirections(repeatRow(bias, positions), directions.data).data : null
  return { ...attribution, labels: stack.labels, bias: constant ?? new Float32Array(positions) }
}

/** Rows of the unembedding: [S, D]. */
async function directionsOf(model: CacheModel, ids: readonly number[]): Promise<AxedTensor> {
  const data = await model.weights.rows(unembeddingName(model), ids)
  return { data, shape: [ids.length, model.config.shape.residualWidth], axes: 'S D' }
}

function idsOf(tokens: TokenChoice, positions: number, { config, tokenizer }: CacheModel): number[] {
  const one = typeof tokens === 'string' ? tokenizer.toSingleToken(tokens) : tokens
  const ids = typeof one === 'number' ? Array.from({ length: positions }, () => one) : Array.from(one)
  if (ids.length !== positions)
    throw errors.invalidInput({
      field: 'tokens',
      reason: `${ids.length} tokens for ${positions} positions; give one for each, or one for all`,
    })
  const { vocabulary } = config.shape
  for (const id of ids)
    if (!Number.isInteger(id) || id < 0 || id >= vocabulary) throw errors.tokenOutOfRange({ id, vocabulary })
  return ids
}

/** @param scale  [B, S, 1], the final norm's; null where each component gets its own norm */
export async function lens(
  model: CacheModel,
  { stack, scale }: { stack: ResidualStack; scale: AxedTensor | null },
): Promise<LensLogits> {
  const { norm, shape, logitSoftCap } = model.config
  const isCentred = norm.kind === 'layer'
  const { gain, bias } = await normTensors(model, 'model.norm')
  const rows = scale
    ? scaleRows(normaliseStack(stack, scale, isCentred), gain, bias)
    : normaliseRows(stack, { epsilon: norm.epsilon, isCentred, gain, bias })
  const { residualWidth: width, vocabulary } = shape
  const data = new Float32Array((rows.data.length / width) * vocabulary)
  for await (const part of model.weights.rowParts(unembeddingName(model)))
    unembedInto(data, rows.data, { ...part, width, vocabulary }, logitSoftCap)
  return { data, shape: [...stack.shape.slice(0, -1), vocabulary], axes: 'N B S V', labels: stack.labels }
}
