// One direction from two classes of rows.
// Owns: the three ways to it. Not: which rows (contrastVectors.ts), or how far to trust it (stability.ts, separation.ts).
// Sources: Rimsky et al. 2024 (difference of means); Marks & Tegmark 2024 (whitened); Zou et al. 2023 (component of pairs). Formulae: docs/methods/steering.md.
import type { ContrastSettings } from '../../contract/contrasts.ts'
import { principalComponents } from '../principalComponents.ts'
import { shrunkInverse, type ShrunkInverse } from '../shrunkCovariance.ts'
import type { WeightedRows } from './contrastRows.ts'
import { dot, normOf } from './vectorGeometry.ts'

/** D values, pointing to class 1; null where a class has no row, or no direction can be told. */
export type ContrastDirection = (rows: WeightedRows) => Float64Array | null

/**
 * The way to a direction that the settings name.
 * @param all  rows whose spread within classes whitens, for `whitened`: it is learnt once, not anew for each part of them
 */
export function contrastDirection(
  { kind, shrinkage }: Pick<ContrastSettings, 'kind' | 'shrinkage'>,
  all: WeightedRows,
): ContrastDirection {
  if (kind === 'meanDifference') return meanDifference
  if (kind === 'pairedComponent') return pairedComponent
  const inverse = shrunkInverse(withinClasses(all), all.width, shrinkage)
  return (rows) => whitenedDifference(rows, inverse)
}

/** μ₁ − μ₀. */
export function meanDifference({ data, width, labels, weights }: WeightedRows): Float64Array | null {
  const means = [new Float64Array(width), new Float64Array(width)]
  const counts = [0, 0]
  labels.forEach((label, row) => {
    const mean = means[label]
    const weight = weights[row]
    counts[label] += weight
    for (let column = 0; column < width; column++) mean[column] += weight * data[row * width + column]
  })
  const [away, towards] = means
  if (counts[0] === 0 || counts[1] === 0) return null
  return towards.map((value, column) => value / counts[1] - away[column] / counts[0])
}

/** Σ⁻¹(μ₁ − μ₀), at the length of μ₁ − μ₀: the whitened direction at a comparable dose. */
function whitenedDifference(rows: WeightedRows, inverse: ShrunkInverse | null): Float64Array | null {
  const difference = meanDifference(rows)
  if (!difference || !inverse) return null
  const whitened = inverse.apply(difference)
  const norm = normOf(whitened)
  if (norm === 0) return difference
  const scale = normOf(difference) / norm
  return whitened.map((value) => value * scale)
}

/**
 * First principal component of the pairs' differences x₁ − x₀, not centred, so that what they have in common counts; as long as their mean
 * along it, and pointing where the mean points.
 */
function pairedComponent(rows: WeightedRows): Float64Array | null {
  const { width } = rows
  const differences = pairDifferences(rows)
  const { components } = principalComponents(differences, width, { count: 1, centre: false })
  if (components.length === 0) return differences.length === 0 ? null : new Float64Array(width)
  const pairs = differences.length / width
  let mean = 0
  for (let pair = 0; pair < pairs; pair++)
    mean += dot(differences.subarray(pair * width, (pair + 1) * width), components) / pairs
  return components.map((value) => value * mean)
}

/** P×D, row-major: of each whole pair the row of class 1 minus that of class 0. */
function pairDifferences({ data, width, labels, pairs }: WeightedRows): Float64Array {
  const members = new Map<number, [number | null, number | null]>()
  pairs?.forEach((pair, row) => {
    if (pair < 0) return
    const found = members.get(pair) ?? [null, null]
    found[labels[row]] = row
    members.set(pair, found)
  })
  const whole = [...members.values()].filter(([away, towards]) => away !== null && towards !== null)
  const differences = new Float64Array(whole.length * width)
  whole.forEach(([away, towards], pair) => {
    for (let column = 0; column < width; column++)
      differences[pair * width + column] = data[towards! * width + column] - data[away! * width + column] // whole pairs only
  })
  return differences
}

/** Rows without their class's mean. */
function withinClasses({ data, width, labels, weights }: WeightedRows): Float64Array {
  const means = [new Float64Array(width), new Float64Array(width)]
  const counts = [0, 0]
  labels.forEach((label, row) => {
    counts[label] += weights[row]
    for (let column = 0; column < width; column++)
      means[label][column] += weights[row] * data[row * width + column]
  })
  return Float64Array.from(data, (value, i) => {
    const label = labels[Math.floor(i / width)]
    return value - means[label][i % width] / counts[label]
  })
}
