// One hidden layer of rectified units: the rival that is not linear.
// Owns: the network, its gradient and Adam. Not: splits, or products with the features.
// Method: full batches of features that are standardised, or all divided by one number so that Adam's rate suits them; softmax loss, L2 on weights. Kingma & Ba 2015 (Adam), He et al. 2015 (first weights).
import type { UniformGenerator } from '../seededGenerator.ts'
import { oddsAgainstRest, partMoments, sampleWeights, scaled, type Fit, type Part } from './fit.ts'
import { normalGenerator } from '../normalDraws.ts'
import type { Scaling } from './newton.ts'
import type { Moments, ProductMatrix } from './productMatrix.ts'

export interface PerceptronOptions {
  hidden: number
  weightDecay: number
  epochs: number
  standardize: boolean
  classWeight: 'none' | 'balanced'
}

const LEARNING_RATE = 1e-2
const [FIRST_DECAY, SECOND_DECAY, TINY] = [0.9, 0.999, 1e-8]

/** One array of parameters with Adam's two averages. */
class Parameters {
  readonly values: Float64Array
  readonly gradient: Float64Array
  readonly #first: Float64Array
  readonly #second: Float64Array
  #steps = 0
  constructor(values: Float64Array) {
    this.values = values
    this.gradient = new Float64Array(values.length)
    this.#first = new Float64Array(values.length)
    this.#second = new Float64Array(values.length)
  }
  step(): void {
    this.#steps++
    const rate =
      (LEARNING_RATE * Math.sqrt(1 - SECOND_DECAY ** this.#steps)) / (1 - FIRST_DECAY ** this.#steps)
    for (let i = 0; i < this.values.length; i++) {
      const g = this.gradient[i]
      this.#first[i] += (1 - FIRST_DECAY) * (g - this.#first[i])
      this.#second[i] += (1 - SECOND_DECAY) * (g * g - this.#second[i])
      this.values[i] -= (rate * this.#first[i]) / (Math.sqrt(this.#second[i]) + TINY)
    }
  }
}

/** Standardised, or all features by their common root mean square: which of them are large stays as it is. */
function scalingOf(moments: Moments, standardize: boolean): Scaling {
  const { scaling, meanSquare } = scaled(moments, standardize)
  if (scaling) return scaling
  const whole = Math.sqrt(meanSquare.reduce((sum, value) => sum + value, 0) / meanSquare.length) || 1
  return { shift: new Float64Array(meanSquare.length), scale: meanSquare.map(() => whole) }
}

function fitOne(
  matrix: ProductMatrix,
  part: Part,
  classes: number,
  options: PerceptronOptions,
  random: UniformGenerator,
  momentsOf: ReturnType<typeof partMoments>,
): Fit {
  const { hidden, epochs, weightDecay } = options
  const scaling = scalingOf(momentsOf(part), options.standardize)
  const draw = normalGenerator(random)
  const drawn = (count: number, spread: number): Parameters =>
    new Parameters(Float64Array.from({ length: count }, () => spread * draw()))
  // A row for each hidden unit: its weights for scaled features.
  const inner = Array.from({ length: hidden }, () => drawn(matrix.width, Math.sqrt(2 / matrix.width)))
  const innerBias = new Parameters(new Float64Array(hidden))
  const outer = Array.from({ length: classes }, () => drawn(hidden, Math.sqrt(1 / hidden)))
  const outerBias = new Parameters(new Float64Array(classes))
  const weights = sampleWeights(part, classes, options.classWeight)
  const total = weights.reduce((sum, weight) => sum + weight, 0)

  const raw = inner.map(() => new Float64Array(matrix.width))
  const active = inner.map(() => new Float64Array(matrix.rows))
  const slopes = inner.map(() => new Float64Array(matrix.rows))
  const sums = inner.map(() => new Float64Array(matrix.width))
  const scores = outer.map(() => new Float64Array(matrix.rows))

  const forward = (): void => {
    inner.forEach(({ values }, h) => {
      for (let d = 0; d < values.length; d++) raw[h][d] = values[d] / scaling.scale[d]
    })
    matrix.project(raw, active)
    active.forEach((units, h) => {
      let constant = innerBias.values[h]
      for (let d = 0; d < matrix.width; d++) constant -= raw[h][d] * scaling.shift[d]
      for (let row = 0; row < units.length; row++) units[row] = Math.max(0, units[row] + constant)
    })
    scores.forEach((score, k) => {
      score.fill(outerBias.values[k])
      active.forEach((units, h) => {
        const weight = outer[k].values[h]
        for (let row = 0; row < score.length; row++) score[row] += weight * units[row]
      })
    })
  }

  const backward = (): void => {
    for (const { gradient, values } of outer)
      for (let h = 0; h < hidden; h++) gradient[h] = weightDecay * values[h]
    outerBias.gradient.fill(0)
    innerBias.gradient.fill(0)
    const residual = new Float64Array(classes)
    part.rows.forEach((row, i) => {
      const highest = scores.reduce((most, score) => Math.max(most, score[row]), -Infinity)
      let sum = 0
      for (let k = 0; k < classes; k++) sum += residual[k] = Math.exp(scores[k][row] - highest)
      for (let k = 0; k < classes; k++) {
        residual[k] = (weights[i] / total) * (residual[k] / sum - (part.labels[row] === k ? 1 : 0))
        outerBias.gradient[k] += residual[k]
      }
      for (let h = 0; h < hidden; h++) {
        const unit = active[h][row]
        let slope = 0
        if (unit > 0)
          for (let k = 0; k < classes; k++) {
            outer[k].gradient[h] += residual[k] * unit
            slope += residual[k] * outer[k].values[h]
          }
        slopes[h][row] = slope
        innerBias.gradient[h] += slope
      }
    })
    matrix.gather(slopes, sums)
    inner.forEach(({ gradient, values }, h) => {
      const constant = innerBias.gradient[h]
      for (let d = 0; d < values.length; d++)
        gradient[d] = weightDecay * values[d] + (sums[h][d] - scaling.shift[d] * constant) / scaling.scale[d]
    })
  }

  for (let epoch = 0; epoch < epochs; epoch++) {
    forward()
    backward()
    for (const parameters of [...inner, innerBias, ...outer, outerBias]) parameters.step()
  }
  forward()
  const logOdds =
    classes === 2 ? [scores[1].map((value, row) => value - scores[0][row])] : oddsAgainstRest(scores)
  return {
    logOdds,
    coefficients: null,
    intercepts: new Float64Array(0),
    C: null,
    converged: true,
  }
}

/** One network for each part, all from the same generator in turn. */
export function fitPerceptron(
  matrix: ProductMatrix,
  parts: readonly Part[],
  classes: number,
  options: PerceptronOptions,
  random: UniformGenerator,
): Fit[] {
  const momentsOf = partMoments(matrix)
  return parts.map((part) => fitOne(matrix, part, classes, options, random, momentsOf))
}
