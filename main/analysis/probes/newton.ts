// Newton's method with conjugate gradients, for many penalised linear fits on the same features at once.
// Owns: one fit's iterations (NewtonFit) and the lockstep that shares products between fits (minimise). Not: losses, or what is fitted.
// Source: Lin, Weng & Keerthi 2008 (Newton for logistic regression); Hsia, Chiang & Lin 2018 (preconditioning); docs/methods/probes.md.
import type { Loss } from './losses.ts'
import type { ProductMatrix } from './productMatrix.ts'
import type { RowSet } from './rowBlocks.ts'

/** Features as the fit sees them: (x − shift) / scale. */
export interface Scaling {
  shift: Float64Array
  scale: Float64Array
}

/** Minimise ½·penalty·‖w‖² + ½·interceptPenalty·b² + loss(Xw + b). */
export interface LinearProblem {
  loss: Loss
  penalty: number
  /** 0 leaves the intercept free; null leaves it out. */
  interceptPenalty: number | null
  scaling: Scaling | null
  /** Mean square of every scaled feature over the samples; only the speed depends on it. */
  meanSquare: Float64Array
  /** Intercepts to begin with, one for each output; null begins at zero. */
  start: Float64Array | null
  /** Done when the gradient's length is this share of what it is at zero, or when its largest entry is no larger than this. */
  tolerance: { share: number } | { largest: number }
  maxIterations: number
  /** Rows with weight; null where it is not known. The same array for problems of the same rows. */
  rows: RowSet | null
}

export interface LinearSolution {
  /** One array of D for each output, for scaled features. */
  coefficients: Float64Array[]
  intercepts: Float64Array
  /** Of every row of the matrix, those without weight included; one array for each output. */
  scores: Float64Array[]
  iterations: number
  converged: boolean
}

const vectors = (count: number, length: number): Float64Array[] =>
  Array.from({ length: count }, () => new Float64Array(length))

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i]
  return sum
}

/** target += factor · source */
function accumulate(target: Float64Array, factor: number, source: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] += factor * source[i]
}

const MAXIMUM_HALVINGS = 40
/** Enough for any direction that matters: beyond it rounding has taken over. */
const MAXIMUM_CONJUGATE_STEPS = 2000
/** A step is good enough when its residual is this share of the gradient: tighter ones cost more products in all (docs/methods/probes.md). */
const FORCING = 0.3
const SUFFICIENT_DECREASE = 1e-4
/** Of the objective: below this a decrease cannot be told from rounding. */
const ROUNDING = 1e-13

/** All arrays of one output; the intercept rides behind the coefficients, at index D. */
class NewtonFit {
  /** What the lockstep multiplies next: `directions` by X where `wantsProducts`, then `weights` by Xᵀ. */
  wantsProducts = false
  readonly directions: Float64Array[]
  readonly products: Float64Array[]
  readonly weights: Float64Array[]
  readonly sums: Float64Array[]
  done = false
  converged = false
  iterations = 0
  readonly parameters: Float64Array[]
  readonly scores: Float64Array[]

  readonly #problem: LinearProblem
  readonly #width: number
  readonly #gradient: Float64Array[]
  readonly #inverseDiagonal: Float64Array
  readonly #step: Float64Array[]
  readonly #stepScores: Float64Array[]
  readonly #trial: Float64Array[]
  readonly #search: Float64Array[]
  readonly #remaining: Float64Array[]
  readonly #curved: Float64Array[]
  #started = false
  #remainingNorm = 0
  #firstNorm = 0
  #enough = 0
  #conjugateSteps = 0
  #objective: number
  #curvature: number

