// A probe on features from anywhere: rows, labels and groups, nothing else.
// Owns: the small document that can be laid beside scikit-learn's. Not: rivals and scopes, which need episodes (judgeProbe.ts).
import { errors } from '../../contract/errors.ts'
import { checkOptions, type OptionKinds } from '../../contract/options.ts'
import type { ProbeDocument, ProbeFigures, ProbeSettings, ProbeWarning } from '../../contract/probes.ts'
import { DenseMatrix } from './denseMatrix.ts'
import { aurocEstimate, judge, rankingOf } from './figures.ts'
import { checkEstimator, fitParts } from './fitParts.ts'
import { KernelMemory } from './kernelMemory.ts'
import { sigmoid } from './losses.ts'
import { permutationTest } from './permutationTest.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { randomFeatures } from './randomFeatures.ts'
import { groupResamples } from './resamples.ts'
import { groupedFolds, heldOutGroups } from './splits.ts'
import { fitFolds, isUsable, partOf } from './usableFolds.ts'
import { controlWarnings, pairWarnings, splitWarnings } from './warnings.ts'

export interface FeatureOptions extends Pick<
  ProbeSettings,
  'estimator' | 'standardize' | 'classWeight' | 'permutations' | 'bootstraps' | 'seed'
> {
  split: Extract<ProbeSettings['split'], { kind: 'episode' | 'grouped' }>
}

/** A label or a group as other programs write them. */
export type FeatureName = number | string | bigint

const featureOptions: OptionKinds<FeatureOptions> = {
  estimator: 'any',
  standardize: 'boolean',
  classWeight: ['none', 'balanced'],
  permutations: 'count',
  bootstraps: 'count',
  seed: 'number',
  split: 'any',
}

export interface ProbedFeatures {
  /** Of held-out rows. */
  accuracy: number | null
  auroc: number | null
  figures: ProbeFigures
  permutation: ProbeDocument['permutation']
  /** Normal numbers with each feature's mean and spread, on the same folds. */
  randomFeatures: ProbeDocument['randomFeatures']
  /** For raw features; one row for two classes, else one a class. Of the training rows where one share was held out, else of all. */
  coefficients: number[][]
  intercept: number[]
  C: number | null
  converged: boolean
  /** All that need no texts or steps: few groups or pairs, a rare class, one label a group, folds left out, controls that do as well. */
  warnings: ProbeWarning[]
  /** Distinct labels in ascending order: class 0, class 1 … */
  classes: (number | string)[]
  /** Groups that were judged; and by fold. */
  testGroups: (number | string)[]
  foldTestGroups: (number | string)[][]
  /** Of class 1, or of the true class of several; by judged row. */
  predictions: { row: number; fold: number; label: number | string; probability: number }[]
}

/** Distinct ones; texts by their letters. */
const ascending = <T extends FeatureName>(values: ArrayLike<T>): T[] =>
  [...new Set(Array.from(values))].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

/** As a document can hold it. */
const plain = (value: FeatureName): number | string => (typeof value === 'bigint' ? String(value) : value)

/** How many rows of the same group stand before each row: all that is known of its order. */
function placesInGroup(groups: Int32Array): number[] {
  const seen = new Map<number, number>()
  return Array.from(groups, (group) => {
    const place = seen.get(group) ?? 0
    seen.set(group, place + 1)
    return place
  })
}

/**
 * @param X  N×D row-major; float64 is computed with as it is  @param y  N labels  @param groups  N: rows of one group stay together
 * @throws probeNoRows, probeOneClass, probeTooFewGroups, probeNotFinite, probeUnsuited, probeTooLarge; TypeError for lengths that do not fit and unknown options
 */
