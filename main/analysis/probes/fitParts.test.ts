import { expect, it } from 'vitest'
import { normalGenerator } from '../normalDraws.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { DenseMatrix } from './denseMatrix.ts'
import { fitParts, type FitOptions } from './fitParts.ts'
import { KernelMemory } from './kernelMemory.ts'

const [rows, width] = [300, 6]
const draw = normalGenerator(seededGenerator('parts'))
const values = Float64Array.from({ length: rows * width }, draw)
const matrix = new DenseMatrix(new KernelMemory(), values, width)
const of = (label: (row: number) => boolean): Int32Array =>
  Int32Array.from({ length: rows }, (_, row) => Number(label(row)))
const x = (row: number, column: number): number => values[row * width + column]

/** Share of the last hundred rows that a fit on the first two hundred names rightly. */
function heldOutAccuracy(
  labels: Int32Array,
  options: Partial<FitOptions>,
): { accuracy: number; C: number | null } {
  const everyRow = Int32Array.from({ length: rows }, (_, row) => row)
  const part = { rows: everyRow.subarray(0, 200), labels, groups: everyRow }
  const [fit] = fitParts(matrix, [part], 2, {
    estimator: { kind: 'logistic', solver: 'lbfgs', C: 1, tolerance: 1e-4, maxIterations: 1000 },
    standardize: false,
    classWeight: 'none',
    seed: 3,
    ...options,
  })
  const right = everyRow.subarray(200).filter((row) => fit.logOdds[0][row] > 0 === (labels[row] === 1))
  return { accuracy: right.length / 100, C: fit.C }
}

it('the perceptron learns what no direction can tell, and the same for the same seed', () => {
  const either = of((row) => x(row, 0) > 0 !== x(row, 1) > 0)
  const mlp = { kind: 'mlp', hidden: 16, weightDecay: 1e-3, epochs: 300 } as const
  expect(heldOutAccuracy(either, {}).accuracy).toBeLessThan(0.65)
  expect(heldOutAccuracy(either, { estimator: mlp }).accuracy).toBeGreaterThan(0.85)
  expect(heldOutAccuracy(either, { estimator: mlp })).toEqual(heldOutAccuracy(either, { estimator: mlp }))
})

it('the perceptron takes features as they are unless it is told to standardise', () => {
  // The one feature that tells is a thousandth of the others: standardised it is as large as they are.
  const scaled = values.map((value, i) => (i % width === 0 ? value / 1000 : value))
  const small = new DenseMatrix(new KernelMemory(), scaled, width)
  const labels = of((row) => x(row, 0) > 0)
  const everyRow = Int32Array.from({ length: rows }, (_, row) => row)
  const accuracyOf = (standardize: boolean): number => {
    const [fit] = fitParts(small, [{ rows: everyRow.subarray(0, 200), labels, groups: everyRow }], 2, {
      estimator: { kind: 'mlp', hidden: 8, weightDecay: 1e-3, epochs: 100 },
      ...{ standardize, classWeight: 'none', seed: 3 },
    })
    return (
      everyRow.subarray(200).filter((row) => fit.logOdds[0][row] > 0 === (labels[row] === 1)).length / 100
    )
  }
  expect(accuracyOf(true)).toBeGreaterThan(0.9)
  expect(accuracyOf(false)).toBeLessThan(0.7)
})

it.each([{ kind: 'meanDifference' }, { kind: 'lda', shrinkage: 'auto' }] as const)(
  '$kind refuses class weights in words, for it would leave them out',
  (estimator) => {
    expect(() =>
      heldOutAccuracy(
        of((row) => row % 2 === 0),
        { estimator, classWeight: 'balanced' },
      ),
    ).toThrow(/classWeight.*weights of classes/)
  },
)

it('nested C is small where there is nothing to learn and large where all is told', () => {
  const nested: FitOptions['estimator'] = {
    kind: 'logistic',
    solver: 'lbfgs',
    C: 'nested',
    tolerance: 1e-6,
    maxIterations: 1000,
  }
  const noise = normalGenerator(seededGenerator('labels'))
  expect(
    heldOutAccuracy(
      of(() => noise() > 0),
      { estimator: nested },
    ).C!,
  ).toBeLessThanOrEqual(0.01)
  const told = heldOutAccuracy(
    of((row) => x(row, 0) + x(row, 3) > 0),
    { estimator: nested },
  )
  expect(told.C!).toBeGreaterThanOrEqual(100)
  expect(told.accuracy).toBeGreaterThan(0.95)
})

it('balanced weights name the rare class more often', () => {
  const rare = of((row) => x(row, 0) + draw() > 2.2)
  const everyRow = Int32Array.from({ length: rows }, (_, row) => row)
  const named = (classWeight: 'none' | 'balanced'): number => {
    const estimator = {
      kind: 'logistic',
      solver: 'liblinear',
      C: 1,
      tolerance: 1e-4,
      maxIterations: 100,
    } as const
    const part = { rows: everyRow, labels: rare, groups: everyRow }
    const [fit] = fitParts(matrix, [part], 2, { estimator, standardize: false, classWeight, seed: 0 })
    return fit.logOdds[0].filter((odds) => odds > 0).length
  }
  expect(named('balanced')).toBeGreaterThan(2 * named('none'))
})
