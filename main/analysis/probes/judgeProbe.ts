// A probe, judged: from rows of activations to the whole document.
// Owns: the order of things: cells, the chosen one, rivals, controls, scopes, warnings. Not: the mathematics of any of them.
// Pure and synchronous: jobs/ runs it in a worker thread and ends it by ending the thread.
import type { Estimate } from '../../contract/estimates.ts'
import type { ProbeDocument, ProbeSettings, Rival } from '../../contract/probes.ts'
import { errors } from '../../contract/errors.ts'
import type { Pooling } from '../../contract/dataSets.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { calibrationBins } from './calibration.ts'
import { randomFeatures } from './randomFeatures.ts'
import { permutationTest } from './permutationTest.ts'
import { DenseMatrix } from './denseMatrix.ts'
import { earlyWarnings } from './earlyWarning.ts'
import {
  aurocAdvantage,
  judge,
  rankersOf,
  aurocEstimate,
  rankingOf,
  type Judgement,
  type Ranking,
} from './figures.ts'
import { checkEstimator, fitParts, type FitOptions } from './fitParts.ts'
import { headlineOf } from './headline.ts'
import type { HeldOut } from './heldOut.ts'
import { KernelMemory } from './kernelMemory.ts'
import { sigmoid } from './losses.ts'
import { normLeakOf } from './normLeak.ts'
import type { ProbeData } from './probeData.ts'
import { groupResamples } from './resamples.ts'
import { momentOf, rivalEntries } from './rivals.ts'
import { scopeFigures } from './scopes.ts'
import { splitRows, type Fold } from './splits.ts'
import { fitFolds, isUsable, partOf } from './usableFolds.ts'
import { warningsOf } from './warnings.ts'

/** All but the time it took, which a pure function cannot know. */
export type JudgedProbe = Omit<ProbeDocument, 'seconds'>
type Cell = ProbeDocument['cells'][number]
type Progress = (label: string, fraction: number) => void

export interface JudgeHooks {
  /** Each cell as it is judged. */
  onCell?: (cell: Cell) => void
  /** Cells that an interrupted judgement of the same data and settings has given: they are not computed again. */
  knownCells?: readonly Cell[]
}

/** Shares of the whole where each stage begins, of a judgement with one cell. */
const STAGES = { cells: 0, rivals: 0.15, permutations: 0.3, random: 0.85, scopes: 0.9 }

/**
 * What can be seen without reading an activation: whether these rows can be split and told apart.
 * @throws probeNoRows, probeOneClass, probeTooFewGroups, probeNoCategories, probeUnsuited, invalidInput
 */
export function checkProbeData(data: Omit<ProbeData, 'read'>, settings: ProbeSettings): void {
  usableFolds(data, settings)
}

function usableFolds(
  data: Omit<ProbeData, 'read'>,
  settings: ProbeSettings,
): { folds: Fold[]; unusable: number } {
  const { rows, labels, classes } = data
  if (rows === 0) throw errors.probeNoRows({ purpose: 'learn from' })
  const seen = [...new Set(labels)]
  if (seen.length < 2)
    throw errors.probeOneClass({ where: 'of the data set', name: classes[seen[0]], n: rows })
  checkEstimator(settings, classes.length)
  const all = splitRows({ ...data, runIds: data.keys.map(({ runId }) => runId) }, settings.split)
  const folds = all.filter((fold) => isUsable(fold, labels, classes.length))
  if (folds.length === 0) {
    const [{ train }] = all
    throw errors.probeOneClass({ where: 'to learn from', name: classes[labels[train[0]]], n: train.length })
  }
  return { folds, unusable: all.length - folds.length }
}

/** @throws probeNotFinite */
function readFinite(data: ProbeData, layer: number, pooling: Pooling): Float32Array {
  const values = data.read(layer, pooling)
  if (values.length !== data.rows * data.width)
    throw new TypeError(`${values.length} values are not ${data.rows} rows of ${data.width}`)
  const at = values.findIndex((value) => !Number.isFinite(value))
  if (at >= 0)
    throw errors.probeNotFinite({
      row: Math.floor(at / data.width),
      column: at % data.width,
      value: String(values[at]),
    })
  return values
}

/** What stays the same from cell to cell. */
interface Ground {
  data: ProbeData
  settings: ProbeSettings
  folds: Fold[]
  fit: FitOptions
  groups: number
  resamples: Uint16Array[]
  memory: KernelMemory
}

