// Probes of single steps, of windows of steps, and from one step to another; and the global probe at each step.
// Owns: which rows each learns from and is judged on, and why there is none. Not: training the global probe (judgeProbe.ts).
// Rule: upstream's (ARES, phase1_probe.py): at least 8 training samples with both classes, at least 2 to judge, in every fold that counts.
import { errors } from '../../contract/errors.ts'
import type { ProbeSettings } from '../../contract/probes.ts'
import { DenseMatrix } from './denseMatrix.ts'
import { judge } from './figures.ts'
import { oddsAgainstRest, type Fit } from './fit.ts'
import { fitParts, type FitOptions } from './fitParts.ts'
import { heldOutPredictions } from './heldOut.ts'
import type { KernelMemory } from './kernelMemory.ts'
import type { ProbeData } from './probeData.ts'
import type { ProbeDocument } from '../../contract/probes.ts'
import type { Fold } from './splits.ts'
import { isUsable, partOf } from './usableFolds.ts'

type StepFigures = ProbeDocument['steps'][number]

const LEAST_TRAINING = 8
const LEAST_JUDGED = 2

/** First and last step, both included. */
interface Window {
  first: number
  last: number
}

export interface ScopeGround {
  data: ProbeData
  /** Of the cell, N×D. */
  values: Float32Array
  folds: readonly Fold[]
  /** Of the global probe, one a fold. */
  fits: readonly Fit[]
  memory: KernelMemory
  fit: FitOptions
  resamples: readonly Uint16Array[]
}

function windowsOf(data: ProbeData, scope: ProbeSettings['scope']): Window[] {
  const steps = [...new Set(data.keys.map(({ step }) => step))].sort((a, b) => a - b)
  if (scope.kind !== 'windows') return steps.map((step) => ({ first: step, last: step }))
  const starts = [...new Set(steps.map((step) => Math.floor(step / scope.size) * scope.size))]
  return starts.map((first) => ({ first, last: first + scope.size - 1 }))
}

const unknown = { value: null, low: null, high: null }

/** Figures of folds that were judged within a window; `missing` where there were none. */
function windowFigures(
  { data, resamples }: ScopeGround,
  train: Window,
  test: Window,
  judged: { fold: Fold; index: number; fit: Fit }[],
  missing: string | null,
): StepFigures {
  const held = heldOutPredictions(data, data.labels, judged)
  const { figures } = judge(held, data.classes, resamples[0]?.length ?? 0, missing ? [] : resamples)
  const unranked = figures.auroc.value === null ? 'No fold has rows of both classes to judge here.' : null
  return {
    trainFirst: train.first,
    trainLast: train.last,
    testFirst: test.first,
    testLast: test.last,
    n: held.rows.length,
    positives: held.labels.reduce((sum, label) => sum + (label === 1 ? 1 : 0), 0),
    pairs: missing ? null : figures.pairs,
    auroc: missing ? unknown : figures.auroc,
    accuracy: missing ? unknown : figures.accuracy,
    majority: missing ? null : figures.majority,
    missing: missing ?? unranked,
  }
}

/** Log odds of every row of the data from a linear fit. */
function carriedOver(matrix: DenseMatrix, fit: Fit): Fit {
  const scores = fit.coefficients!.map(() => new Float64Array(matrix.rows))
  matrix.project(fit.coefficients!, scores)
  scores.forEach((score, k) => score.forEach((value, row) => (score[row] = value + fit.intercepts[k])))
  return { ...fit, logOdds: scores.length === 1 ? scores : oddsAgainstRest(scores) }
}

