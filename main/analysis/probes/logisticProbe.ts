// L2 logistic regression, with scikit-learn's two objectives.
// Owns: which objective, its penalty, and the choice of C on folds within the part. Not: finding the minimum (newton.ts).
// Source: scikit-learn 1.9 LogisticRegression, solvers `liblinear` (intercept penalised) and `lbfgs` (intercept free); docs/methods/probes.md.
import type { EstimatorSettings } from '../../contract/probes.ts'
import {
  classCounts,
  oddsAgainstRest,
  partMoments,
  priorOdds,
  rawUnits,
  sampleWeights,
  scaled,
  type Fit,
  type Part,
} from './fit.ts'
import { logisticLoss, sigmoid, softmaxLoss } from './losses.ts'
import { minimise, type LinearProblem, type LinearSolution, type Scaling } from './newton.ts'
import type { ProductMatrix } from './productMatrix.ts'
import { groupedFolds } from './splits.ts'

type Logistic = Extract<EstimatorSettings, { kind: 'logistic' }>
export interface LogisticOptions extends Omit<Logistic, 'kind'> {
  standardize: boolean
  classWeight: 'none' | 'balanced'
}

/** What `nested` tries. */
const GRID = [1e-4, 1e-3, 1e-2, 1e-1, 1, 1e1, 1e2, 1e3, 1e4]
const INNER_FOLDS = 5

/** Free intercepts begin where the classes' shares alone would have them: features that tell nothing leave them exactly there. */
function classStart(part: Part, classes: number, classWeight: 'none' | 'balanced'): Float64Array {
  const odds = priorOdds(part, classes, classWeight)
  if (classes === 2) return odds
  const logs = odds.map((value) => Math.log(sigmoid(value)))
  // Of all that are equally good, softmax from zero would reach the one whose sum is 0.
  const mean = logs.reduce((a, b) => a + b, 0) / classes
  return logs.map((value) => value - mean)
}

interface Task {
  part: Part
  C: number
}

/** Fits several tasks in lockstep. @param take  gets each solution as it comes */
function fitTasks(
  matrix: ProductMatrix,
  tasks: readonly Task[],
  classes: number,
  options: LogisticOptions,
  take: (index: number, solution: LinearSolution, scaling: Scaling | null) => void,
): void {
  const momentsOf = partMoments(matrix)
  const scalings: (Scaling | null)[] = []
  // Each solver's own rule for the same number: few samples of a class need a smaller gradient, or the mean objective's slopes are small.
  const liblinearRule = (part: Part) => {
    const rarest = Math.min(...classCounts(part, classes).filter((count) => count > 0))
    return { share: (options.tolerance * rarest) / part.rows.length }
  }
  const lbfgsRule = (weights: Float64Array) => ({
    largest: options.tolerance * weights.reduce((a, b) => a + b, 0),
  })
  function* problems(): Generator<LinearProblem> {
    for (const { part, C } of tasks) {
      const { scaling, meanSquare } = scaled(momentsOf(part), options.standardize)
      scalings.push(scaling)
      const weights = sampleWeights(part, classes, options.classWeight).map((weight) => C * weight)
      const samples = { rows: part.rows, weights }
      yield {
        loss: classes === 2 ? logisticLoss(samples, part.labels) : softmaxLoss(samples, part.labels, classes),
        penalty: 1,
        interceptPenalty: options.solver === 'liblinear' ? 1 : 0,
        scaling,
        meanSquare,
        start: options.solver === 'liblinear' ? null : classStart(part, classes, options.classWeight),
        tolerance: options.solver === 'liblinear' ? liblinearRule(part) : lbfgsRule(weights),
        maxIterations: options.maxIterations,
        rows: part.rows,
      }
    }
  }
  const sets = [...new Set(tasks.map(({ part }) => part.rows))]
  const areScoresPartial = matrix.arrange?.(sets) ?? false
  minimise(matrix, problems(), (index, solution) => take(index, solution, scalings[index]), areScoresPartial)
}

/** Negative log likelihood of one row under log odds of each class against the rest. */
function surprise(logOdds: readonly Float64Array[], row: number, label: number): number {
  const odds = logOdds.length === 1 ? (label ? logOdds[0][row] : -logOdds[0][row]) : logOdds[label][row]
  // Sure and wrong must not count as infinite.
  return -Math.log(Math.max(sigmoid(odds), 1e-15))
}

const asOdds = (scores: Float64Array[]): Float64Array[] =>
  scores.length === 1 ? scores : oddsAgainstRest(scores)

/** The C of each part whose held-out log likelihood is best, over five folds of the part's own groups (fewer where it has fewer). */
function nestedC(
  matrix: ProductMatrix,
  parts: readonly Part[],
  classes: number,
  options: LogisticOptions,
): number[] {
  const tasks: (Task & { of: number; candidate: number; test: Int32Array })[] = []
  parts.forEach((part, of) => {
    const groups = Int32Array.from(part.rows, (row) => part.groups[row])
    const folds = Math.min(INNER_FOLDS, new Set(groups).size)
    if (folds < 2) return
    for (const { train, test } of groupedFolds(groups, folds, 0)) {
      const inner = { ...part, rows: train.map((index) => part.rows[index]) }
      // Softmax has no finite optimum for a class without rows: such a fold says nothing about C.
      if (classCounts(inner, classes).includes(0)) continue
      const held = test.map((index) => part.rows[index])
      GRID.forEach((C, candidate) => tasks.push({ part: inner, C, of, candidate, test: held }))
    }
  })
  const losses = parts.map(() => new Float64Array(GRID.length))
  fitTasks(matrix, tasks, classes, options, (index, solution) => {
    const { of, candidate, test, part } = tasks[index]
    const logOdds = asOdds(solution.scores)
    for (const row of test) losses[of][candidate] += surprise(logOdds, row, part.labels[row])
  })
  // The first of equals is the strongest penalty; without any fold, C = 1.
  return losses.map((of) => (of.some((loss) => loss > 0) ? GRID[of.indexOf(Math.min(...of))] : 1))
}

/** One fit for each part. The same optimum as scikit-learn's at a tight tolerance. */
export function fitLogistic(
  matrix: ProductMatrix,
  parts: readonly Part[],
  classes: number,
  options: LogisticOptions,
): Fit[] {
  const strengths =
    options.C === 'nested' ? nestedC(matrix, parts, classes, options) : parts.map(() => options.C as number)
  const tasks = parts.map((part, index) => ({ part, C: strengths[index] }))
  const fits: Fit[] = []
  fitTasks(matrix, tasks, classes, options, (index, solution, scaling) => {
    const raw = solution.coefficients.map((w, k) => rawUnits(w, solution.intercepts[k], scaling))
    fits[index] = {
      logOdds: asOdds(solution.scores),
      coefficients: raw.map(({ coefficients }) => coefficients),
      intercepts: Float64Array.from(raw, ({ intercept }) => intercept),
      C: tasks[index].C,
      converged: solution.converged,
    }
  })
  return fits
}