function groundOf(data: ProbeData, settings: ProbeSettings): Ground & { unusable: number } {
  const { folds, unusable } = usableFolds(data, settings)
  const groups = data.groups.reduce((most, group) => Math.max(most, group), 0) + 1
  const judged = [...new Set(folds.flatMap(({ test }) => Array.from(test, (row) => data.groups[row])))]
  const resamples = groupResamples(
    judged.sort((a, b) => a - b),
    groups,
    settings.bootstraps,
    settings.seed,
  )
  const { estimator, standardize, classWeight, seed } = settings
  const fit = { estimator, standardize, classWeight, seed }
  return { data, settings, folds, unusable, fit, groups, resamples, memory: new KernelMemory() }
}

/** Layers outermost, as the activations lie. */
function judgeCells(ground: Ground, progress: Progress, { onCell, knownCells = [] }: JudgeHooks): Cell[] {
  const { data, settings } = ground
  const layers = settings.layers ?? data.layers
  const poolings = settings.poolings ?? data.poolings
  const wanted = layers.flatMap((layer) => poolings.map((pooling) => ({ layer, pooling })))
  if (wanted.length === 0) throw errors.probeNoRows({ purpose: 'learn from' })
  if (wanted.length === 1) return []
  return wanted.map(({ layer, pooling }, index) => {
    progress(`Layer ${layer}, ${pooling}`, index / wanted.length)
    const known = knownCells.find((cell) => cell.layer === layer && cell.pooling === pooling)
    if (known) return known
    const matrix = new DenseMatrix(ground.memory, readFinite(data, layer, pooling), data.width)
    const { held } = fitFolds(matrix, data, ground.folds, ground.fit)
    matrix.free()
    const cell = cellOf(layer, pooling, judge(held, data.classes, ground.groups, ground.resamples))
    onCell?.(cell)
    return cell
  })
}

const cellOf = (layer: number, pooling: Pooling, { figures }: Judgement): Cell => ({
  layer,
  pooling,
  auroc: figures.auroc,
  accuracy: figures.accuracy,
  n: figures.n,
})

function judgeRivals(
  ground: Ground,
  { layer, pooling }: Cell,
  own: Ranking,
  progress: (title: string, fraction: number) => void,
): Rival[] {
  const { data, settings, folds, memory, fit } = ground
  const entries = rivalEntries({ data, folds, memory, layer, pooling, probe: fit })
  return entries.map(({ kind, title, moment, predict, missing }, index) => {
    progress(title, index / entries.length)
    const available = moment === 'prompt' || momentOf(pooling) === 'completion' || settings.laterRivals
    const held = predict()
    if (!held) {
      const unknown = { value: null, low: null, high: null }
      return {
        kind,
        title,
        moment,
        auroc: unknown,
        accuracy: unknown,
        advantage: unknown,
        available: false,
        missing,
      }
    }
    const { figures, ranking } = judge(held, data.classes, ground.groups, ground.resamples)
    const { auroc, accuracy } = figures
    return {
      kind,
      title,
      moment,
      auroc,
      accuracy,
      advantage: aurocAdvantage(own, ranking),
      available,
      missing: null,
    }
  })
}

function randomControl(ground: Ground, matrix: DenseMatrix): { auroc: Estimate } {
  const { data, settings, folds, fit, memory, resamples } = ground
  const values = randomFeatures(matrix, seededGenerator(`${settings.seed}/randomFeatures`))
  const random = new DenseMatrix(memory, values, data.width)
  const { held } = fitFolds(random, data, folds, fit)
  random.free()
  return { auroc: aurocEstimate(rankingOf(held, resamples)) }
}

function predictionsOf(data: ProbeData, held: HeldOut): ProbeDocument['predictions'] {
  return Array.from(held.rows, (row, sample) => {
    const label = held.labels[sample]
    const odds = held.logOdds.length === 1 ? held.logOdds[0][sample] : held.logOdds[label][sample]
    return {
      ...data.keys[row],
      task: data.tasks[row],
      label,
      named: held.named[sample],
      probability: sigmoid(odds),
      fold: held.folds[sample],
    }
  })
}

function confusionOf(held: HeldOut, classes: number): number[][] {
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  held.labels.forEach((label, sample) => confusion[label][held.named[sample]]++)
  return confusion
}

