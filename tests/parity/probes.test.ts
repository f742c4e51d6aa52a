// Probes against scikit-learn on five data sets (probes.py), from coefficients to intervals.
// Tolerances: coefficients 1e-4 of the largest and probabilities 1e-5, as both stop at a small gradient, not at the optimum; figures 1e-9,
// since they are counts and sums of the same few hundred numbers. What is reached is printed.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DenseMatrix } from '../../main/analysis/probes/denseMatrix.ts'
import { fitParts, type FitOptions } from '../../main/analysis/probes/fitParts.ts'
import { judge } from '../../main/analysis/probes/figures.ts'
import { KernelMemory } from '../../main/analysis/probes/kernelMemory.ts'
import { fitRidge } from '../../main/analysis/probes/directionProbes.ts'
import { ledoitWolfShare } from '../../main/analysis/probes/linearDiscriminant.ts'
import { sigmoid } from '../../main/analysis/probes/losses.ts'
import { RandomState } from '../../main/analysis/probes/mersenneTwister.ts'
import { probeFeatures } from '../../main/analysis/probes/probeFeatures.ts'
import { groupResamples } from '../../main/analysis/probes/resamples.ts'
import { groupedFolds } from '../../main/analysis/probes/splits.ts'
import { fitFolds } from '../../main/analysis/probes/usableFolds.ts'
import { halfToFloat } from '../../main/model/halfFloats.ts'

const folder = join(import.meta.dirname, 'golden', 'probes')

interface Variant {
  solver: 'liblinear' | 'lbfgs'
  standardize: boolean
  balanced: boolean
  coefficients: number[]
  intercept: number
  probabilities: number[]
  heldOut: number[]
  accuracy: number
  auroc: [number, number, number]
  auprc: [number, number, number]
  brier: [number, number, number]
}
interface Expected {
  rows: number
  width: number
  positives: number
  shuffledGroups: number[]
  testRows: number[][]
  variants: Variant[]
  ledoitWolf: number
  ridge: { coefficients: number[]; intercept: number }
}
const golden = JSON.parse(readFileSync(join(folder, 'probes.json'), 'utf8')) as {
  realLabels: number[]
  sets: Record<string, Expected>
  softmax: { labels: number[]; coefficients: number[][]; intercepts: number[]; probabilities: number[][] }
} // our own file

/** Sums of four uniform integers, as probes.py draws them. */
function drawn(seed: number, rows: number, width: number): Float64Array {
  const random = new RandomState(seed)
  const uniform = (): number => random.interval(65535)
  return Float64Array.from(
    { length: rows * width },
    () => (uniform() + uniform() + uniform() + uniform() - 131070) / 37837,
  )
}

interface DataSet {
  X: Float32Array | Float64Array
  y: Int32Array
  groups: Int32Array
}
const labelled = (rows: number, label: (row: number) => boolean | number): Int32Array =>
  Int32Array.from({ length: rows }, (_, row) => Number(label(row)))
const grouped = (rows: number, size: number): Int32Array => labelled(rows, (row) => Math.floor(row / size))

