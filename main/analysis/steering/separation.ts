// How far apart two classes lie along a direction.
// Owns: d′ on the same rows and on episodes that the direction has not seen. Not: classification figures (probes).
// Source: Green & Swets 1966, with the classes' mean variance below the root.
import { shuffled, type UniformGenerator } from '../seededGenerator.ts'
import type { DirectionMaker } from './contrastDirection.ts'
import { rowsByEpisode, type WeightedRows } from './contrastRows.ts'
import { normOf } from './vectorGeometry.ts'

const FOLDS = 5

/**
 * (m₁ − m₀) ÷ √((s₁² + s₀²)/2) of values of two classes, s² with N − 1.
 * @returns null below two values of either class, or where neither varies
 */
export function dPrime(values: Float64Array, labels: Int32Array): number | null {
  const [away, towards] = [0, 1].map((label) => values.filter((_, row) => labels[row] === label))
  if (away.length < 2 || towards.length < 2) return null
  const spread = Math.sqrt((varianceOf(away) + varianceOf(towards)) / 2)
  return spread === 0 ? null : (meanOf(towards) - meanOf(away)) / spread
}

/** Some rows along a unit direction; all where none are named. */
export function projections(
  { data, width, labels }: WeightedRows,
  direction: Float64Array,
  rows: Iterable<number> = labels.keys(),
): Float64Array {
  const norm = normOf(direction)
  return Float64Array.from(rows, (row) => {
    let sum = 0
    for (let column = 0; column < width; column++) sum += data[row * width + column] * direction[column]
    return sum / norm
  })
}

/**
 * d′ where each episode is projected on a direction from the other episodes, in five folds of whole episodes.
 * @param rows  those that the maker's rows were made from
 * @returns null below two episodes, or where a fold leaves no direction
 */
export function heldOutDPrime(
  rows: WeightedRows,
  maker: DirectionMaker,
  random: UniformGenerator,
): number | null {
  const episodes = shuffled(rowsByEpisode(rows.episodes), random)
  if (episodes.length < 2) return null
  const folds = Math.min(FOLDS, episodes.length)
  const values = new Float64Array(rows.labels.length)
  for (let fold = 0; fold < folds; fold++) {
    const held = episodes.filter((_, i) => i % folds === fold).flat()
    const unseen = new Set(held.map((row) => rows.episodes[row]))
    const seen = Array.from(maker.rows.labels.keys()).filter((row) => !unseen.has(maker.rows.episodes[row]))
    const coefficients = maker.from(seen)
    const direction = coefficients && maker.vector(coefficients)
    if (!direction || normOf(direction) === 0) return null
    projections(rows, direction, held).forEach((value, i) => (values[held[i]] = value))
  }
  return dPrime(values, rows.labels)
}

const meanOf = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

function varianceOf(values: Float64Array): number {
  const mean = meanOf(values)
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1)
}
