// Losses that a linear fit can minimise, each with its slope and curvature.
// Owns: logistic, softmax and squared loss over weighted samples. Not: penalties or how the minimum is found (newton.ts).
// Scores are decision values w·x + b: one array of N values for each output.

export interface Loss {
  /** Arrays of scores that it reads. */
  readonly outputs: number
  /** Weighted sum over the samples. */
  value(scores: readonly Float64Array[]): number
  /** Slope by score, to `residuals`; keeps what `curve` needs. @returns Σ of weighted curvatures, a scale for preconditioning */
  slope(scores: readonly Float64Array[], residuals: readonly Float64Array[]): number
  /** Curvature at the scores of the last `slope`, applied to directions. Entries of samples without weight stay 0. */
  curve(directions: readonly Float64Array[], curved: readonly Float64Array[]): void
}

/** Samples of a fit: which rows, how much each counts. Rows that are not named have no part. */
export interface Samples {
  rows: ArrayLike<number>
  /** One for each of `rows`. */
  weights: Float64Array
}

/** log(1 + eˣ) without overflow. */
const softplus = (x: number): number => (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x)))

/** 1 / (1 + e⁻ˣ), exact at both ends. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x))
  const e = Math.exp(x)
  return e / (1 + e)
}

/** Two classes: Σ cᵢ log(1 + e^(−yᵢ zᵢ)), y = ±1. @param positive  by row of the matrix: 1 or 0 */
export function logisticLoss({ rows, weights }: Samples, positive: ArrayLike<number>): Loss {
  const curvature = new Float64Array(rows.length)
  return {
    outputs: 1,
    value([scores]) {
      let sum = 0
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]
        sum += weights[i] * softplus(positive[row] ? -scores[row] : scores[row])
      }
      return sum
    },
    slope([scores], [residuals]) {
      let sum = 0
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]
        // The probability of the wrong class keeps its digits where the right one is near 1.
        const wrong = sigmoid(positive[row] ? -scores[row] : scores[row])
        residuals[row] = weights[i] * (positive[row] ? -wrong : wrong)
        sum += curvature[i] = weights[i] * wrong * (1 - wrong)
      }
      return sum
    },
    curve([direction], [curved]) {
      for (let i = 0; i < rows.length; i++) curved[rows[i]] = curvature[i] * direction[rows[i]]
    },
  }
}

/** Several classes: Σ −cᵢ log softmax(zᵢ)[yᵢ]. @param labels  by row of the matrix: 0 … C − 1 */
export function softmaxLoss({ rows, weights }: Samples, labels: ArrayLike<number>, classes: number): Loss {
  const probabilities = new Float64Array(rows.length * classes)
  const logSum = (scores: readonly Float64Array[], row: number): number => {
    let highest = -Infinity
    for (let k = 0; k < classes; k++) highest = Math.max(highest, scores[k][row])
    let sum = 0
    for (let k = 0; k < classes; k++) sum += Math.exp(scores[k][row] - highest)
    return highest + Math.log(sum)
  }
  return {
    outputs: classes,
    value(scores) {
      let sum = 0
      for (let i = 0; i < rows.length; i++)
        sum += weights[i] * (logSum(scores, rows[i]) - scores[labels[rows[i]]][rows[i]])
      return sum
    },
    slope(scores, residuals) {
      let sum = 0
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]
        const total = logSum(scores, row)
        for (let k = 0; k < classes; k++) {
          const p = Math.exp(scores[k][row] - total)
          probabilities[i * classes + k] = p
          residuals[k][row] = weights[i] * (labels[row] === k ? p - 1 : p)
          sum += (weights[i] * p * (1 - p)) / classes
        }
      }
      return sum
    },
    curve(directions, curved) {
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]
        let mean = 0
        for (let k = 0; k < classes; k++) mean += probabilities[i * classes + k] * directions[k][row]
        for (let k = 0; k < classes; k++)
          curved[k][row] = weights[i] * probabilities[i * classes + k] * (directions[k][row] - mean)
      }
    },
  }
}

/** ½ Σ cᵢ (zᵢ − tᵢ)². @param targets  by row of the matrix */
export function squaredLoss({ rows, weights }: Samples, targets: ArrayLike<number>): Loss {
  return {
    outputs: 1,
    value([scores]) {
      let sum = 0
      for (let i = 0; i < rows.length; i++)
        sum += 0.5 * weights[i] * (scores[rows[i]] - targets[rows[i]]) ** 2
      return sum
    },
    slope([scores], [residuals]) {
      let sum = 0
      for (let i = 0; i < rows.length; i++) {
        residuals[rows[i]] = weights[i] * (scores[rows[i]] - targets[rows[i]])
        sum += weights[i]
      }
      return sum
    },
    curve([direction], [curved]) {
      for (let i = 0; i < rows.length; i++) curved[rows[i]] = weights[i] * direction[rows[i]]
    },
  }
}
