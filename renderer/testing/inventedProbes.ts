// Invented data sets and probes for component tests and screenshots. Never part of the build.
// Figures are computed from invented predictions, so that they agree with each other as real ones do.
import type * as z from 'zod'
import {
  dataSetRecipe,
  type DataSetPreview,
  type DataSetRecipe,
  type DataSetRecord,
} from '../../main/contract/dataSets.ts'
import type { Estimate } from '../../main/contract/estimates.ts'
import { probeSettings, type ProbeDocument } from '../../main/contract/probes.ts'
import type { ProbeSummary } from '../../main/contract/storedProbes.ts'
import type { RunRecord } from '../../main/contract/runs.ts'
import { inventEpisode, randomOf, inventedModels } from './invented.ts'

type Prediction = ProbeDocument['predictions'][number]

/** Gaussian by Box and Muller. */
const gaussian = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

const around = (value: number | null, half: number): Estimate =>
  value === null
    ? { value, low: null, high: null }
    : { value, low: Math.max(0, value - half), high: Math.min(1, value + half * 0.9) }

interface InventedRow {
  runId: string
  episode: number
  step: number
  task: string
  label: number
}

function rowsOf(runs: readonly RunRecord[], recipe: DataSetRecipe): InventedRow[] {
  const { firstStep, lastStep, tasks } = recipe.filter
  return runs.flatMap((run) =>
    Array.from({ length: Math.min(200, run.progress.episodesDone) }, (_, episode) =>
      inventEpisode(run, episode),
    )
      .filter(({ task }) => tasks.length === 0 || tasks.includes(task))
      .flatMap(({ episode, task, verdicts, outcome }) =>
        [...verdicts].map((letter, step) => ({
          ...{ runId: run.id, episode, step, task },
          label: Number(recipe.label.kind === 'won' ? outcome === 'win' : letter === 'i'),
        })),
      )
      .filter(({ step }) => step >= firstStep && step <= (lastStep ?? Infinity)),
  )
}

const classesOf = (recipe: DataSetRecipe): string[] =>
  recipe.label.kind === 'won'
    ? ['not won', 'won']
    : recipe.label.kind === 'invalid'
      ? ['valid', 'invalid']
      : ['no', 'yes']

const countsOf = (rows: readonly { label: number }[]): number[] =>
  [0, 1].map((label) => rows.filter((row) => row.label === label).length)

export function inventPreview(runs: readonly RunRecord[], recipe: DataSetRecipe): DataSetPreview {
  const rows = rowsOf(runs, recipe)
  const steps = [...new Set(rows.map(({ step }) => step))].sort((a, b) => a - b)
  const layers = Array.isArray(recipe.layers)
    ? recipe.layers
    : recipe.layers === 'all'
      ? Array.from({ length: 30 }, (_, i) => i)
      : [15]
  const isStored = layers.every((layer) => layer === 15) && !recipe.poolings.includes('lastK')
  return {
    rows: rows.length,
    episodes: new Set(rows.map(({ episode }) => episode)).size,
    classes: classesOf(recipe),
    counts: countsOf(rows),
    steps: steps.map((step) => ({ step, counts: countsOf(rows.filter((row) => row.step === step)) })),
    layers,
    missing: isStored ? 0 : rows.length,
    replayRefused: null,
    replaySeconds: isStored ? null : rows.length * 0.11,
    rivals: {
      replayed: { steps: rows.length, seconds: rows.length * 0.1, refused: null },
      randomWeights: { steps: rows.length, seconds: 27 + rows.length * 0.1, refused: null },
    },
    bytes: rows.length * layers.length * recipe.poolings.length * 576 * 4,
    warnings: rows.length === 0 ? ['No step passes the filter.'] : [],
  }
}

