// Contrast vectors, their geometry, the target step and upstream's tables against NumPy, SciPy and scikit-learn (steering.py). Both sides reckon in
// double precision from the same single-precision data: tolerance 1e-9 of the largest value, and 1e-6 where our vectors are handed out in single precision.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { percentile } from '../../main/analysis/clusterBootstrap.ts'
import { normalCdf, studentCdf, studentQuantile } from '../../main/analysis/distributions.ts'
import { rowProducts } from '../../main/analysis/principalComponents.ts'
import type { ContrastRows } from '../../main/analysis/steering/contrastRows.ts'
import { contrastVectors } from '../../main/analysis/steering/contrastVectors.ts'
import { upstreamTables } from '../../main/analysis/steering/sweepTables.ts'
import { targetStep, type StepEvidence } from '../../main/analysis/steering/targetStep.ts'
import { ledoitWolf } from '../../main/analysis/steering/whitening.ts'
import { symmetricEigen } from '../../main/analysis/symmetricEigen.ts'
import { contrastSettings, type ContrastSettingsInput } from '../../main/contract/contrasts.ts'
import type { TableCondition, TableShare } from '../../main/contract/sweepTables.ts'

interface Golden {
  contrasts: Record<string, { rows: GoldenRows; expected: Expected }>
  pairs: { width: number; data: number[]; vector: number[] }
  eigen: { matrix: number[][]; values: number[] }[]
  targetSteps: { evidence: StepEvidence[]; step: number }[]
  sweep: { conditions: TableCondition[]; expected: ExpectedTables }
  percentiles: { values: number[]; shares: number[]; expected: number[] }
  normal: [number, number][]
  student: [number, number, number][]
  studentQuantiles: [number, number, number][]
}
interface GoldenRows {
  width: number
  data: number[]
  labels: number[]
  episodes: number[]
  steps: number[]
}
interface Expected {
  pooled: number[]
  perStep: { step: number; counts: [number, number]; vector: number[] | null }[]
  windowsOfThree: number[][]
  cosines: number[][]
  path: [number, number][]
  explained: number[]
  dPrime: number
  residualNorm: number
  shrinkage: number
  whitened: number[]
}
interface ExpectedTables {
  overall: TableShare[]
  differences: (number | null)[]
  phases: TableShare[][]
  steps: TableShare[][]
  questionMarks: TableShare[]
  best: string
  rescuedEpisode: number
}

const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, 'golden', 'steering.json'), 'utf8'),
) as Golden // steering.py writes it

let largest = 0
afterAll(() => console.log(`largest difference, relative: ${largest.toExponential(1)}`))

/** Largest difference, relative to the largest expected value. */
function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(1e-300, ...expected.map(Math.abs))
  const difference = Math.max(...expected.map((value, i) => Math.abs(value - actual[i]))) / scale
  largest = Math.max(largest, difference)
  expect(difference).toBeLessThan(tolerance)
}

const rowsOf = ({ width, data, labels, episodes, steps }: GoldenRows): ContrastRows => ({
  width,
  data: Float32Array.from(data),
  labels: Int32Array.from(labels),
  episodes: Int32Array.from(episodes),
  steps: Int32Array.from(steps),
})
const quick = (settings: ContrastSettingsInput) =>
  contrastSettings.parse({ splits: 10, shuffles: 20, ...settings })