export function probeFeatures(
  X: Float32Array | Float64Array,
  y: ArrayLike<FeatureName>,
  groups: ArrayLike<FeatureName>,
  options: FeatureOptions,
): ProbedFeatures {
  checkOptions('probeFeatures', options, featureOptions)
  const n = y.length
  if (n === 0) throw errors.probeNoRows({ purpose: 'learn from' })
  const width = X.length / n
  if (groups.length !== n || !Number.isInteger(width) || width < 1)
    throw new TypeError(`${X.length} features, ${n} labels and ${groups.length} groups do not fit`)
  const at = X.findIndex((value) => !Number.isFinite(value))
  if (at >= 0)
    throw errors.probeNotFinite({ row: Math.floor(at / width), column: at % width, value: String(X[at]) })
  const [classes, groupIds] = [ascending(y), ascending(groups)]
  if (classes.length < 2) throw errors.probeOneClass({ where: 'of the data', name: String(classes[0]), n })
  checkEstimator(options, classes.length)

  const classOf = new Map(classes.map((value, index) => [value, index]))
  const groupOf = new Map(groupIds.map((value, index) => [value, index]))
  const rowGroups = Int32Array.from(groups, (value) => groupOf.get(value)!)
  const data = {
    labels: Int32Array.from(y, (value) => classOf.get(value)!),
    groups: rowGroups,
    classes: classes.map(String),
    keys: placesInGroup(rowGroups).map((step) => ({ runId: '', episode: 0, step })),
  }
  const { split, seed } = options
  const all =
    split.kind === 'episode'
      ? heldOutGroups(data.groups, split.testShare, split.seed)
      : groupedFolds(data.groups, split.folds, split.seed)
  const folds = all.filter((fold) => isUsable(fold, data.labels, classes.length))
  if (folds.length === 0) {
    const name = data.classes[data.labels[all[0].train[0]]]
    throw errors.probeOneClass({ where: 'to learn from', name, n: all[0].train.length })
  }

  const { estimator, standardize, classWeight } = options
  const fit = { estimator, standardize, classWeight, seed }
  const matrix = new DenseMatrix(new KernelMemory(), X, width)
  const { held, fits } = fitFolds(matrix, data, folds, fit)
  const judged = ascending(held.groups)
  const resamples = groupResamples(judged, groupIds.length, options.bootstraps, seed)
  const { figures } = judge(held, data.classes, groupIds.length, resamples)
  const everything = { train: Int32Array.from({ length: n }, (_, row) => row), test: new Int32Array(0) }
  const [whole] =
    split.kind === 'episode'
      ? fits
      : fitParts(matrix, [partOf(everything, data.labels, data.groups)], classes.length, fit)
  const ground = { data, folds, fit, groups: groupIds.length, C: whole.C }
  const permutation = permutationTest(matrix, ground, figures, options, () => {})
  const values = randomFeatures(matrix, seededGenerator(`${seed}/randomFeatures`))
  const random = new DenseMatrix(new KernelMemory(), values, width)
  const ofRandom = rankingOf(fitFolds(random, data, folds, fit).held, resamples)
  const controls = {
    figures,
    permutation,
    randomFeatures: { auroc: aurocEstimate(ofRandom) },
    converged: whole.converged && fits.every(({ converged }) => converged),
  }
  return {
    accuracy: figures.accuracy.value,
    auroc: figures.auroc.value,
    ...controls,
    coefficients: (whole.coefficients ?? []).map((row) => [...row]),
    intercept: [...whole.intercepts],
    C: whole.C,
    warnings: [
      ...splitWarnings(data, {
        folds,
        unusableFolds: all.length - folds.length,
        groups: judged.length,
        unit: 'group',
      }),
      ...pairWarnings({ figures, steps: [] }),
      ...controlWarnings(controls, options),
    ],
    classes: classes.map(plain),
    testGroups: judged.map((group) => plain(groupIds[group])),
    foldTestGroups: folds.map(({ test }) =>
      ascending(test.map((row) => data.groups[row])).map((group) => plain(groupIds[group])),
    ),
    predictions: Array.from(held.rows, (row, sample) => {
      const label = held.labels[sample]
      const odds = held.logOdds.length === 1 ? held.logOdds[0][sample] : held.logOdds[label][sample]
      return { row, fold: held.folds[sample], label: plain(classes[label]), probability: sigmoid(odds) }
    }),
  }
}
