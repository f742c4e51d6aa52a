// A probe's document as its figures take it.
// Owns: which numbers of the document stand in which figure. Not: drawing (charts/).
import type { LabelRule, StepKey } from '../../main/contract/dataSets.ts'
import type { ProbeDocument } from '../../main/contract/probes.ts'
import type { ProbeProjection } from '../../main/contract/storedProbes.ts'
import type { ClassWeights } from '../charts/judgementFigures.ts'
import type { Contender } from '../charts/rivalFigures.ts'
import type { SweepCell, TransferCell } from '../charts/heatFigures.ts'
import type { Plane } from '../charts/projectionFigure.ts'
import type { CurvePlace } from '../charts/stepCurveFigure.ts'
import { classColours, poolingNames } from '../dataSets/recipeText.ts'
import { keyOf } from './mistakes.ts'

const none = { value: null, low: null, high: null }

/** The probe first, then rivals that may be compared with it, best first; then later ones, then controls. */
export function contendersOf(document: ProbeDocument): Contender[] {
  const probe: Contender = {
    title: 'Probe',
    kind: 'probe',
    ...{ auroc: document.figures.auroc, accuracy: document.figures.accuracy, advantage: null },
    ...{ isAvailable: true, missing: null },
  }
  const rivals = document.rivals.map((rival): Contender => ({
    title: rival.title,
    kind: 'rival',
    ...{ auroc: rival.auroc, accuracy: rival.accuracy, advantage: rival.advantage },
    ...{ isAvailable: rival.available, missing: rival.missing },
  }))
  const value = (row: Contender): number => row.auroc.value ?? -1
  const isAhead = (a: Contender, b: Contender): number =>
    Number(b.isAvailable) - Number(a.isAvailable) || value(b) - value(a)
  const random: Contender[] = document.randomFeatures
    ? [
        {
          title: 'Random features',
          kind: 'control',
          ...{ auroc: document.randomFeatures.auroc, accuracy: none, advantage: null },
          ...{ isAvailable: true, missing: null },
        },
      ]
    : []
  return [probe, ...rivals.sort(isAhead), ...random]
}

const range = (first: number, last: number): string => (first === last ? String(first) : `${first}–${last}`)

/** Empty for a step × step matrix, which has a figure of its own. */
export function curveOf({ settings, steps }: ProbeDocument): CurvePlace[] {
  if (settings.scope.kind === 'stepByStep') return []
  return steps.map((step) => ({ ...step, label: range(step.testFirst, step.testLast) }))
}

export function transferOf({ settings, steps }: ProbeDocument): TransferCell[] {
  if (settings.scope.kind !== 'stepByStep') return []
  return steps.map(({ auroc, n, missing, ...step }) => ({
    train: range(step.trainFirst, step.trainLast),
    test: range(step.testFirst, step.testLast),
    ...{ auroc, n, missing },
  }))
}

export const sweepOf = (document: ProbeDocument): SweepCell[] =>
  document.cells.map((cell) => ({ ...cell, pooling: poolingNames[cell.pooling] }))

/** Class 1's direction where there are two classes, else one of each; none where the probe has no direction. */
export function weightsOf({ coefficients, data }: ProbeDocument, label: LabelRule): ClassWeights[] {
  const colours = classColours(label)
  const isBinary = coefficients.length === 1
  return coefficients.map((weights, row) => ({
    name: data.classes[isBinary ? 1 : row] ?? `class ${row}`,
    weights,
    colour: isBinary ? 'accent' : (colours[row % colours.length] ?? 'accent'),
  }))
}

const methodNames = { pca: 'Principal components', lda: 'Discriminant axis', umap: 'UMAP' } as const

/** @param chosen  the step that is chosen in every pane */
export function planeOf(
  projection: ProbeProjection,
  classes: readonly string[],
  label: LabelRule,
  chosen: StepKey | null = null,
): Plane {
  const chosenKey = chosen && keyOf(chosen)
  return {
    title: methodNames[projection.method],
    axes: projection.axes,
    points: projection.rows.map((row, i) => ({
      ...row,
      isChosen: keyOf(row) === chosenKey,
      x: projection.x[i] ?? 0,
      y: projection.y[i] ?? 0,
    })),
    of: projection.of,
    classes,
    classColours: classColours(label),
  }
}