describe.each(Object.entries(golden.contrasts))('vectors of the %s data set', (_, { rows, expected }) => {
  const data = rowsOf(rows)

  it('pooled: difference of means, d′ along it, and the residual’s norm', () => {
    const { document, vectors } = contrastVectors(data, quick({}))
    expectClose(vectors[0]!, expected.pooled, 1e-6)
    expectClose([document.vectors[0].norm!], [Math.hypot(...expected.pooled)], 1e-9)
    expectClose([document.vectors[0].dPrime!], [expected.dPrime], 1e-9)
    expectClose([document.residualNorm!], [expected.residualNorm], 1e-9)
  })

  it('per step: counts, vectors where there are five of each class, none at step 0, cosines and the path over steps', () => {
    const { document, vectors } = contrastVectors(data, quick({ scope: { kind: 'perStep' } }))
    expect(document.vectors.map(({ away, towards }) => [away, towards])).toEqual(
      expected.perStep.map(({ counts }) => counts),
    )
    const present = expected.perStep.flatMap(({ vector }, index) => (vector ? [index] : []))
    expect(vectors.flatMap((vector, index) => (vector ? [index] : []))).toEqual(present)
    expect(document.vectors[0].flags).toMatchObject([{ kind: 'zero', isRefusal: true }])
    for (const index of present) expectClose(vectors[index]!, expected.perStep[index].vector!, 1e-6)
    const cosines = present.map((row) => present.map((column) => document.cosines[row][column]!))
    expectClose(cosines.flat(), expected.cosines.flat(), 1e-6)
    const path = present.map((index) => document.path!.points[index]!)
    expectClose(
      path.flatMap(({ x, y }) => [x, y]),
      expected.path.flat(),
      1e-6,
    )
    expectClose(document.path!.explained, expected.explained, 1e-6)
  })

  it('per window of three steps', () => {
    const { vectors } = contrastVectors(data, quick({ scope: { kind: 'windows', size: 3 } }))
    expect(vectors.length).toBe(expected.windowsOfThree.length)
    vectors.forEach((vector, index) => expectClose(vector!, expected.windowsOfThree[index], 1e-6))
  })

  it('towards class 0: the same with the other sign', () => {
    const [vector] = contrastVectors(data, quick({ towards: 0 })).vectors
    expectClose(
      vector!,
      expected.pooled.map((value) => -value),
      1e-6,
    )
  })

  it('whitened with Ledoit and Wolf’s shrinkage', () => {
    const [vector] = contrastVectors(data, quick({ kind: 'whitened' })).vectors
    expectClose(vector!, expected.whitened, 1e-6)
    const means = [0, 1].map((label) => {
      const chosen = rows.labels.flatMap((each, row) => (each === label ? [row] : []))
      return (column: number): number =>
        chosen.reduce((sum, row) => sum + data.data[row * rows.width + column], 0) / chosen.length
    })
    const within = Float64Array.from(
      data.data,
      (value, i) => value - means[rows.labels[Math.floor(i / rows.width)]](i % rows.width),
    )
    expectClose([ledoitWolf(rowProducts(within, rows.width), rows.width)], [expected.shrinkage], 1e-9)
  })
})

it('the first component of paired differences is NumPy’s, as long as their mean along it', () => {
  const { width, data, vector } = golden.pairs
  const n = data.length / width
  const { vectors } = contrastVectors(
    {
      width,
      data: Float32Array.from(data),
      labels: Int32Array.from({ length: n }, (_, row) => row % 2),
      episodes: Int32Array.from({ length: n }, (_, row) => row >> 1),
      steps: new Int32Array(n),
      pairs: Int32Array.from({ length: n }, (_, row) => row >> 1),
    },
    quick({ kind: 'pairedComponent' }),
  )
  expectClose(vectors[0]!, vector, 1e-6)
})

it.each(golden.eigen)(
  'eigenvalues are those of eigh, and vectors give the matrix back',
  ({ matrix, values }) => {
    const size = values.length
    const eigen = symmetricEigen(Float64Array.from(matrix.flat()), size)
    expectClose(eigen.values, values, 1e-12)
    const back = matrix.map((row, i) =>
      row.map((_, j) =>
        values.reduce(
          (sum, _value, k) =>
            sum + eigen.values[k] * eigen.vectors[k * size + i] * eigen.vectors[k * size + j],
          0,
        ),
      ),
    )
    expectClose(back.flat(), matrix.flat(), 1e-12)
  },
)

it.each(golden.targetSteps)('the target step is upstream’s: $step', ({ evidence, step }) => {
  expect(targetStep(evidence)?.step).toBe(step)
})

it('upstream’s tables have upstream’s numbers', () => {
  const { conditions, expected } = golden.sweep
  const tables = upstreamTables(conditions.toReversed())
  expect(tables.overall.map(({ hits, steps, rate }) => ({ hits, steps, rate }))).toEqual(expected.overall)
  expect(tables.overall.map(({ difference }) => difference)).toEqual(expected.differences)
  expect(tables.phases.map(({ cells }) => cells)).toEqual(expected.phases)
  expect(tables.steps.map(({ cells }) => cells)).toEqual(expected.steps)
  expect(tables.questionMarks).toEqual(expected.questionMarks)
  expect(tables.examples.best).toBe(expected.best)
  expect(new Set(tables.examples.rescued.map(({ episode }) => episode))).toEqual(
    new Set([expected.rescuedEpisode]),
  )
})

it('percentiles are NumPy’s', () => {
  const { values, shares, expected } = golden.percentiles
  const sorted = Float64Array.from(values)
  expectClose(
    shares.map((share) => percentile(sorted, share)),
    expected,
    1e-12,
  )
})

it('the normal and Student’s distribution are SciPy’s', () => {
  for (const [z, p] of golden.normal) expect(Math.abs(normalCdf(z) - p)).toBeLessThan(1e-14)
  for (const [t, freedom, p] of golden.student)
    expect(Math.abs(studentCdf(t, freedom) - p)).toBeLessThan(1e-13)
  for (const [p, freedom, t] of golden.studentQuantiles)
    expect(Math.abs(studentQuantile(p, freedom) - t)).toBeLessThan(1e-10 * Math.max(1, Math.abs(t)))
})