const sets: Record<string, () => DataSet> = {
  separable() {
    const X = drawn(1, 200, 20)
    const y = labelled(200, (row) => row % 2)
    y.forEach((label, row) => (X[row * 20] += 6 * (2 * label - 1)))
    return { X, y, groups: grouped(200, 10) }
  },
  imbalanced() {
    const [X, noise] = [drawn(2, 500, 30), drawn(3, 500, 1)]
    const y = labelled(500, (row) => X[row * 30] + 0.5 * X[row * 30 + 1] + noise[row] > 2.4)
    return { X, y, groups: grouped(500, 20) }
  },
  collinear() {
    const [x, tiny, far, noise] = [drawn(4, 300, 12), drawn(5, 300, 3), drawn(6, 300, 1), drawn(7, 300, 1)]
    const X = Float64Array.from(
      Array.from({ length: 300 }, (_, row) => {
        const own = [...x.subarray(row * 12, row * 12 + 12)]
        const tripled = own.slice(0, 6).map((value) => value * 3)
        const near = own.slice(6, 9).map((value, k) => value + 1e-3 * tiny[row * 3 + k])
        return [...own, ...tripled, ...near, 40 + far[row]]
      }).flat(),
    )
    return {
      X,
      y: labelled(300, (row) => x[row * 12] - x[row * 12 + 7] + noise[row] > 0),
      groups: grouped(300, 12),
    }
  },
  wide() {
    const [X, noise] = [drawn(8, 90, 400), drawn(9, 90, 1)]
    return { X, y: labelled(90, (row) => X[row * 400] + noise[row] > 0), groups: grouped(90, 6) }
  },
  real() {
    const bytes = Buffer.concat([0, 1, 2].map((part) => readFileSync(join(folder, `activations${part}.f16`))))
    const X = Float32Array.from({ length: bytes.length / 2 }, (_, i) =>
      halfToFloat(bytes.readUInt16LE(2 * i)),
    )
    return { X, y: Int32Array.from(golden.realLabels), groups: grouped(600, 20) }
  },
}

const largest = (values: Iterable<number>): number => Math.max(...Array.from(values, Math.abs))
const tight = (variant: Pick<Variant, 'solver' | 'standardize' | 'balanced'>): FitOptions => ({
  estimator: { kind: 'logistic', solver: variant.solver, C: 1, tolerance: 1e-10, maxIterations: 1000 },
  standardize: variant.standardize,
  classWeight: variant.balanced ? 'balanced' : 'none',
  seed: 0,
})
const everyRow = (rows: number): Int32Array => labelled(rows, (row) => row)

