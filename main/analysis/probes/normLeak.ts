// Does a pooled vector's norm tell how many tokens it is the mean of?
// Owns: that correlation. Not: pooling (analysis/poolings.ts) or the warning (warnings.ts).
// Why: means over more tokens are shorter; on SmolLM2 their norm follows one over the length at .998 (docs/methods/probes.md).
import type { Pooling } from '../../contract/dataSets.ts'
import type { ProbeData } from './probeData.ts'

/** Tokens that a pooling is the mean of; null where it is of one token or a fixed number. */
function meanOver(
  pooling: Pooling,
  { promptTokens, completionTokens }: Pick<ProbeData, 'promptTokens' | 'completionTokens'>,
): ((row: number) => number) | null {
  switch (pooling) {
    case 'meanPrompt':
      return (row) => promptTokens[row]
    case 'meanGenerated':
      return (row) => completionTokens[row]
    case 'mean':
      return (row) => promptTokens[row] + completionTokens[row]
    default:
      return null
  }
}

/**
 * Pearson's correlation of each row's norm with one over the number of its tokens.
 * @param values  N×D row-major
 * @returns null for a pooling that is no mean, and where norm or number is the same for all rows
 */
export function normLeakOf(
  values: Float32Array,
  width: number,
  pooling: Pooling,
  data: Pick<ProbeData, 'promptTokens' | 'completionTokens'>,
): number | null {
  const tokens = meanOver(pooling, data)
  if (!tokens) return null
  const rows = values.length / width
  const norms = Float64Array.from({ length: rows }, (_, row) => {
    let squares = 0
    for (let i = row * width; i < (row + 1) * width; i++) squares += values[i] ** 2
    return Math.sqrt(squares)
  })
  return correlation(
    norms,
    Float64Array.from({ length: rows }, (_, row) => 1 / tokens(row)),
  )
}

function correlation(one: Float64Array, other: Float64Array): number | null {
  const mean = (of: Float64Array): number => of.reduce((sum, value) => sum + value, 0) / of.length
  const [a, b] = [mean(one), mean(other)]
  let [product, squares, others] = [0, 0, 0]
  for (let i = 0; i < one.length; i++) {
    product += (one[i] - a) * (other[i] - b)
    squares += (one[i] - a) ** 2
    others += (other[i] - b) ** 2
  }
  return squares === 0 || others === 0 ? null : product / Math.sqrt(squares * others)
}
