// Probes that are one direction and a sigmoid: difference of means, and ridge regression on ±1.
// Owns: both directions and their log odds. Not: the sigmoid's two numbers (plattScaling.ts).
// Source: difference of means as in Marks & Tegmark 2023; ridge as scikit-learn's RidgeClassifier (intercept free).
import { partMoments, rawUnits, scaled, sampleWeights, type Fit, type Part } from './fit.ts'
import { squaredLoss } from './losses.ts'
import { minimise, type Scaling } from './newton.ts'
import { plattScaling } from './plattScaling.ts'
import type { ProductMatrix } from './productMatrix.ts'

interface DirectionOptions {
  standardize: boolean
  classWeight: 'none' | 'balanced'
}

/** Log odds from scores direction·x + threshold; both are scaled with them. */
function calibrated(
  direction: Float64Array,
  threshold: number,
  scores: Float64Array,
  part: Part,
  converged: boolean,
): Fit {
  const { slope, offset } = plattScaling(scores, part.labels, part.rows)
  return {
    logOdds: [scores.map((score) => slope * score + offset)],
    coefficients: [direction.map((d) => slope * d)],
    intercepts: Float64Array.of(slope * threshold + offset),
    C: null,
    converged,
  }
}

/** μ₁ − μ₀ of scaled features. Two classes. */
export function fitMeanDifference(
  matrix: ProductMatrix,
  parts: readonly Part[],
  { standardize }: DirectionOptions,
): Fit[] {
  const momentsOf = partMoments(matrix)
  const directions = parts.map((part) => {
    const hits = part.rows.reduce((sum, row) => sum + part.labels[row], 0)
    const weights = new Float64Array(matrix.rows)
    for (const row of part.rows) weights[row] = part.labels[row] ? 1 / hits : -1 / (part.rows.length - hits)
    const difference = new Float64Array(matrix.width)
    matrix.gather([weights], [difference])
    const { scaling } = scaled(momentsOf(part), standardize)
    // Once for the difference, once for the feature that it is multiplied with.
    return scaling ? difference.map((value, d) => value / scaling.scale[d] ** 2) : difference
  })
  const scores = directions.map(() => new Float64Array(matrix.rows))
  matrix.project(directions, scores)
  return parts.map((part, index) => calibrated(directions[index], 0, scores[index], part, true))
}

/** Least squares on ±1 with ½·alpha·‖w‖². Two classes. */
export function fitRidge(
  matrix: ProductMatrix,
  parts: readonly Part[],
  alpha: number,
  { standardize, classWeight }: DirectionOptions,
): Fit[] {
  const momentsOf = partMoments(matrix)
  const scalings: (Scaling | null)[] = []
  function* problems() {
    for (const part of parts) {
      const { scaling, meanSquare } = scaled(momentsOf(part), standardize)
      scalings.push(scaling)
      const targets = Float64Array.from({ length: matrix.rows }, (_, row) => (part.labels[row] ? 1 : -1))
      const weights = sampleWeights(part, 2, classWeight)
      yield {
        loss: squaredLoss({ rows: part.rows, weights }, targets),
        penalty: alpha,
        interceptPenalty: 0,
        scaling,
        meanSquare,
        start: null,
        tolerance: { share: 1e-10 },
        maxIterations: 100,
        rows: part.rows,
      }
    }
  }
  const fits: Fit[] = []
  minimise(matrix, problems(), (index, { coefficients, intercepts, scores, converged }) => {
    const raw = rawUnits(coefficients[0], intercepts[0], scalings[index])
    fits[index] = calibrated(raw.coefficients, raw.intercept, scores[0], parts[index], converged)
  })
  return fits
}
