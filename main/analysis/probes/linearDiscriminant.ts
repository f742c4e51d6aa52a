// Linear discriminant analysis with a shrunk covariance.
// Owns: the pooled within-class covariance as an operator, its shrinkage, and the discriminant scores. Not: splits or figures.
// Source: Ledoit & Wolf 2004, “A well-conditioned estimator for large-dimensional covariance matrices”; Friedman 1989. docs/methods/probes.md.
import { classCounts, oddsAgainstRest, partMoments, rawUnits, scaled, type Fit, type Part } from './fit.ts'
import type { Scaling } from './newton.ts'
import type { ProductMatrix } from './productMatrix.ts'

const RELATIVE_RESIDUAL = 1e-10
const MAXIMUM_STEPS = 2000
/** Rows or columns whose products are formed in one call. */
const BLOCK = 16

const vectors = (count: number, length: number): Float64Array[] =>
  Array.from({ length: count }, () => new Float64Array(length))
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i], 0)

/** Scaled features of one part, each row taken from the mean of its class. */
class WithinClass {
  /** By class, D each, scaled. */
  readonly means: Float64Array[]
  readonly rows: number
  readonly width: number
  readonly #matrix: ProductMatrix
  readonly #part: Part
  readonly #scaling: Scaling | null

  constructor(matrix: ProductMatrix, part: Part, classes: number, scaling: Scaling | null) {
    this.#matrix = matrix
    this.#part = part
    this.#scaling = scaling
    this.rows = part.rows.length
    this.width = matrix.width
    const counts = classCounts(part, classes)
    const weights = vectors(classes, matrix.rows)
    for (const row of part.rows) weights[part.labels[row]][row] = 1 / counts[part.labels[row]]
    this.means = vectors(classes, matrix.width)
    matrix.gather(weights, this.means)
    for (const mean of this.means) {
      if (!scaling) break
      for (let d = 0; d < mean.length; d++) mean[d] = (mean[d] - scaling.shift[d]) / scaling.scale[d]
    }
  }

