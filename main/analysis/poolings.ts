// From the positions of a step to one vector.
// Owns: which stored points a pooling is made of, with what weights, and the points of a sequence. Not: where points are stored (store/).
// Means leave out position 0 unless asked otherwise: an attention sink there is a hundred times as long as the rest.
import type { Pooling } from '../contract/dataSets.ts'

/**
 * A vector of a step that can be stored: the four decision points, position 0 (`sink`), the last generated token, and the mean of the
 * last k prompt tokens (position 0 is among them only where it is the whole prompt).
 */
export type StepPoint =
  'lastPrompt' | 'firstGenerated' | 'meanPrompt' | 'meanGenerated' | 'sink' | 'last' | `lastPrompt${number}`

export interface PoolingChoice {
  pooling: Pooling
  /** k of `lastK`. */
  lastK: number
  leaveOutSink: boolean
}

/** Points from which every step's vector of a pooling follows. */
export function pointsOfPooling({ pooling, lastK, leaveOutSink }: PoolingChoice): StepPoint[] {
  const sink: StepPoint[] = leaveOutSink ? [] : ['sink']
  switch (pooling) {
    case 'lastK':
      return [`lastPrompt${lastK}`]
    case 'meanPrompt':
      return ['meanPrompt', ...sink]
    case 'mean':
      return ['meanPrompt', 'meanGenerated', ...sink]
    default:
      return [pooling]
  }
}

/** True for points that are known before the model has answered. */
export const isOfPrompt = (point: StepPoint): boolean =>
  point !== 'meanGenerated' && point !== 'last' && point !== 'firstGenerated'

/**
 * Weights of `pointsOfPooling`'s vectors, in its order, in a step of P prompt and G generated tokens. A prompt of one token has no
 * `meanPrompt`: its weight is 0 then.
 * @returns null where the pooling is of no position: `meanPrompt` of a one-token prompt without the sink
 */
export function poolingWeights(
  { pooling, leaveOutSink }: PoolingChoice,
  { prompt, generated }: { prompt: number; generated: number },
): number[] | null {
  if (pooling !== 'meanPrompt' && pooling !== 'mean') return [1]
  const parts = pooling === 'mean' ? [prompt - 1, generated] : [prompt - 1]
  if (!leaveOutSink) parts.push(1)
  const total = parts.reduce((sum, part) => sum + part, 0)
  return total === 0 ? null : parts.map((part) => part / total)
}

/**
 * A point of a sequence of which every position is there.
 * @param data  [P + G, D], row-major
 * @returns D values; null for `meanPrompt` where P = 1. Sums are float64, as where a run captures.
 */
export function pointOfPositions(
  point: StepPoint,
  data: Float32Array,
  { prompt, width }: { prompt: number; width: number },
): Float32Array | null {
  const end = data.length / width
  const row = (position: number): Float32Array => data.slice(position * width, (position + 1) * width)
  switch (point) {
    case 'lastPrompt':
      return row(prompt - 1)
    case 'firstGenerated':
      return row(prompt)
    case 'sink':
      return row(0)
    case 'last':
      return row(end - 1)
    case 'meanPrompt':
      return meanRows(data, width, 1, prompt)
    case 'meanGenerated':
      return meanRows(data, width, prompt, end)
    default: {
      const count = Number(point.slice('lastPrompt'.length))
      return meanRows(data, width, Math.max(Math.min(1, prompt - 1), prompt - count), prompt)
    }
  }
}

function meanRows(data: Float32Array, width: number, from: number, to: number): Float32Array | null {
  if (to <= from) return null
  const sums = new Float64Array(width)
  for (let row = from; row < to; row++)
    for (let column = 0; column < width; column++) sums[column] += data[row * width + column]
  return Float32Array.from(sums, (sum) => sum / (to - from))
}
