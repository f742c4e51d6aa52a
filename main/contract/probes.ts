// Probes: what is asked of a data set, and everything that is said in answer.
// Owns: settings and the document of a trained and judged probe. Not: statistics (analysis/probes/) or how it is run (jobs/probes/).
// The document is what the window draws, `probe --json` prints and the library returns: one and the same.
import * as z from 'zod'
import { pooling, stepKey } from './dataSets.ts'
import { estimate } from './estimates.ts'

const seed = z
  .number()
  .int()
  .min(0)
  .max(2 ** 32 - 1)

export const estimatorSettings = z.discriminatedUnion('kind', [
  /** L2 logistic regression. `liblinear` penalises the intercept as scikit-learn's does; `lbfgs` does not. Several classes: softmax (lbfgs only). */
  z.object({
    kind: z.literal('logistic'),
    solver: z.enum(['liblinear', 'lbfgs']).default('liblinear'),
    /** Inverse of the penalty's strength; `nested` chooses it on folds within the training episodes. */
    C: z.union([z.number().positive(), z.literal('nested')]).default(1),
    tolerance: z.number().positive().default(1e-4),
    maxIterations: z.number().int().min(1).default(1000),
  }),
  z.object({ kind: z.literal('meanDifference') }),
  /** Linear discriminant with a covariance shrunk towards its mean variance; `auto` is Ledoit and Wolf's. */
  z.object({
    kind: z.literal('lda'),
    shrinkage: z.union([z.number().min(0).max(1), z.literal('auto')]).default('auto'),
  }),
  z.object({ kind: z.literal('ridge'), alpha: z.number().positive().default(1) }),
  /** One hidden layer: the non-linear rival. */
  z.object({
    kind: z.literal('mlp'),
    hidden: z.number().int().min(1).max(4096).default(64),
    weightDecay: z.number().min(0).default(1e-4),
    epochs: z.number().int().min(1).default(200),
  }),
])
export type EstimatorSettings = z.infer<typeof estimatorSettings>

export const splitSettings = z.discriminatedUnion('kind', [
  /** One held-out share of episodes, shuffled as NumPy's RandomState(seed) does. */
  z.object({
    kind: z.literal('episode'),
    testShare: z.number().gt(0).lt(1).default(0.2),
    seed: seed.default(42),
  }),
  /** Folds of whole episodes. */
  z.object({
    kind: z.literal('grouped'),
    folds: z.number().int().min(2).max(100).default(5),
    seed: seed.default(42),
  }),
  /** Folds of whole tasks (hidden objects). */
  z.object({
    kind: z.literal('object'),
    folds: z.number().int().min(2).max(100).default(5),
    seed: seed.default(42),
  }),
  /** Each category of tasks held out once. */
  z.object({ kind: z.literal('category') }),
  /** Trained on some runs, judged on others. */
  z.object({ kind: z.literal('transfer'), testRunIds: z.array(z.string()).min(1) }),
])
export type SplitSettings = z.infer<typeof splitSettings>

export const probeSettings = z.object({
  dataSetId: z.string().min(1),
  /** Empty lets the engine name it. */
  name: z.string().max(200).default(''),
  /** Null takes all of the data set's. */
  layers: z.array(z.number().int()).min(1).nullable().default(null),
  poolings: z.array(pooling).min(1).nullable().default(null),
  estimator: estimatorSettings.default(estimatorSettings.parse({ kind: 'logistic' })),
  standardize: z.boolean().default(false),
  classWeight: z.enum(['none', 'balanced']).default('none'),
  split: splitSettings.default(splitSettings.parse({ kind: 'grouped' })),
  /** One probe for all steps, one for each step, one for each window of steps, or trained on each step and judged on each. */
  scope: z
    .discriminatedUnion('kind', [
      z.object({ kind: z.literal('global') }),
      z.object({ kind: z.literal('perStep') }),
      z.object({ kind: z.literal('windows'), size: z.number().int().min(1) }),
      z.object({ kind: z.literal('stepByStep') }),
    ])
    .default({ kind: 'global' }),
  /** Of labels between episodes; 0 leaves the control out. */
  permutations: z.number().int().min(0).max(10_000).default(100),
  /** Resamples of episodes behind each interval. */
  bootstraps: z.number().int().min(100).max(100_000).default(1000),
  /** Compare with rivals that read text written after the probe's moment too. */
  laterRivals: z.boolean().default(false),
  /** Rivals that take a pass over the steps: embedding and layer 0 where no run stored them; the same model with its weights drawn anew. */
  costlyRivals: z.array(z.enum(['replayed', 'randomWeights'])).default([]),
  seed: seed.default(42),
})
export type ProbeSettings = z.infer<typeof probeSettings>
export type ProbeSettingsInput = z.input<typeof probeSettings>

const classFigures = z.object({
  name: z.string(),
  /** Test samples of the class. */
  n: z.number().int(),
  precision: estimate,
  recall: estimate,
  f1: estimate,
})

/** Judged on held-out samples only, all folds together. */
export const probeFigures = z.object({
  n: z.number().int(),
  groups: z.number().int(),
  /** Pairs of different classes behind the AUROC of which no two share an episode; null in documents of earlier versions. */
  pairs: z.number().int().nullable().default(null),
  accuracy: estimate,
  balancedAccuracy: estimate,
  /** Area under the ROC curve; several classes: mean of one against the rest. */
  auroc: estimate,
  /** Average precision. */
  auprc: estimate,
  brier: estimate,
  /** Share of class 1 that is caught when 1 % and 5 % of class 0 are called so. */
  tprAt1: estimate,
  tprAt5: estimate,
  /** Accuracy of always naming the class that most judged rows have. */
  majority: z.number().nullable(),
  classes: z.array(classFigures),
})
export type ProbeFigures = z.infer<typeof probeFigures>