  /** Xc · v for scaled, class-centred Xc; entries of rows outside the part are 0. */
  project(directions: readonly Float64Array[]): Float64Array[] {
    const scaling = this.#scaling
    const raw = directions.map((v) => (scaling ? v.map((value, d) => value / scaling.scale[d]) : v))
    const products = vectors(directions.length, this.#matrix.rows)
    this.#matrix.project(raw, products)
    return products.map((product, k) => {
      // The scaled mean plus the shift: what a raw row is taken from.
      const offsets = this.means.map(
        (mean) => dot(mean, directions[k]) + (scaling ? dot(scaling.shift, raw[k]) : 0),
      )
      const centred = new Float64Array(product.length)
      for (const row of this.#part.rows) centred[row] = product[row] - offsets[this.#part.labels[row]]
      return centred
    })
  }

  /** Xcᵀ · r for weights of the part's rows. */
  gather(weights: readonly Float64Array[]): Float64Array[] {
    const scaling = this.#scaling
    const sums = vectors(weights.length, this.width)
    this.#matrix.gather(weights, sums)
    for (let k = 0; k < sums.length; k++) {
      const totals = new Float64Array(this.means.length)
      for (const row of this.#part.rows) totals[this.#part.labels[row]] += weights[k][row]
      const total = totals.reduce((sum, value) => sum + value, 0)
      for (let d = 0; d < this.width; d++) {
        if (scaling) sums[k][d] = (sums[k][d] - scaling.shift[d] * total) / scaling.scale[d]
        for (let c = 0; c < totals.length; c++) sums[k][d] -= totals[c] * this.means[c][d]
      }
    }
    return sums
  }

  /** Σ over rows of ‖xᵢ‖² and of ‖xᵢ‖⁴, and ‖XcᵀXc‖² (Frobenius), through rows or columns, whichever are fewer. */
  norms(): { square: number; fourth: number; scatter: number } {
    const byRow = this.rows <= this.width
    const count = byRow ? this.rows : this.width
    const norms = new Float64Array(this.rows)
    let scatter = 0
    for (let from = 0; from < count; from += BLOCK) {
      const width = Math.min(BLOCK, count - from)
      const units = vectors(width, byRow ? this.#matrix.rows : this.width)
      units.forEach((unit, k) => (unit[byRow ? this.#part.rows[from + k] : from + k] = 1))
      if (byRow) {
        const features = this.gather(units)
        for (const product of this.project(features)) scatter += dot(product, product)
        features.forEach((feature, k) => (norms[from + k] = dot(feature, feature)))
      } else {
        const columns = this.project(units)
        for (const column of columns) this.#part.rows.forEach((row, i) => (norms[i] += column[row] ** 2))
        for (const sum of this.gather(columns)) scatter += dot(sum, sum)
      }
    }
    const square = norms.reduce((sum, norm) => sum + norm, 0)
    return { square, fourth: norms.reduce((sum, norm) => sum + norm * norm, 0), scatter }
  }
}

/** Ledoit and Wolf's share of the mean variance, 0 … 1. */
function ledoitWolf(within: WithinClass): number {
  const { rows: n, width: p } = within
  const { square, fourth, scatter } = within.norms()
  const variance = square / n / p
  const size = scatter / n ** 2
  const distance = (size - p * variance ** 2) / p
  const noise = Math.min((fourth / n - size) / (p * n), distance)
  return distance > 0 ? Math.max(0, noise / distance) : 0
}

/** Ledoit and Wolf's share for the raw, class-centred features of one part. */
export const ledoitWolfShare = (matrix: ProductMatrix, part: Part, classes: number): number =>
  ledoitWolf(new WithinClass(matrix, part, classes, null))

/** Σ⁻¹ of each vector, Σ = (1 − share)·XcᵀXc/n + share·variance·I, by conjugate gradients in lockstep. */
function whiten(
  within: WithinClass,
  share: number,
  variance: number,
  targets: readonly Float64Array[],
): { solved: Float64Array[]; converged: boolean } {
  const solved = targets.map((target) => new Float64Array(target.length))
  const rest = targets.map((target) => target.slice())
  const search = targets.map((target) => target.slice())
  const first = targets.map((target) => dot(target, target))
  const norms = first.slice()
  for (let step = 0; step < MAXIMUM_STEPS; step++) {
    const open = targets.flatMap((_, k) => (norms[k] > RELATIVE_RESIDUAL ** 2 * first[k] ? [k] : []))
    if (open.length === 0) return { solved, converged: true }
    const bent = within.gather(within.project(open.map((k) => search[k])))
    open.forEach((k, index) => {
      const [p, curved] = [search[k], bent[index]]
      for (let d = 0; d < p.length; d++)
        curved[d] = ((1 - share) * curved[d]) / within.rows + share * variance * p[d]
      const bend = dot(p, curved)
      const length = bend > 0 ? norms[k] / bend : 0
      const before = norms[k]
      for (let d = 0; d < p.length; d++) {
        solved[k][d] += length * p[d]
        rest[k][d] -= length * curved[d]
      }
      norms[k] = length > 0 ? dot(rest[k], rest[k]) : 0
      for (let d = 0; d < p.length; d++) p[d] = rest[k][d] + (norms[k] / before) * p[d]
    })
  }
  return { solved, converged: false }
}

/**
 * Discriminant scores log π_k + x·Σ⁻¹μ_k − ½ μ_k·Σ⁻¹μ_k, one fit a part.
 * @param shrinkage  share of the mean variance; `auto` takes Ledoit and Wolf's
 */
export function fitLinearDiscriminant(
  matrix: ProductMatrix,
  parts: readonly Part[],
  classes: number,
  { shrinkage, standardize }: { shrinkage: number | 'auto'; standardize: boolean },
): Fit[] {
  const momentsOf = partMoments(matrix)
  return parts.map((part) => {
    const moments = momentsOf(part)
    const { scaling } = scaled(moments, standardize)
    const within = new WithinClass(matrix, part, classes, scaling)
    const shares = classCounts(part, classes).map((count) => count / part.rows.length)
    const centre = new Float64Array(within.width)
    within.means.forEach((mean, k) => mean.forEach((value, d) => (centre[d] += shares[k] * value)))
    const targets = within.means.map((mean) => mean.map((value, d) => value - centre[d]))
    // What the classes' means do not explain of the total variance.
    const total = moments.variance.reduce((sum, v, d) => sum + (scaling ? v / scaling.scale[d] ** 2 : v), 0)
    const between = targets.reduce((sum, target, k) => sum + shares[k] * dot(target, target), 0)
    const variance = Math.max(total - between, 0) / within.width
    const share = shrinkage === 'auto' ? ledoitWolf(within) : shrinkage
    const { solved, converged } = whiten(within, share, variance, targets)
    const raw = solved.map((w, k) => {
      const offset = Math.log(shares[k]) - dot(w, centre) - dot(w, targets[k]) / 2
      return rawUnits(w, offset, scaling)
    })
    const scores = vectors(classes, matrix.rows)
    matrix.project(
      raw.map(({ coefficients }) => coefficients),
      scores,
    )
    scores.forEach((score, k) => score.forEach((value, row) => (score[row] = value + raw[k].intercept)))
    if (classes > 2)
      return {
        logOdds: oddsAgainstRest(scores),
        coefficients: raw.map(({ coefficients }) => coefficients),
        intercepts: Float64Array.from(raw, ({ intercept }) => intercept),
        C: null,
        converged,
      }
    return {
      logOdds: [scores[1].map((value, row) => value - scores[0][row])],
      coefficients: [raw[1].coefficients.map((value, d) => value - raw[0].coefficients[d])],
      intercepts: Float64Array.of(raw[1].intercept - raw[0].intercept),
      C: null,
      converged,
    }
  })
}
