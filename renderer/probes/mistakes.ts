// Which held-out steps a probe was most wrong about, and which it was least sure of.
import type { ProbeDocument } from '../../main/contract/probes.ts'
import type { StepKey } from '../../main/contract/dataSets.ts'

/** One step in a list that leads to it. */
export interface ListedStep extends StepKey {
  task: string
  /** True class by index. */
  label: number
  /** Of class 1 for two classes, of the true one for more; null where nothing judged it. */
  probability: number | null
  /** What the list is sorted by, in words, where it is not the probability. */
  note?: string
}

type Prediction = ProbeDocument['predictions'][number]

/** 0 for certain and right, 1 for certain and wrong. */
export const errorOf = (
  { label, probability }: Pick<Prediction, 'label' | 'probability'>,
  classes: number,
): number => (classes === 2 && label === 0 ? probability : 1 - probability)

/** Named another class than its own; where a document does not say which was named, by the probability. */
const isMistaken = (one: Prediction, classes: number): boolean =>
  one.named === null ? errorOf(one, classes) > 0.5 : one.named !== one.label

/** The most mistaken first; only those named wrongly. */
export function mostMistaken({ predictions, data }: ProbeDocument, count: number): ListedStep[] {
  const classes = data.classes.length
  return predictions
    .filter((one) => isMistaken(one, classes))
    .sort((a, b) => errorOf(b, classes) - errorOf(a, classes))
    .slice(0, count)
}

/** Those it was least sure of, named rightly or not. */
export function leastSure({ predictions, data }: ProbeDocument, count: number): ListedStep[] {
  const doubt = (one: Prediction): number => Math.abs(errorOf(one, data.classes.length) - 0.5)
  return predictions.toSorted((a, b) => doubt(a) - doubt(b)).slice(0, count)
}

/** Predictions by step, to find a step's again. */
export function byStep(predictions: readonly Prediction[]): Map<string, Prediction> {
  return new Map(predictions.map((one) => [keyOf(one), one]))
}

export const keyOf = ({ runId, episode, step }: StepKey): string => `${runId} ${episode} ${step}`