/** Folds of a window's rows, numbered as rows of the window's own matrix. */
function withinWindow(data: ProbeData, { first, last }: Window, folds: readonly Fold[]) {
  const inside = (row: number): boolean => data.keys[row].step >= first && data.keys[row].step <= last
  const rows = Int32Array.from({ length: data.rows }, (_, row) => row).filter(inside)
  const placeOf = new Map(Array.from(rows, (row, place) => [row, place]))
  const own = folds.map(({ train, test }) => ({ train: train.filter(inside), test: test.filter(inside) }))
  const labels = Int32Array.from(rows, (row) => data.labels[row])
  const groups = Int32Array.from(rows, (row) => data.groups[row])
  const places = (of: Int32Array): Int32Array => of.map((row) => placeOf.get(row)!)
  return { rows, own, labels, groups, places }
}

/** What the probe of all steps makes of each step of the episodes that it was not trained on. */
function globalFigures(ground: ScopeGround): StepFigures[] {
  const { data, folds, fits } = ground
  const windows = windowsOf(data, { kind: 'global' })
  const whole = { first: windows[0].first, last: windows[windows.length - 1].last }
  return windows.map((window) => {
    const inside = (row: number): boolean => data.keys[row].step === window.first
    const judged = folds.map(({ train, test }, index) => ({
      fold: { train, test: test.filter(inside) },
      index,
      fit: fits[index],
    }))
    const isEmpty = judged.every(({ fold }) => fold.test.length === 0)
    return windowFigures(ground, whole, window, judged, isEmpty ? 'No row of this step was held out.' : null)
  })
}

/**
 * Figures of every step under the global probe, of every window, or of every pair of steps.
 * @param progress  gets the share that is done
 * @throws probeUnsuited for step × step with an estimator that has no direction
 */
export function scopeFigures(
  ground: ScopeGround,
  scope: ProbeSettings['scope'],
  progress: (fraction: number) => void,
): StepFigures[] {
  const { data, folds, memory, values, fit } = ground
  if (scope.kind === 'global') return globalFigures(ground)
  const classes = data.classes.length
  const across = scope.kind === 'stepByStep'
  if (across && fit.estimator.kind === 'mlp')
    throw errors.probeUnsuited({
      estimator: 'MLP',
      classes,
      reason: 'it has no direction to carry to other steps',
    })
  const windows = windowsOf(data, scope)
  const everything = across ? new DenseMatrix(memory, values, data.width) : null
  const figures = windows.flatMap((window, at) => {
    progress(at / windows.length)
    const { rows, own, labels, groups, places } = withinWindow(data, window, folds)
    const usable = own.flatMap(({ train, test }, index) => {
      const fold = { train: places(train), test: places(test) }
      const enough = train.length >= LEAST_TRAINING && (across || test.length >= LEAST_JUDGED)
      const learnable = isUsable(across ? { ...fold, test: fold.train } : fold, labels, classes)
      return enough && learnable ? [{ fold, index, original: own[index] }] : []
    })
    const matrix = new DenseMatrix(memory, values, data.width, rows)
    const fits = usable.length
      ? fitParts(
          matrix,
          usable.map(({ fold }) => partOf(fold, labels, groups)),
          classes,
          fit,
        )
      : []
    matrix.free()
    const why = usable.length
      ? null
      : new Set(labels).size < 2
        ? 'All rows have the same label here.'
        : `No fold has ${LEAST_TRAINING} training samples of every class and ${LEAST_JUDGED} to judge here.`
    if (!everything) {
      // Fits know the window's rows only: their log odds go to the places of all rows.
      const judged = usable.map(({ original, index }, k) => {
        const logOdds = fits[k].logOdds.map((odds) => {
          const spread = new Float64Array(data.rows)
          rows.forEach((row, place) => (spread[row] = odds[place]))
          return spread
        })
        return { fold: original, index, fit: { ...fits[k], logOdds } }
      })
      return [windowFigures(ground, window, window, judged, why)]
    }
    const carried = fits.map((one) => carriedOver(everything, one))
    return windows.map((target) => {
      const judged = usable.map(({ original, index }, k) => ({
        fold: { train: original.train, test: withinWindow(data, target, [folds[index]]).own[0].test },
        index,
        fit: carried[k],
      }))
      return windowFigures(ground, window, target, judged, why)
    })
  })
  everything?.free()
  return figures
}