  constructor(problem: LinearProblem, rows: number, width: number) {
    const { outputs } = problem.loss
    this.#problem = problem
    this.#width = width
    this.directions = vectors(outputs, width)
    this.sums = vectors(outputs, width)
    ;[this.products, this.weights, this.scores, this.#stepScores, this.#trial] = Array.from(
      { length: 5 },
      () => vectors(outputs, rows),
    )
    ;[this.parameters, this.#gradient, this.#step, this.#search, this.#remaining, this.#curved] = Array.from(
      { length: 6 },
      () => vectors(outputs, width + 1),
    )
    this.#inverseDiagonal = new Float64Array(width + 1)
    this.#objective = problem.loss.value(this.scores)
    this.#curvature = problem.loss.slope(this.scores, this.weights)
  }

  /** The products have come: turns them into what Xᵀ is multiplied with. */
  weigh(): void {
    const { scaling, loss } = this.#problem
    for (let k = 0; k < this.products.length; k++) {
      let constant = this.#search[k][this.#width]
      if (scaling) constant -= dot(scaling.shift, this.directions[k])
      const product = this.products[k]
      for (let row = 0; row < product.length; row++) product[row] += constant
    }
    loss.curve(this.products, this.weights)
  }

  /** The sums have come: one step on. */
  advance(): void {
    if (this.wantsProducts) this.#conjugateStep()
    else this.#begin()
  }

