// Contrast vectors of stored steps, with all that tells whether to trust them.
// Owns: which rows make which vector, and the document. Not: the directions (contrastDirection.ts) or the words (contrastFlags.ts).
import type {
  ContrastDocument,
  ContrastFlag,
  ContrastSettings,
  VectorReport,
} from '../../contract/contrasts.ts'
import { percentile } from '../clusterBootstrap.ts'
import { seededGenerator } from '../seededGenerator.ts'
import { refusedCounts, refusedDirection, sinkWarning, warningsOf } from './contrastFlags.ts'
import { directionMaker, wholePairs, type DirectionMaker } from './contrastDirection.ts'
import {
  checkContrastRows,
  chosenRows,
  pairsByStep,
  pairsStayWithin,
  rowsByEpisode,
  rowsOfSteps,
  shuffledLabels,
  type ContrastRows,
  type WeightedRows,
} from './contrastRows.ts'
import { dPrime, heldOutDPrime, projections } from './separation.ts'
import { shuffledNorms } from './shuffledNorms.ts'
import { splitHalfStability } from './stability.ts'
import { cosineMatrix, normOf, vectorPath } from './vectorGeometry.ts'

/** A residual this many times as long as the median is an attention sink. */
const SINK = 10
/** Components of pairs and whitened vectors cost more than differences of means. */
const COSTLY_SPLITS = 20
const NO_TOKEN_NORM =
  'The rows are means over several tokens, which are shorter than the residual at any one of them.'

export interface ContrastVectors {
  document: ContrastDocument
  /** One for each of `document.vectors`; null where it is refused. */
  vectors: (Float32Array | null)[]
}

/**
 * Vectors from one class of steps to the other: one for all steps, one for each step or for each window, as the settings say.
 * @param rows  N×D; labels 0 and 1
 * @throws activations_not_finite; TypeError where arrays do not fit
 * Source: docs/methods/steering.md. Checked against NumPy in tests/parity/steering.test.ts.
 */
export function contrastVectors(rows: ContrastRows, settings: ContrastSettings): ContrastVectors {
  checkContrastRows(rows)
  const pointed = pointedRows(rows, settings)
  const { rowNorm, sinkRows } = rowNorms(pointed)
  const made = stepRanges(pointed, settings).map(([first, last]) =>
    contrastVector(pointed, { first, last, settings, rowNorm }),
  )
  const vectors = made.map(({ vector }) => vector)
  if (sinkRows > 0) for (const { report } of made) report.flags.push(sinkWarning(sinkRows))
  return {
    document: {
      settings,
      width: rows.width,
      rows: rows.labels.length,
      episodes: rowsByEpisode(rows.episodes).length,
      residualNorm: rows.areMeans ? null : rowNorm,
      ...(rows.areMeans && { residualNormUnknown: NO_TOKEN_NORM }),
      sinkRows,
      vectors: made.map(({ report }) => report),
      cosines: cosineMatrix(vectors),
      path: vectorPath(vectors),
    },
    vectors,
  }
}

/**
 * The same vectors made from labels that were shuffled between episodes, each as long as the true one: a control that knows everything but the label.
 * @param made  of the same rows @returns one for each vector; null where that is refused, or where the shuffle leaves nothing
 */
export function shuffledLabelVectors(
  rows: ContrastRows,
  made: ContrastVectors,
  seed: number,
): (Float32Array | null)[] {
  const { settings, vectors: reports } = made.document
  const pointed = pointedRows(rows, settings)
  return made.vectors.map((vector, index) => {
    if (!vector) return null
    const { firstStep, lastStep } = reports[index]
    const labels = shuffledLabels(pointed, seededGenerator(`shuffled/${seed}`))
    const chosen = rowsOfSteps(pointed, firstStep, lastStep).filter((row) => labels[row] >= 0)
    // Pairs across episodes were made from the labels, so other labels make others.
    const paired =
      pointed.pairs && !pairsStayWithin(pointed)
        ? { ...pointed, pairs: pairsByStep(labels, pointed.steps) }
        : pointed
    const shuffled = directionOf(chosenRows(paired, chosen, labels), settings).direction
    const norm = shuffled ? normOf(shuffled) : 0
    return shuffled && norm > 0
      ? Float32Array.from(shuffled, (value) => (value * normOf(vector)) / norm)
      : null
  })
}

