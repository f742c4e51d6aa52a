// Other ways to the same label, judged on the probe's own folds.
// Owns: which rivals there are, when each is known, and their held-out predictions. Not: comparing them (judgeProbe.ts).
// Why: a probe's figure means little until what could be had without the model's inside is laid beside it (docs/methods/probes.md).
import { poolingsWithAnswer, type Pooling } from '../../contract/dataSets.ts'
import type { Moment } from '../../contract/probes.ts'
import { bagOfWords, tfidf } from './bagOfWords.ts'
import { DenseMatrix } from './denseMatrix.ts'
import type { FitOptions } from './fitParts.ts'
import { heldOutPredictions, type HeldOut } from './heldOut.ts'
import type { KernelMemory } from './kernelMemory.ts'
import type { ProbeData, RivalActivations } from './probeData.ts'
import type { Fold } from './splits.ts'
import {
  completionLengthFacts,
  earlierLabelFacts,
  promptLengthFacts,
  questionMarkFacts,
  stepFacts,
  together,
  type Facts,
} from './surfaceFacts.ts'
import { fitFolds } from './usableFolds.ts'

export interface RivalEntry {
  kind: string
  title: string
  moment: Moment
  /** Null where there is nothing to learn from; `missing` says why. */
  predict: () => HeldOut | null
  missing: string
}

/** Of the cell that is judged. */
export interface RivalGround {
  data: ProbeData
  folds: readonly Fold[]
  memory: KernelMemory
  layer: number
  pooling: Pooling
  /** The probe's own, for rivals that read activations. */
  probe: FitOptions
}

export const momentOf = (pooling: Pooling): Moment =>
  poolingsWithAnswer.has(pooling) ? 'completion' : 'prompt'

/** L2 logistic regression, C = 1, on standardised facts or TF-IDF: plain and strong enough. */
const plainFit = (ground: RivalGround, standardize: boolean): FitOptions => ({
  estimator: { kind: 'logistic', solver: 'lbfgs', C: 1, tolerance: 1e-4, maxIterations: 1000 },
  standardize,
  classWeight: ground.probe.classWeight,
  seed: ground.probe.seed,
})

function fromDense(
  ground: RivalGround,
  values: Float32Array | Float64Array,
  width: number,
  fit: FitOptions,
): HeldOut {
  const matrix = new DenseMatrix(ground.memory, values, width)
  const { held } = fitFolds(matrix, ground.data, ground.folds, fit)
  matrix.free()
  return held
}

const fromFacts = (ground: RivalGround, { values, width }: Facts): HeldOut =>
  fromDense(ground, values, width, plainFit(ground, true))

/** TF-IDF is learnt anew from each fold's training texts. */
function fromWords(ground: RivalGround, texts: readonly string[]): HeldOut | null {
  const bag = bagOfWords(texts)
  if (bag.words === 0) return null
  const judged = ground.folds.map((fold, index) => {
    const matrix = tfidf(bag, fold.train)
    const [fit] = fitFolds(matrix, ground.data, [fold], plainFit(ground, false)).fits
    return { fold, index, fit }
  })
  return heldOutPredictions(ground.data, ground.data.labels, judged)
}

const whyMissing: Record<RivalActivations['kind'], string> = {
  embedding: 'No run stored the embedding for this pooling; a replay of the steps computes it.',
  firstLayer: 'No run stored layer 0 for this pooling; a replay of the steps computes it.',
  randomWeights: 'Not asked for: it takes a pass over the steps with weights drawn anew.',
}

const activationTitles: Record<RivalActivations['kind'], string> = {
  embedding: 'Probe on the embedding',
  firstLayer: 'Probe on layer 0',
  randomWeights: 'Probe on a model with random weights',
}

function fromActivations(ground: RivalGround, rival: RivalActivations): HeldOut | null {
  const values = rival.read(ground.layer, ground.pooling)
  if (!values) return null
  return fromDense(ground, values, values.length / ground.data.rows, ground.probe)
}

/** All rivals, cheapest first. */
export function rivalEntries(ground: RivalGround): RivalEntry[] {
  const { data } = ground
  const entry = (
    kind: string,
    title: string,
    moment: Moment,
    predict: () => HeldOut | null,
    missing = '',
  ): RivalEntry => ({
    kind,
    title,
    moment,
    predict,
    missing,
  })
  const [prompt, completion] = ['prompt', 'completion'] as const
  const noWords = 'There are no words in these texts.'
  const facts = (of: (data: ProbeData) => Facts) => () => fromFacts(ground, of(data))
  return [
    entry('stepNumber', 'Step number', prompt, facts(stepFacts)),
    entry('promptLength', 'Length of the prompt', prompt, facts(promptLengthFacts)),
    entry('previousLabels', 'Earlier labels and their running rate', prompt, facts(earlierLabelFacts)),
    entry('promptFacts', 'Step number, prompt length and earlier labels together', prompt, () =>
      fromFacts(
        ground,
        together(data.rows, [stepFacts(data), promptLengthFacts(data), earlierLabelFacts(data)]),
      ),
    ),
    entry('promptWords', 'Words of the prompt', prompt, () => fromWords(ground, data.prompts), noWords),
    entry('completionLength', 'Length of the answer', completion, facts(completionLengthFacts)),
    entry('questionMark', 'A question mark in the answer', completion, facts(questionMarkFacts)),
    entry(
      'completionWords',
      'Words of the answer',
      completion,
      () => fromWords(ground, data.completions),
      noWords,
    ),
    ...data.rivals.map((rival) =>
      entry(
        rival.kind,
        activationTitles[rival.kind],
        momentOf(ground.pooling),
        () => fromActivations(ground, rival),
        whyMissing[rival.kind],
      ),
    ),
  ]
}