export function inventDataSet(
  runs: readonly RunRecord[],
  input: unknown,
  change: Partial<DataSetRecord> = {},
): DataSetRecord {
  const recipe = dataSetRecipe.parse(input)
  const preview = inventPreview(runs, recipe)
  return {
    id: `set ${runs[0]?.id ?? ''} ${recipe.label.kind} ${recipe.poolings.join('+')}`,
    name: `${recipe.label.kind} · ${runs.map(({ name }) => name).join(', ')}`,
    createdAt: '2026-01-10T10:00:00.000Z',
    recipe,
    hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    ...{ rows: preview.rows, episodes: preview.episodes, classes: preview.classes, counts: preview.counts },
    ...{ layers: preview.layers, poolings: recipe.poolings, width: 576, bytes: preview.bytes },
    models: [{ name: 'SmolLM2-135M-Instruct', hash: inventedModels[0]?.hash ?? '' }],
    missingRuns: [],
    ...change,
  }
}

function rocOf(rows: readonly Prediction[]): { x: number; y: number }[] {
  const [negatives, positives] = countsOf(rows) as [number, number]
  const points = [{ x: 0, y: 0 }]
  let [x, y] = [0, 0]
  for (const row of rows.toSorted((a, b) => b.probability - a.probability)) {
    if (row.label === 1) y++
    else x++
    points.push({ x: x / Math.max(1, negatives), y: y / Math.max(1, positives) })
  }
  return points
}

const areaUnder = (points: readonly { x: number; y: number }[]): number =>
  points.reduce(
    (sum, point, i) => sum + (i ? (point.x - points[i - 1]!.x) * (point.y + points[i - 1]!.y) : 0) / 2,
    0,
  )

const accuracyOf = (rows: readonly Prediction[]): number | null =>
  rows.length === 0
    ? null
    : rows.filter(({ label, probability }) => Number(probability >= 0.5) === label).length / rows.length

const caughtAt = (points: readonly { x: number; y: number }[], rate: number): number =>
  points.filter(({ x }) => x <= rate).at(-1)?.y ?? 0

