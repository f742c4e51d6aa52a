import { describe, expect, it } from 'vitest'
import { seededGenerator } from '../seededGenerator.ts'
import { DenseMatrix } from './denseMatrix.ts'
import { KernelMemory } from './kernelMemory.ts'
import { logisticLoss, sigmoid, softmaxLoss, type Loss } from './losses.ts'
import { minimise, type LinearProblem, type LinearSolution } from './newton.ts'

const random = seededGenerator('newton')
const [rows, width] = [60, 7]
const values = Float64Array.from({ length: rows * width }, () => 4 * random() - 2)
const labels = Int32Array.from({ length: rows }, () => Math.floor(3 * random()))
const samples = {
  rows: Int32Array.from({ length: rows }, (_, row) => row),
  weights: new Float64Array(rows).fill(1),
}
const problem = (loss: Loss, more: Partial<LinearProblem> = {}): LinearProblem => ({
  loss,
  penalty: 1,
  interceptPenalty: 0,
  scaling: null,
  meanSquare: new Float64Array(width).fill(1.3),
  start: null,
  tolerance: { share: 1e-10 },
  maxIterations: 100,
  rows: null,
  ...more,
})
function solve(...problems: LinearProblem[]): LinearSolution[] {
  const solutions: LinearSolution[] = []
  const matrix = new DenseMatrix(new KernelMemory(), values, width)
  minimise(matrix, problems, (index, solution) => (solutions[index] = solution))
  return solutions
}
const binary = (): Loss =>
  logisticLoss(
    samples,
    labels.map((label) => (label === 1 ? 1 : 0)),
  )

describe('a minimum', () => {
  it('is one: a step to any side costs more', () => {
    const [{ coefficients, intercepts, converged }] = solve(problem(binary()))
    expect(converged).toBe(true)
    const cost = (w: Float64Array, b: number): number => {
      const scores = Float64Array.from({ length: rows }, (_, row) =>
        w.reduce((sum, value, d) => sum + value * values[row * width + d], b),
      )
      return binary().value([scores]) + w.reduce((sum, value) => sum + value * value, 0) / 2
    }
    const least = cost(coefficients[0], intercepts[0])
    for (let d = 0; d <= width; d++)
      for (const by of [1e-3, -1e-3]) {
        const moved = coefficients[0].map((value, at) => value + (at === d ? by : 0))
        expect(cost(moved, intercepts[0] + (d === width ? by : 0))).toBeGreaterThan(least)
      }
  })

  it('is the same among many problems as alone, to rounding', () => {
    const several = Array.from({ length: 9 }, (_, k) => problem(binary(), { penalty: 1 + k }))
    const [alone] = solve(problem(binary(), { penalty: 4 }))
    const together = solve(...several)[3]
    together.coefficients[0].forEach((w, d) => expect(w).toBeCloseTo(alone.coefficients[0][d], 9))
  })

  it('ignores rows without weight, and still scores them', () => {
    const half = { rows: samples.rows.subarray(0, 30), weights: new Float64Array(30).fill(1) }
    const positive = labels.map((label) => (label === 1 ? 1 : 0))
    const [first] = solve(problem(logisticLoss(half, positive)))
    const flipped = positive.map((label, row) => (row < 30 ? label : 1 - label))
    const [second] = solve(problem(logisticLoss(half, flipped)))
    expect(second).toEqual(first)
    const [w, b] = [first.coefficients[0], first.intercepts[0]]
    const last = w.reduce((sum, value, d) => sum + value * values[59 * width + d], b)
    expect(first.scores[0][59]).toBeCloseTo(last, 9)
  })

  it('of separable classes without end is given up after the allowed iterations, and says so', () => {
    const positive = Int32Array.from({ length: rows }, (_, row) => (values[row * width] > 0 ? 1 : 0))
    const loss = logisticLoss(samples, positive)
    const [{ converged, iterations }] = solve(problem(loss, { penalty: 1e-300, maxIterations: 3 }))
    expect([converged, iterations]).toEqual([false, 3])
  })

  it('of softmax has probabilities that sum to one and match the classes’ shares', () => {
    const [{ scores, converged }] = solve(problem(softmaxLoss(samples, labels, 3)))
    expect(converged).toBe(true)
    const expected = [0, 0, 0]
    for (let row = 0; row < rows; row++) {
      const sum = scores.reduce((total, score) => total + Math.exp(score[row]), 0)
      for (let k = 0; k < 3; k++) expected[k] += Math.exp(scores[k][row]) / sum
    }
    // A free intercept makes the mean prediction the observed share.
    expected.forEach((total, k) => expect(total).toBeCloseTo(labels.filter((label) => label === k).length, 5))
  })
})

it('the sigmoid keeps its digits at both ends', () => {
  expect(sigmoid(-800)).toBe(0)
  expect(sigmoid(-700)).toBeGreaterThan(0)
  expect(sigmoid(800)).toBe(1)
  expect(sigmoid(0)).toBe(0.5)
})