/** The direction from all of some rows, and what makes it. */
function directionOf(
  rows: WeightedRows,
  settings: ContrastSettings,
): { maker: DirectionMaker; direction: Float64Array | null } {
  const maker = directionMaker(settings, rows)
  const coefficients = maker.from([...maker.rows.labels.keys()])
  return { maker, direction: coefficients && maker.vector(coefficients) }
}

/** With label 1 for the class that the vector shall point to; pairs only where they are asked for. */
function pointedRows(rows: ContrastRows, { towards, kind }: ContrastSettings): ContrastRows {
  return {
    ...rows,
    labels: rows.labels.map((label) => (label === towards ? 1 : 0)),
    pairs: kind === 'pairedComponent' ? rows.pairs : undefined,
  }
}

function stepRanges({ steps }: ContrastRows, { scope }: ContrastSettings): [number, number][] {
  const present = [...new Set(steps)].sort((a, b) => a - b)
  if (present.length === 0) return []
  if (scope.kind === 'perStep') return present.map((step) => [step, step])
  const last = present[present.length - 1]
  if (scope.kind === 'pooled') return [[present[0], last]]
  const starts = new Set(present.map((step) => step - (step % scope.size)))
  return [...starts].map((start) => [start, start + scope.size - 1])
}

/** Median length of a row without those as long as sinks, which no class of steps can be blamed for. */
function rowNorms(rows: ContrastRows): { rowNorm: number | null; sinkRows: number } {
  const { data, width, labels } = rows
  const norms = Float64Array.from(labels, (_, row) =>
    normOf(data.subarray(row * width, (row + 1) * width)),
  ).sort()
  if (norms.length === 0) return { rowNorm: null, sinkRows: 0 }
  // Where most rows are zero none is long.
  const limit = SINK * percentile(norms, 0.5) || Infinity
  const usual = norms.filter((norm) => norm <= limit)
  return { rowNorm: percentile(usual, 0.5), sinkRows: norms.length - usual.length }
}

interface VectorTask {
  first: number
  last: number
  settings: ContrastSettings
  rowNorm: number | null
}

function contrastVector(
  rows: ContrastRows,
  { first, last, settings, rowNorm }: VectorTask,
): { report: VectorReport; vector: Float32Array | null } {
  const indices = rowsOfSteps(rows, first, last)
  const chosen = chosenRows(rows, indices)
  const towards = chosen.labels.filter((label) => label === 1).length
  const counts = {
    firstStep: first,
    lastStep: last,
    away: chosen.labels.length - towards,
    towards,
    episodes: rowsByEpisode(chosen.episodes).length,
  }
  const refused = (flag: ContrastFlag): { report: VectorReport; vector: null } => ({
    report: { ...counts, ...nothing, flags: [flag] },
    vector: null,
  })
  const pairs =
    settings.kind === 'pairedComponent' ? wholePairs(chosen, [...chosen.labels.keys()]).length : null
  const fewSamples = refusedCounts(counts, settings.leastPerClass, pairs)
  if (fewSamples) return refused(fewSamples)
  const { maker, direction } = directionOf(chosen, settings)
  const norm = direction && normOf(direction)
  const noDirection = refusedDirection(counts, norm, rowNorm)
  if (!direction || norm === null || noDirection) return refused(noDirection!) // it says why there is none
  const seed = `contrast/${settings.seed}/${first}-${last}`
  const isCheap = settings.kind === 'meanDifference'
  const figures = {
    ...counts,
    norm,
    normFraction: rowNorm && !rows.areMeans ? norm / rowNorm : null,
    dPrime: dPrime(projections(chosen, direction), chosen.labels),
    heldOutDPrime: heldOutDPrime(chosen, maker, seededGenerator(`${seed}/folds`)),
    shuffled: shuffledNorms(rows, indices, { shuffles: settings.shuffles, seed: `${seed}/shuffle` }),
    stability: splitHalfStability(maker, {
      splits: isCheap ? settings.splits : Math.min(COSTLY_SPLITS, settings.splits),
      random: seededGenerator(`${seed}/halves`),
    }),
  }
  const stepDistance =
    first === last
      ? null
      : dPrime(
          Float64Array.from(indices, (row) => rows.steps[row]),
          chosen.labels,
        )
  return {
    report: { ...figures, flags: warningsOf(figures, stepDistance) },
    vector: Float32Array.from(direction),
  }
}

const nothing = {
  norm: null,
  normFraction: null,
  dPrime: null,
  heldOutDPrime: null,
  shuffled: null,
  stability: null,
}
