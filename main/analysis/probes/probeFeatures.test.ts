import { describe, expect, it } from 'vitest'
import type { EstimatorSettings } from '../../contract/probes.ts'
import { normalGenerator } from '../normalDraws.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { probeFeatures, type FeatureOptions } from './probeFeatures.ts'

const logistic = (solver: 'liblinear' | 'lbfgs', C: number | 'nested' = 1): EstimatorSettings => ({
  kind: 'logistic',
  solver,
  C,
  tolerance: 1e-4,
  maxIterations: 1000,
})
const optionsOf = (estimator: EstimatorSettings): FeatureOptions => ({
  estimator,
  standardize: false,
  classWeight: 'none',
  permutations: 0,
  bootstraps: 100,
  seed: 42,
  split: { kind: 'grouped', folds: 5, seed: 42 },
})

describe('features that hold nothing', () => {
  const rows = 60
  const groups = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / 2))
  const random = seededGenerator('labels')
  const labels = Int32Array.from({ length: rows }, () => Number(random() < 0.3))

  it.each<[string, EstimatorSettings]>([
    ['liblinear', logistic('liblinear')],
    ['lbfgs', logistic('lbfgs')],
    ['ridge', { kind: 'ridge', alpha: 1 }],
    ['mean difference', { kind: 'meanDifference' }],
    ['discriminant', { kind: 'lda', shrinkage: 'auto' }],
    ['perceptron', { kind: 'mlp', hidden: 4, weightDecay: 1e-4, epochs: 20 }],
  ])('rank at chance under %s, however the folds’ classes differ', (_, estimator) => {
    const { figures } = probeFeatures(
      new Float64Array(rows * 3).fill(2),
      labels,
      groups,
      optionsOf(estimator),
    )
    expect(figures.auroc).toEqual({ value: 0.5, low: 0.5, high: 0.5 })
  })

  it('nor do many more features of noise than rows lean to either side of chance', () => {
    let sum = 0
    for (let trial = 0; trial < 20; trial++) {
      const draw = normalGenerator(seededGenerator(`noise ${trial}`))
      const X = Float64Array.from({ length: rows * 200 }, draw)
      const mine = seededGenerator(`noise labels ${trial}`)
      const y = labels.map(() => Number(mine() < 0.3))
      sum += probeFeatures(X, y, groups, optionsOf(logistic('liblinear'))).auroc! / 20
    }
    // A trial's spread is about .09, the mean's .02.
    expect(Math.abs(sum - 0.5)).toBeLessThan(0.06)
  })
})

it('nested C is chosen on the folds that know every class', () => {
  // A third class lies in one group alone: the inner fold without it cannot be learnt from.
  const draw = normalGenerator(seededGenerator('three classes'))
  const [rows, width] = [200, 40]
  const labels = Int32Array.from({ length: rows }, (_, row) => (row < 20 ? 2 : row % 2))
  const groups = Int32Array.from({ length: rows }, (_, row) => Math.floor(row / 10))
  const X = Float64Array.from({ length: rows * width }, (_, i) => {
    const [row, column] = [Math.floor(i / width), i % width]
    return draw() + (column === labels[row] ? 0.8 : 0)
  })
  const nested = probeFeatures(X, labels, groups, optionsOf(logistic('lbfgs', 'nested')))
  expect(nested.C).toBeLessThan(1)
})

it('a score of exactly 0 names class 0, as in scikit-learn', () => {
  const X = Float64Array.of(-1, 1, -1, 1, -1, 1, 0, 0, 0, 0)
  const y = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1]
  const groups = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
  const { predictions, figures } = probeFeatures(X, y, groups, {
    ...optionsOf(logistic('liblinear')),
    split: { kind: 'grouped', folds: 5, seed: 42 },
  })
  const undecided = predictions.filter(({ probability }) => probability === 0.5)
  expect(undecided.length).toBeGreaterThan(0)
  expect(figures.classes[1].recall.value).toBe(3 / 5)
})

it('says which folds it left out, and how few groups were judged', () => {
  // All of class 1 lies in one group: the fold that holds it out has nothing to learn from.
  const X = Float64Array.from({ length: 60 }, (_, row) => Math.sin(row))
  const labels = Array.from({ length: 60 }, (_, row) => Number(row < 4))
  const groups = Array.from({ length: 60 }, (_, row) => Math.floor(row / 6))
  const { warnings, predictions } = probeFeatures(X, labels, groups, optionsOf(logistic('liblinear')))
  expect(predictions).toHaveLength(48)
  const kinds = warnings.map(({ kind }) => kind)
  expect(kinds.slice(0, 3)).toEqual(['fewGroups', 'rareClass', 'foldsLeftOut'])
  expect(kinds).toContain('noPermutations')
  const whole = labels.map((_, row) => groups[row] % 2)
  const byGroup = probeFeatures(X, whole, groups, optionsOf(logistic('liblinear'))).warnings
  expect(byGroup.find(({ kind }) => kind === 'labelByEpisode')!.text).toContain(
    '10 independent samples, not 60',
  )
})

it('says of noise that random features and shuffled labels do as well, in the words of the other document', () => {
  const draw = normalGenerator(seededGenerator('nothing in it'))
  const X = Float64Array.from({ length: 600 }, draw)
  const labels = Array.from({ length: 120 }, () => Number(draw() > 0))
  const groups = Array.from({ length: 120 }, (_, row) => Math.floor(row / 6))
  const options = { ...optionsOf(logistic('lbfgs')), permutations: 30 }
  const { warnings, randomFeatures, permutation } = probeFeatures(X, labels, groups, options)
  expect(randomFeatures!.auroc.value).not.toBeNull()
  expect(permutation!.p!).toBeGreaterThan(0.05)
  expect(warnings.map(({ kind }) => kind)).toContain('shuffledAsGood')
})

it('takes labels and groups by name, in the folds that numbers of the same order have', () => {
  const X = Float64Array.from({ length: 60 }, (_, row) => Math.sin(row))
  const labels = Array.from({ length: 60 }, (_, row) => Number(row % 3 === 0))
  const groups = Array.from({ length: 60 }, (_, row) => Math.floor(row / 6))
  const options = optionsOf(logistic('lbfgs'))
  const numbers = probeFeatures(X, labels, groups, options)
  const named = probeFeatures(
    X,
    labels.map((label) => (label ? 'yes' : 'no')),
    groups.map((group) => BigInt(group) + 2n ** 60n),
    options,
  )
  expect(named.classes).toEqual(['no', 'yes'])
  expect(named.figures.auroc).toEqual(numbers.figures.auroc)
  expect(named.testGroups[0]).toBe(String(2n ** 60n))
  expect(JSON.parse(JSON.stringify(named)).predictions[0].label).toMatch(/yes|no/)
})

it('lays accuracy beside the commonest class of what was judged', () => {
  const X = Float64Array.from({ length: 40 }, (_, row) => Math.sin(row))
  const labels = Array.from({ length: 40 }, (_, row) => Number(row % 4 > 0))
  const groups = Array.from({ length: 40 }, (_, row) => Math.floor(row / 4))
  expect(probeFeatures(X, labels, groups, optionsOf(logistic('lbfgs'))).figures.majority).toBe(0.75)
})