describe.each(Object.keys(sets))('on the %s data set', (name) => {
  const expected = golden.sets[name]
  const { X, y, groups } = sets[name]()
  const width = X.length / y.length
  const matrix = new DenseMatrix(new KernelMemory(), X, width)
  const everything = { rows: everyRow(y.length), labels: y, groups }
  const [count, folds] = [new Set(groups).size, groupedFolds(groups, 5, 42)]

  it('rows, shuffled groups and folds are the same', () => {
    expect([y.length, width, y.reduce((a, b) => a + b)]).toEqual([
      expected.rows,
      expected.width,
      expected.positives,
    ])
    const order = new RandomState(42).shuffled(Array.from({ length: count }, (_, group) => group))
    expect(order).toEqual(expected.shuffledGroups)
    expect(folds.map(({ test }) => [...test])).toEqual(expected.testRows)
  })

  it.each(expected.variants)(
    '$solver (standardised: $standardize, balanced: $balanced) has the same coefficients, probabilities and figures',
    (variant) => {
      const [fit] = fitParts(matrix, [everything], 2, tight(variant))
      const scale = largest(variant.coefficients)
      const apart = {
        coefficients: largest(variant.coefficients.map((w, d) => (w - fit.coefficients![0][d]) / scale)),
        intercept: Math.abs(variant.intercept - fit.intercepts[0]) / Math.max(1, Math.abs(variant.intercept)),
        probabilities: largest(variant.probabilities.map((p, row) => p - sigmoid(fit.logOdds[0][row]))),
        heldOut: 0,
      }
      const data = { labels: y, groups, classes: ['0', '1'] }
      const { held } = fitFolds(matrix, data, folds, tight(variant))
      apart.heldOut = largest(
        [...held.rows].map((row, sample) => variant.heldOut[row] - sigmoid(held.logOdds[0][sample])),
      )
      console.log(name, variant.solver, apart)
      expect(apart.coefficients).toBeLessThan(1e-4)
      expect(apart.intercept).toBeLessThan(1e-4)
      expect(apart.probabilities).toBeLessThan(1e-5)
      expect(apart.heldOut).toBeLessThan(1e-5)

      const resamples = groupResamples(
        Array.from({ length: count }, (_, group) => group),
        count,
        200,
        42,
      )
      const { figures } = judge(held, data.classes, count, resamples)
      expect(figures.accuracy.value).toBeCloseTo(variant.accuracy, 12)
      for (const key of ['auroc', 'auprc'] as const) {
        const { value, low, high } = figures[key]
        expect(
          largest([value! - variant[key][0], low! - variant[key][1], high! - variant[key][2]]),
        ).toBeLessThan(1e-9)
      }
      // A sum over probabilities, which agree to 1e-5 only.
      const { value, low, high } = figures.brier
      expect(
        largest([value! - variant.brier[0], low! - variant.brier[1], high! - variant.brier[2]]),
      ).toBeLessThan(1e-6)
    },
  )

  it('the document for foreign features has them too', () => {
    const [variant] = expected.variants
    const document = probeFeatures(X, y, groups, {
      ...tight(variant),
      split: { kind: 'grouped', folds: 5, seed: 42 },
      permutations: 0,
      bootstraps: 200,
      seed: 42,
    })
    expect(document.auroc).toBeCloseTo(variant.auroc[0], 9)
    expect(document.figures.auroc.low).toBeCloseTo(variant.auroc[1], 9)
    expect(document.accuracy).toBeCloseTo(variant.accuracy, 12)
    const apart = largest(variant.coefficients.map((w, d) => w - document.coefficients[0][d]))
    expect(apart / largest(variant.coefficients)).toBeLessThan(1e-4)
  })

  it('Ledoit and Wolf shrink as much', () => {
    expect(ledoitWolfShare(matrix, everything, 2)).toBeCloseTo(expected.ledoitWolf, 9)
  })

  it('ridge regression has the same direction and zero', () => {
    const [fit] = fitRidge(matrix, [everything], 1, { standardize: false, classWeight: 'none' })
    const { coefficients, intercept } = expected.ridge
    // The sigmoid's slope and offset come on top: compared is what they leave alone.
    const strongest = coefficients.findIndex((w) => Math.abs(w) === largest(coefficients))
    const slope = fit.coefficients![0][strongest] / coefficients[strongest]
    const apart = coefficients.map((w, d) => fit.coefficients![0][d] / slope - w)
    expect(largest(apart) / largest(coefficients)).toBeLessThan(1e-6)
    expect(slope).toBeGreaterThan(0)
    const scores = Float64Array.from({ length: y.length }, (_, row) => {
      let sum = intercept
      for (let d = 0; d < width; d++) sum += coefficients[d] * X[row * width + d]
      return sum
    })
    const offset = fit.logOdds[0][0] - slope * scores[0]
    const gaps = scores.map((score, row) => fit.logOdds[0][row] - slope * score - offset)
    expect(largest(gaps)).toBeLessThan(1e-5 * Math.max(1, largest(fit.logOdds[0])))
  })
})

it('softmax regression has the same coefficients and probabilities', () => {
  const { labels, coefficients, intercepts, probabilities } = golden.softmax
  const matrix = new DenseMatrix(new KernelMemory(), drawn(10, 240, 15), 15)
  const part = { rows: everyRow(240), labels, groups: everyRow(240) }
  const [fit] = fitParts(matrix, [part], 3, tight({ solver: 'lbfgs', standardize: false, balanced: false }))
  const apart = {
    coefficients: largest(coefficients.flatMap((row, k) => row.map((w, d) => w - fit.coefficients![k][d]))),
    intercepts: largest(intercepts.map((b, k) => b - fit.intercepts[k])),
    probabilities: largest(
      probabilities.flatMap((row, i) => row.map((p, k) => p - sigmoid(fit.logOdds[k][i]))),
    ),
  }
  console.log('softmax', apart)
  expect(apart.coefficients).toBeLessThan(1e-4)
  expect(apart.intercepts).toBeLessThan(1e-4)
  expect(apart.probabilities).toBeLessThan(1e-5)
})