/** When what a predictor reads is known: before the model answers, or only after. */
export const moment = z.enum(['prompt', 'completion'])
export type Moment = z.infer<typeof moment>

/** Another way to the same label, on the same folds. */
export const rival = z.object({
  /** For instance `stepNumber`, `promptLength`, `previousLabels`, `promptWords`, `questionMark`, `embedding`. */
  kind: z.string(),
  /** In words, for people. */
  title: z.string(),
  moment,
  auroc: estimate,
  accuracy: estimate,
  /** Probe's AUROC − the rival's, on the same resamples. */
  advantage: estimate,
  /** Judged, and known no later than what the probe reads. */
  available: z.boolean(),
  /** Why it could not be judged; null where it could. */
  missing: z.string().nullable(),
})
export type Rival = z.infer<typeof rival>

export const permutationControl = z.object({
  permutations: z.number().int(),
  /** AUROC of each, in the order drawn. */
  auroc: z.array(z.number()),
  /** (1 + those at least as high as the probe's) / (1 + permutations). */
  p: z.number().nullable(),
  /** Probe's accuracy − the mean of the permuted (Hewitt and Liang 2019). */
  selectivity: z.number().nullable(),
})

export const curvePoint = z.object({ x: z.number(), y: z.number() })
export const calibrationBin = z.object({
  /** Mean predicted probability, observed share of class 1 and its Wilson interval. */
  predicted: z.number(),
  observed: z.number(),
  low: z.number(),
  high: z.number(),
  n: z.number().int(),
})

export const probeWarning = z.object({
  /** For instance `fewGroups`, `oneClassAtStep`, `rivalAsGood`, `poolingHasAnswer`, `samePrompts`, `chosenOnTest`. */
  kind: z.string(),
  /** A whole sentence. */
  text: z.string(),
})
export type ProbeWarning = z.infer<typeof probeWarning>

/** One layer and pooling of a sweep. */
export const probeCell = z.object({
  layer: z.number().int(),
  pooling,
  auroc: estimate,
  accuracy: estimate,
  /** Rows that were trained on and judged. */
  n: z.number().int(),
})
export type ProbeCell = z.infer<typeof probeCell>

/** A step, a window, or a pair of steps: see `scope`. */
export const stepFigures = z.object({
  trainFirst: z.number().int(),
  trainLast: z.number().int(),
  testFirst: z.number().int(),
  testLast: z.number().int(),
  n: z.number().int(),
  positives: z.number().int(),
  /** As of the figures. */
  pairs: z.number().int().nullable().default(null),
  auroc: estimate,
  accuracy: estimate,
  majority: z.number().nullable(),
  /** Why there is no AUROC here (fewer than 8 training samples, no fold that judges two classes); null where there is one. */
  missing: z.string().nullable(),
})

export const probePrediction = stepKey.extend({
  task: z.string(),
  /** Class by index. */
  label: z.number().int(),
  /** Class named when it was held out, by index; null in documents of earlier versions. */
  named: z.number().int().nullable().default(null),
  /** Of class 1 when it was held out; several classes: of the true one. */
  probability: z.number(),
  fold: z.number().int(),
})

export const earlyWarning = z.object({
  /** Of class-0 steps that set off an alert. */
  falsePositiveRate: z.number(),
  threshold: z.number(),
  /** Episodes with at least one step of class 1. */
  episodes: z.number().int(),
  /** Of these, with an alert before or at the first one. */
  alerted: z.number().int(),
  /** Steps from the first alert to the first step of class 1, one an alerted episode. */
  leadSteps: z.array(z.number().int()),
  /** Episodes that alerts at random would be expected to reach, each step at the same rate: before or at the first step of class 1, and before it. */
  chance: z.object({ alerted: z.number(), before: z.number() }).nullable().default(null),
  meanLead: estimate,
})

export const probeDocument = z.object({
  settings: probeSettings,
  /** What was learnt from. */
  data: z.object({
    hash: z.string(),
    rows: z.number().int(),
    groups: z.number().int(),
    width: z.number().int(),
    classes: z.array(z.string()),
    counts: z.array(z.number().int()),
  }),
  /** The chosen cell: the one asked for, or the best of the sweep (a warning says so). */
  layer: z.number().int(),
  pooling,
  figures: probeFigures,
  /** Probe − best rival available at the same moment. */
  headline: z.object({
    rival: z.string().nullable(),
    advantage: estimate,
    /** One sentence for people. */
    sentence: z.string(),
    /** The interval lies above 0 and the permutation test agrees (p < .05). */
    significant: z.boolean(),
  }),
  rivals: z.array(rival),
  permutation: permutationControl.nullable(),
  /** Random features of the same size, same folds. */
  randomFeatures: z.object({ auroc: estimate }).nullable(),
  warnings: z.array(probeWarning),
  roc: z.array(curvePoint),
  calibration: z.array(calibrationBin),
  /** Rows true class, columns named class. */
  confusion: z.array(z.array(z.number().int())),
  cells: z.array(probeCell),
  steps: z.array(stepFigures),
  predictions: z.array(probePrediction),
  earlyWarning: z.array(earlyWarning),
  /** Trained on all rows of the training part, in raw units whatever was standardised: class 1's for two classes, else one row a class. */
  coefficients: z.array(z.array(z.number())),
  intercept: z.array(z.number()),
  /** Inverse penalty that the stored probe was fitted with, the chosen one where it was `nested`; null for other estimators. */
  C: z.number().nullable(),
  converged: z.boolean(),
  seconds: z.number(),
})
export type ProbeDocument = z.infer<typeof probeDocument>