  /** Gradient or Hessian product: penalty · of + (scaled) sums. */
  #withPenalty(of: Float64Array[], target: Float64Array[]): void {
    const { scaling, penalty, interceptPenalty } = this.#problem
    for (let k = 0; k < of.length; k++) {
      let total = 0
      for (const weight of this.weights[k]) total += weight
      const [source, sums, out] = [of[k], this.sums[k], target[k]]
      if (scaling)
        for (let d = 0; d < this.#width; d++)
          out[d] = penalty * source[d] + (sums[d] - scaling.shift[d] * total) / scaling.scale[d]
      else for (let d = 0; d < this.#width; d++) out[d] = penalty * source[d] + sums[d]
      out[this.#width] = interceptPenalty === null ? 0 : interceptPenalty * source[this.#width] + total
    }
    // Softmax does not change when all free intercepts move together: what rounding puts there would grow without end.
    if (interceptPenalty === 0 && of.length > 1) {
      const mean = target.reduce((sum, out) => sum + out[this.#width], 0) / of.length
      for (const out of target) out[this.#width] -= mean
    }
  }

  #preconditionedNorm(of: Float64Array[]): number {
    let sum = 0
    for (const vector of of)
      for (let d = 0; d <= this.#width; d++) sum += vector[d] * vector[d] * this.#inverseDiagonal[d]
    return sum
  }

  /** A new point with its gradient: stop, or start looking for the next step. */
  #begin(): void {
    const { penalty, interceptPenalty, meanSquare, start, tolerance, maxIterations } = this.#problem
    this.#withPenalty(this.parameters, this.#gradient)
    const norm = Math.sqrt(this.#gradient.reduce((sum, g) => sum + dot(g, g), 0))
    for (let d = 0; d < this.#width; d++)
      this.#inverseDiagonal[d] = 1 / (penalty + this.#curvature * meanSquare[d])
    const last = (interceptPenalty ?? 0) + this.#curvature
    this.#inverseDiagonal[this.#width] = interceptPenalty === null || last === 0 ? 0 : 1 / last
    const preconditioned = this.#preconditionedNorm(this.#gradient)
    if (!this.#started) {
      this.#started = true
      this.#firstNorm = norm
      if (start) {
        this.#placeAt(start)
        return
      }
    }
    this.converged =
      'share' in tolerance
        ? norm <= tolerance.share * this.#firstNorm
        : this.#gradient.every((of) => of.every((value) => Math.abs(value) <= tolerance.largest))
    if (this.converged || this.iterations >= maxIterations) {
      this.done = true
      return
    }
    this.iterations++
    this.#enough = FORCING ** 2 * preconditioned
    this.#remainingNorm = preconditioned
    this.#conjugateSteps = 0
    for (let k = 0; k < this.#step.length; k++) {
      this.#step[k].fill(0)
      this.#stepScores[k].fill(0)
      for (let d = 0; d <= this.#width; d++) {
        this.#remaining[k][d] = -this.#gradient[k][d]
        this.#search[k][d] = this.#remaining[k][d] * this.#inverseDiagonal[d]
      }
    }
    this.#askForProducts()
  }

  /** The gradient at zero is known: on to the intercepts given, and asks for the gradient there. */
  #placeAt(intercepts: Float64Array): void {
    intercepts.forEach((intercept, k) => {
      this.parameters[k][this.#width] = intercept
      this.scores[k].fill(intercept)
    })
    this.#objective = this.#problem.loss.value(this.scores)
    this.#curvature = this.#problem.loss.slope(this.scores, this.weights)
  }

  #askForProducts(): void {
    const { scaling } = this.#problem
    this.wantsProducts = true
    for (let k = 0; k < this.directions.length; k++)
      for (let d = 0; d < this.#width; d++)
        this.directions[k][d] = scaling ? this.#search[k][d] / scaling.scale[d] : this.#search[k][d]
  }

  #conjugateStep(): void {
    const curved = this.#curved
    this.#withPenalty(this.#search, curved)
    const bend = curved.reduce((sum, vector, k) => sum + dot(vector, this.#search[k]), 0)
    if (bend > 0) {
      const length = this.#remainingNorm / bend
      for (let k = 0; k < curved.length; k++) {
        accumulate(this.#step[k], length, this.#search[k])
        accumulate(this.#stepScores[k], length, this.products[k])
        accumulate(this.#remaining[k], -length, curved[k])
      }
    }
    const before = this.#remainingNorm
    this.#remainingNorm = this.#preconditionedNorm(this.#remaining)
    this.#conjugateSteps++
    const spent = this.#conjugateSteps >= MAXIMUM_CONJUGATE_STEPS || !(bend > 0)
    if (this.#remainingNorm <= this.#enough || spent) {
      this.#move()
      return
    }
    const keep = this.#remainingNorm / before
    for (let k = 0; k < curved.length; k++)
      for (let d = 0; d <= this.#width; d++)
        this.#search[k][d] = this.#remaining[k][d] * this.#inverseDiagonal[d] + keep * this.#search[k][d]
    this.#askForProducts()
  }

  #penaltyAt(length: number): number {
    const { penalty, interceptPenalty } = this.#problem
    let sum = 0
    for (let k = 0; k < this.#step.length; k++) {
      const [at, step] = [this.parameters[k], this.#step[k]]
      for (let d = 0; d < this.#width; d++) sum += penalty * (at[d] + length * step[d]) ** 2
      sum += (interceptPenalty ?? 0) * (at[this.#width] + length * step[this.#width]) ** 2
    }
    return sum / 2
  }

  /** Along the step, as far as the objective decreases; then asks for the gradient there. */
  #move(): void {
    const { loss } = this.#problem
    const slope = this.#gradient.reduce((sum, g, k) => sum + dot(g, this.#step[k]), 0)
    const start = this.#objective + this.#penaltyAt(0)
    let length = 1
    for (let halvings = 0; ; halvings++, length /= 2) {
      for (let k = 0; k < this.#trial.length; k++) {
        this.#trial[k].set(this.scores[k])
        accumulate(this.#trial[k], length, this.#stepScores[k])
      }
      const value = loss.value(this.#trial)
      const allowed = start + SUFFICIENT_DECREASE * length * slope + ROUNDING * Math.abs(start)
      if (value + this.#penaltyAt(length) <= allowed) {
        this.#objective = value
        break
      }
      if (halvings === MAXIMUM_HALVINGS) {
        this.done = true
        return
      }
    }
    for (let k = 0; k < this.parameters.length; k++) {
      accumulate(this.parameters[k], length, this.#step[k])
      this.scores[k].set(this.#trial[k])
    }
    this.#curvature = loss.slope(this.scores, this.weights)
    this.wantsProducts = false
  }

  /** One for each output. */
  rowSets(): RowSet[] {
    return this.directions.map(() => this.#problem.rows ?? [])
  }

  /** `directions` become the solution's, for raw features. */
  aimAtSolution(): void {
    const { scaling } = this.#problem
    for (let k = 0; k < this.directions.length; k++)
      for (let d = 0; d < this.#width; d++)
        this.directions[k][d] = scaling ? this.parameters[k][d] / scaling.scale[d] : this.parameters[k][d]
  }

  /** `scores` are products with `directions`: what does not depend on the row is added. */
  addConstants(): void {
    const { scaling } = this.#problem
    for (let k = 0; k < this.scores.length; k++) {
      let constant = this.parameters[k][this.#width]
      if (scaling) constant -= dot(scaling.shift, this.directions[k])
      for (let row = 0; row < this.scores[k].length; row++) this.scores[k][row] += constant
    }
  }

  solution(): LinearSolution {
    return {
      coefficients: this.parameters.map((p) => p.slice(0, this.#width)),
      intercepts: Float64Array.from(this.parameters, (p) => p[this.#width]),
      scores: this.scores,
      iterations: this.iterations,
      converged: this.converged,
    }
  }
}

/** The scores of solved fits for the rows that they have not learnt from as well. */
function scoreEveryRow(matrix: ProductMatrix, solved: readonly NewtonFit[]): void {
  if (solved.length === 0) return
  for (const fit of solved) fit.aimAtSolution()
  matrix.project(
    solved.flatMap((fit) => fit.directions),
    solved.flatMap((fit) => fit.scores),
  )
  for (const fit of solved) fit.addConstants()
}

/** Bytes of working arrays that fits in progress may have together. */
const WORKING_BYTES = 256 * 2 ** 20
/** More vectors than these in one call gain nothing. */
const VECTORS_AT_ONCE = 32

/**
 * Minima of several problems on the same features, to each the solution that it would have alone.
 * A fit that is done leaves its place to the next, so that products are shared all the time.
 * @param areScoresPartial  products are made for the rows of each problem alone, and for all rows when it is solved
 * @param onSolution  called once a problem, in no order; its arrays may be kept
 */
export function minimise(
  matrix: ProductMatrix,
  problems: Iterable<LinearProblem>,
  onSolution: (index: number, solution: LinearSolution) => void,
  areScoresPartial = false,
): void {
  const queue = problems[Symbol.iterator]()
  const running = new Map<number, NewtonFit>()
  let next = 0
  let places = Infinity
  for (;;) {
    while (running.size < places) {
      const { value: problem, done } = queue.next()
      if (done) break
      const { outputs } = problem.loss
      const bytes = 8 * (5 * matrix.rows + 9 * matrix.width)
      places = Math.max(1, Math.floor(Math.min(VECTORS_AT_ONCE, WORKING_BYTES / bytes) / outputs))
      running.set(next++, new NewtonFit(problem, matrix.rows, matrix.width))
    }
    if (running.size === 0) return
    const fits = [...running.values()]
    const searching = fits.filter((fit) => fit.wantsProducts)
    matrix.project(
      searching.flatMap((fit) => fit.directions),
      searching.flatMap((fit) => fit.products),
      areScoresPartial ? searching.flatMap((fit) => fit.rowSets()) : [],
    )
    for (const fit of searching) fit.weigh()
    matrix.gather(
      fits.flatMap((fit) => fit.weights),
      fits.flatMap((fit) => fit.sums),
      areScoresPartial ? fits.flatMap((fit) => fit.rowSets()) : [],
    )
    for (const fit of fits) fit.advance()
    if (areScoresPartial)
      scoreEveryRow(
        matrix,
        fits.filter(({ done }) => done),
      )
    for (const [index, fit] of running) {
      if (!fit.done) continue
      running.delete(index)
      onSolution(index, fit.solution())
    }
  }
}