/** Rows that the stored probe learns from: all of them, or all of the training side where there is one. */
function learntRows(folds: readonly Fold[], split: ProbeSettings['split'], rows: number): Int32Array {
  const single = split.kind === 'episode' || split.kind === 'transfer'
  const learnt = new Set(folds.flatMap(({ train }) => [...train]))
  return single ? Int32Array.from(learnt).sort() : Int32Array.from({ length: rows }, (_, row) => row)
}

/**
 * Trains and judges a probe on held-out episodes, beside its rivals and controls.
 * @param progress  gets what is being done and the share that is done, 0 … 1
 * @returns plain data, the same for the same arguments
 * @throws what checkProbeData throws, and probeNotFinite, probeTooLarge
 */
export function judgeProbe(
  data: ProbeData,
  settings: ProbeSettings,
  progress: Progress,
  hooks: JudgeHooks = {},
): JudgedProbe {
  const ground = groundOf(data, settings)
  const { folds, fit, groups, resamples, memory } = ground
  const sweep = judgeCells(ground, (label, fraction) => progress(label, 0.6 * fraction), hooks)
  const start = sweep.length ? 0.6 : 0
  const at = (stage: keyof typeof STAGES, within = 0, next = STAGES[stage]): number =>
    start + (1 - start) * (STAGES[stage] + within * (next - STAGES[stage]))
  // Without figures (one class among the judged) the first cell is as good as any.
  const chosen = sweep.reduce<Cell | null>(
    (best, cell) => (best === null || (cell.auroc.value ?? 0) > (best.auroc.value ?? 0) ? cell : best),
    null,
  )
  const layer = chosen?.layer ?? (settings.layers ?? data.layers)[0]
  const pooling = chosen?.pooling ?? (settings.poolings ?? data.poolings)[0]
  progress(`Layer ${layer}, ${pooling}`, at('cells'))
  const values = readFinite(data, layer, pooling)
  const matrix = new DenseMatrix(memory, values, data.width)
  const { held, fits } = fitFolds(matrix, data, folds, fit)
  const probe = judge(held, data.classes, groups, resamples)
  const cell = cellOf(layer, pooling, probe)
  if (!chosen) hooks.onCell?.(cell)
  const learnt = { train: learntRows(folds, settings.split, data.rows), test: new Int32Array(0) }
  const [whole] = fitParts(matrix, [partOf(learnt, data.labels, data.groups)], data.classes.length, fit)

  const rivals = judgeRivals(ground, cell, probe.ranking, (title, fraction) =>
    progress(title, at('rivals', fraction, STAGES.permutations)),
  )
  const permutation = permutationTest(
    matrix,
    { ...ground, C: whole.C },
    probe.figures,
    settings,
    (fraction) => progress('Shuffled labels', at('permutations', fraction, STAGES.random)),
  )
  progress('Random features', at('random'))
  const random = randomControl(ground, matrix)
  matrix.free()
  const steps = scopeFigures(
    { data, values, folds, fits, memory, fit, resamples },
    settings.scope,
    (fraction) => progress('Steps', at('scopes', fraction, 1)),
  )

  const converged = whole.converged && fits.every((one) => one.converged)
  const headline = headlineOf(probe.figures.auroc, rivals, permutation)
  const told = {
    figures: probe.figures,
    steps,
    rivals,
    permutation,
    randomFeatures: random,
    pooling,
    converged,
    headline,
  }
  const twoClasses = data.classes.length === 2
  return {
    settings,
    data: {
      hash: data.hash,
      rows: data.rows,
      groups: new Set(data.groups).size,
      width: data.width,
      classes: [...data.classes],
      counts: data.classes.map((_, k) => data.labels.filter((label) => label === k).length),
    },
    layer,
    ...told,
    warnings: warningsOf({
      data,
      settings,
      folds,
      unusableFolds: ground.unusable,
      cells: Math.max(1, sweep.length),
      normLeak: normLeakOf(values, data.width, pooling, data),
      document: told,
    }),
    roc: twoClasses
      ? rankersOf(held)[0]
          .curve()
          .map(({ falsePositiveRate, truePositiveRate }) => ({ x: falsePositiveRate, y: truePositiveRate }))
      : [],
    calibration: twoClasses ? calibrationBins(held) : [],
    confusion: confusionOf(held, data.classes.length),
    cells: sweep.length ? sweep : [cell],
    predictions: predictionsOf(data, held),
    earlyWarning: twoClasses ? earlyWarnings(held, data.keys, resamples) : [],
    coefficients: (whole.coefficients ?? []).map((row) => [...row]),
    intercept: [...whole.intercepts],
    C: whole.C,
    converged,
  }
}
