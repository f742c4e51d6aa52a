// One direction from two classes of rows, written as a sum of these rows.
// Owns: the three ways to it. Not: which rows (contrastVectors.ts), or how far to trust it (stability.ts, separation.ts).
// Method: coefficients over rows, reckoned from the rows' products with each other alone: halves and folds then cost no more products.
// Sources: Rimsky et al. 2024 (difference of means); Marks & Tegmark 2024 (whitened); Zou et al. 2023 (component of pairs). Formulae: docs/methods/steering.md.
import type { ContrastSettings } from '../../contract/contrasts.ts'
import { rowProducts } from '../principalComponents.ts'
import { symmetricEigen } from '../symmetricEigen.ts'
import { condensedRows, type WeightedRows } from './contrastRows.ts'
import { whitenedCoefficients } from './whitening.ts'

/** Directions from parts of some rows. */
export interface DirectionMaker {
  /** What coefficients are of: one for each row. */
  rows: WeightedRows
  /** From some of the rows, to class 1: a coefficient for every row, 0 for others; null where a class has none, or no direction can be told. */
  from(chosen: readonly number[]): Float64Array | null
  /** Product of two directions. */
  product(a: Float64Array, b: Float64Array): number
  /** D values. */
  vector(coefficients: Float64Array): Float64Array
}

/** The way to a direction that the settings name. @param chosen  rows of weight 1 */
export function directionMaker(
  { kind, shrinkage }: Pick<ContrastSettings, 'kind' | 'shrinkage'>,
  chosen: WeightedRows,
): DirectionMaker {
  // Means of episodes and classes serve for means as well as the rows, and are fewer.
  const rows = kind === 'meanDifference' ? condensedRows(chosen) : chosen
  const { width, data } = rows
  const count = rows.labels.length
  const products = rowProducts(Float64Array.from(data), width)
  const product = (a: Float64Array, b: Float64Array): number => {
    let sum = 0
    for (let i = 0; i < count; i++) {
      if (a[i] === 0) continue
      let along = 0
      for (let j = 0; j < count; j++) if (b[j] !== 0) along += products[i * count + j] * b[j]
      sum += a[i] * along
    }
    return sum
  }
  const ways: Record<ContrastSettings['kind'], DirectionMaker['from']> = {
    meanDifference: (part) => meanCoefficients(rows, part),
    whitened(part) {
      const mean = meanCoefficients(rows, part)
      if (!mean) return null
      const whitened = whitenedCoefficients({ products, labels: rows.labels, width }, part, mean, shrinkage)
      // At the length of μ₁ − μ₀: the whitened direction at a comparable dose.
      return whitened && scaled(whitened, Math.sqrt(product(mean, mean) / product(whitened, whitened)))
    },
    pairedComponent: (part) => pairCoefficients(rows, products, part),
  }
  return {
    rows,
    from: ways[kind],
    product,
    vector(coefficients) {
      const vector = new Float64Array(width)
      coefficients.forEach((coefficient, row) => {
        if (coefficient === 0) return
        for (let column = 0; column < width; column++)
          vector[column] += coefficient * data[row * width + column]
      })
      return vector
    },
  }
}

const scaled = (values: Float64Array, factor: number): Float64Array =>
  values.map((value) => (Number.isFinite(factor) ? value * factor : 0))

/** μ₁ − μ₀. */
function meanCoefficients({ labels, weights }: WeightedRows, chosen: readonly number[]): Float64Array | null {
  const totals = [0, 0]
  for (const row of chosen) totals[labels[row]] += weights[row]
  if (totals[0] === 0 || totals[1] === 0) return null
  const coefficients = new Float64Array(labels.length)
  for (const row of chosen)
    coefficients[row] = ((labels[row] === 1 ? 1 : -1) * weights[row]) / totals[labels[row]]
  return coefficients
}

/**
 * First principal component of the pairs' differences x₁ − x₀, not centred, so that what they have in common counts; as long as their mean
 * along it, and pointing where the mean points.
 */
function pairCoefficients(
  rows: WeightedRows,
  products: Float64Array,
  chosen: readonly number[],
): Float64Array | null {
  const pairs = wholePairs(rows, chosen)
  const count = pairs.length
  if (count === 0) return null
  const all = rows.labels.length
  const at = (a: number, b: number): number => products[a * all + b]
  const differences = Float64Array.from({ length: count * count }, (_, i) => {
    const [[away, towards], [otherAway, other]] = [pairs[Math.floor(i / count)], pairs[i % count]]
    return at(towards, other) - at(towards, otherAway) - at(away, other) + at(away, otherAway)
  })
  const { values, vectors } = symmetricEigen(differences, count)
  const coefficients = new Float64Array(all)
  if (values[0] <= 0) return coefficients
  // The component is Σ uₚdₚ ÷ √λ; pair p lies √λ·uₚ along it, so the mean lies √λ·ū, and the two roots cancel.
  const mean = vectors.subarray(0, count).reduce((sum, value) => sum + value, 0) / count
  pairs.forEach(([away, towards], pair) => {
    coefficients[towards] = vectors[pair] * mean
    coefficients[away] = -vectors[pair] * mean
  })
  return coefficients
}

/** Rows of the chosen that are a pair: of class 0, of class 1. */
export function wholePairs(
  { labels, pairs }: Pick<WeightedRows, 'labels' | 'pairs'>,
  chosen: readonly number[],
): [number, number][] {
  const members = new Map<number, [number | null, number | null]>()
  for (const row of chosen) {
    const pair = pairs?.[row] ?? -1
    if (pair < 0) continue
    const found = members.get(pair) ?? [null, null]
    found[labels[row]] = row
    members.set(pair, found)
  }
  return [...members.values()].flatMap(([away, towards]) =>
    away === null || towards === null ? [] : [[away, towards] as [number, number]],
  )
}