/** @param strength  of the invented signal; 0 for none */
export function inventDocument(
  runs: readonly RunRecord[],
  dataSet: DataSetRecord,
  input: z.input<typeof probeSettings>,
  strength = 0.9,
): ProbeDocument {
  const settings = probeSettings.parse(input)
  const random = randomOf(7 + Math.round(strength * 100))
  const predictions = rowsOf(runs, dataSet.recipe).map((row): Prediction => {
    const score = (row.label * 2 - 1) * strength + gaussian(random) * 1.3 + (row.step - 8) * 0.05
    const probability = 1 / (1 + Math.exp(-score - 0.4))
    return { ...row, named: Number(probability > 0.5), probability, fold: row.episode % 5 }
  })
  const n = predictions.length
  const roc = rocOf(predictions)
  const auroc = around(areaUnder(roc), 0.034)
  const counts = countsOf(predictions)
  const majority = Math.max(...counts) / Math.max(1, n)
  const confusion = [0, 1].map((truth) =>
    [0, 1].map(
      (named) =>
        predictions.filter(
          ({ label, probability }) => label === truth && Number(probability >= 0.5) === named,
        ).length,
    ),
  )
  const permuted = Array.from({ length: settings.permutations }, () => 0.5 + gaussian(random) * 0.025)
  const beaten = permuted.filter((value) => value >= (auroc.value ?? 0)).length
  const layers = settings.layers ?? dataSet.layers
  const poolings = settings.poolings ?? dataSet.poolings
  const steps = [...new Set(predictions.map(({ step }) => step))].sort((a, b) => a - b)
  const rivalOf = (kind: string, title: string, value: number, moment: 'prompt' | 'completion') => ({
    ...{ kind, title, moment, available: moment === 'prompt', missing: null },
    auroc: around(value, 0.035),
    accuracy: around(0.55 + value / 5, 0.03),
    advantage: {
      value: auroc.value! - value,
      low: auroc.value! - value - 0.05,
      high: auroc.value! - value + 0.05,
    },
  })
  const rivals: ProbeDocument['rivals'] = [
    rivalOf('previousLabels', 'Previous labels and running rate', 0.743, 'prompt'),
    rivalOf('promptWords', 'Words of the prompt (TF-IDF)', 0.701, 'prompt'),
    rivalOf('stepNumber', 'Step number', 0.588, 'prompt'),
    rivalOf('promptLength', 'Prompt length', 0.604, 'prompt'),
    rivalOf('embedding', 'Embedding layer', 0.55, 'prompt'),
    {
      ...rivalOf('randomWeights', 'Random-weights model', 0.5, 'prompt'),
      ...{ auroc: around(null, 0), accuracy: around(null, 0), advantage: around(null, 0) },
      missing: 'No random-weights activations were stored.',
    },
    rivalOf('questionMark', 'Question mark in the completion', 0.912, 'completion'),
    rivalOf('completionWords', 'Words of the completion (TF-IDF)', 0.921, 'completion'),
    rivalOf('completionLength', 'Completion length', 0.63, 'completion'),
  ]
  const advantage = rivals[0]!.advantage
  const stepFigures = steps.map((step) => {
    const rows = predictions.filter((row) => row.step === step)
    const [zeros, ones] = countsOf(rows) as [number, number]
    const isJudged = zeros > 0 && ones > 0 && rows.length >= 8
    return {
      ...{
        trainFirst: step,
        trainLast: step,
        testFirst: step,
        testLast: step,
        n: rows.length,
        positives: ones,
        pairs: isJudged ? Math.min(ones, rows.length - ones) : null,
      },
      auroc: around(isJudged ? areaUnder(rocOf(rows)) : null, 0.12),
      accuracy: around(isJudged ? accuracyOf(rows) : null, 0.1),
      majority: rows.length ? Math.max(zeros, ones) / rows.length : null,
      missing: isJudged ? null : 'one class only',
    }
  })
  const stepPairs =
    settings.scope.kind === 'stepByStep'
      ? stepFigures.flatMap((train) =>
          stepFigures.map((test) => ({
            ...test,
            ...{ trainFirst: train.testFirst, trainLast: train.testLast },
            auroc: around(
              test.auroc.value === null
                ? null
                : 0.5 + (test.auroc.value - 0.5) / (1 + Math.abs(train.testFirst - test.testFirst) / 4),
              0.1,
            ),
          })),
        )
      : stepFigures
  const layer = layers[Math.floor(layers.length / 2)]!
  return {
    settings,
    data: {
      hash: dataSet.hash,
      rows: n,
      groups: dataSet.episodes,
      width: 576,
      classes: dataSet.classes,
      counts,
    },
    ...{ layer, pooling: poolings[0]! },
    figures: {
      ...{ n, groups: dataSet.episodes, pairs: 24, auroc, majority },
      accuracy: around(accuracyOf(predictions), 0.028),
      balancedAccuracy: around((confusion[0]![0]! / counts[0]! + confusion[1]![1]! / counts[1]!) / 2, 0.03),
      auprc: around(0.5 + auroc.value! / 2.4, 0.03),
      brier: around(0.16, 0.014),
      tprAt1: around(caughtAt(roc, 0.01), 0.03),
      tprAt5: around(caughtAt(roc, 0.05), 0.05),
      classes: dataSet.classes.map((name, i) => ({
        ...{ name, n: counts[i]! },
        precision: around(confusion[i]![i]! / Math.max(1, confusion[0]![i]! + confusion[1]![i]!), 0.04),
        recall: around(confusion[i]![i]! / Math.max(1, counts[i]!), 0.04),
        f1: around(0.7, 0.04),
      })),
    },
    headline: {
      ...{ rival: 'previousLabels', advantage, significant: (advantage.low ?? 0) > 0 && beaten === 0 },
      sentence: `The probe (AUROC ${auroc.value!.toFixed(3)}) is ${advantage.value! >= 0 ? 'ahead of' : 'behind'} its best rival known before the answer, previous labels and running rate, by ${Math.abs(advantage.value!).toFixed(3)} [${advantage.low!.toFixed(3)}, ${advantage.high!.toFixed(3)}].`,
    },
    rivals,
    permutation: {
      permutations: permuted.length,
      auroc: permuted,
      p: (1 + beaten) / (1 + permuted.length),
      selectivity: 0.12,
    },
    randomFeatures: { auroc: around(0.512, 0.04) },
    warnings: [
      {
        kind: 'rivalAsGood',
        text: 'A rival that is known at the same moment, previous labels and running rate, does as well within the interval.',
      },
      { kind: 'oneClassAtStep', text: 'Steps 18 and 19 have one class only; there is no figure for them.' },
      ...(poolings.length * layers.length > 1
        ? [
            {
              kind: 'chosenOnTest',
              text: `The best of ${poolings.length * layers.length} cells was chosen by the figure it is judged with; its value is too high.`,
            },
          ]
        : []),
    ],
    roc,
    calibration: Array.from({ length: 10 }, (_, i) => {
      const rows = predictions.filter(({ probability }) => Math.min(9, Math.floor(probability * 10)) === i)
      const observed = rows.filter(({ label }) => label === 1).length / Math.max(1, rows.length)
      const half = 1 / Math.sqrt(Math.max(4, rows.length))
      return {
        ...{ predicted: (i + 0.5) / 10, observed, n: rows.length },
        ...{ low: Math.max(0, observed - half), high: Math.min(1, observed + half) },
      }
    }).filter(({ n: count }) => count > 0),
    confusion,
    cells: layers.flatMap((one) =>
      poolings.map((pooling, k) => ({
        ...{ layer: one, pooling, n },
        auroc: around(0.55 + 0.3 * Math.exp(-(((one - 17) / 9) ** 2)) - k * 0.03 + random() * 0.02, 0.03),
        accuracy: around(0.7, 0.03),
      })),
    ),
    steps: stepPairs,
    predictions,
    earlyWarning: [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5].map((rate) => {
      const alerted = Math.round(dataSet.episodes * Math.min(0.97, rate ** 0.5 * 1.2))
      const leadSteps = Array.from({ length: alerted }, () => Math.floor(random() ** 2 * 9))
      const mean = leadSteps.reduce((sum, lead) => sum + lead, 0) / Math.max(1, alerted)
      return {
        ...{
          falsePositiveRate: rate,
          threshold: 0.95 - rate,
          episodes: dataSet.episodes,
          alerted,
          leadSteps,
          chance: { alerted: dataSet.episodes * rate * 2, before: dataSet.episodes * rate },
        },
        meanLead: { value: mean, low: mean * 0.7, high: mean * 1.3 },
      }
    }),
    coefficients:
      settings.estimator.kind === 'mlp'
        ? []
        : [Array.from({ length: 576 }, () => gaussian(random) ** 3 * 0.01)],
    ...{ intercept: [0.3], C: 1, converged: true, seconds: 4.2 },
  }
}

export function inventProbe(
  name: string,
  dataSet: DataSetRecord,
  change: Partial<ProbeSummary> & { document?: ProbeDocument } = {},
): ProbeSummary {
  const { document, ...rest } = change
  return {
    ...{ id: name, name, dataSetId: dataSet.id, createdAt: '2026-01-10T11:00:00.000Z', status: 'done' },
    progress: null,
    settings: document?.settings ?? probeSettings.parse({ dataSetId: dataSet.id }),
    ...{ layer: document?.layer ?? null, pooling: document?.pooling ?? null },
    ...{ auroc: document?.figures.auroc ?? null, advantage: document?.headline.advantage ?? null },
    ...{ warnings: document?.warnings.length ?? 0, error: null },
    ...rest,
  }
}
