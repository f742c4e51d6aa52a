// What a probe is judged on: rows of activations with their labels, and everything about them that a rival could read.
// Owns: the one type that jobs/ fills. Not: where the rows come from (jobs/), or what is learnt from them (judgeProbe.ts).
import type { Pooling, StepKey } from '../../contract/dataSets.ts'

/** Activations of another kind, judged as rivals on the same rows. */
export interface RivalActivations {
  /** `embedding`: the embedding's output · `firstLayer`: the residual stream after layer 0 · `randomWeights`: the probe's own layer of a model with random weights. */
  kind: 'embedding' | 'firstLayer' | 'randomWeights'
  /** N×D′ row-major; null where they are not to be had for this layer and pooling. */
  read: (layer: number, pooling: Pooling) => Float32Array | null
}

/** N rows, one a step. Arrays have one entry for each row unless they say otherwise. */
export interface ProbeData {
  /** Of the data set's rows, labels and activations. */
  hash: string
  rows: number
  /** D, of every layer. */
  width: number
  layers: readonly number[]
  poolings: readonly Pooling[]
  /**
   * N×D row-major. Called when a cell's turn comes, and not held for longer: read it from disk then.
   */
  read: (layer: number, pooling: Pooling) => Float32Array
  /** Names of the classes; for two, index 1 is the class that the label names. */
  classes: readonly string[]
  /** Index into `classes`. */
  labels: Int32Array
  keys: readonly StepKey[]
  /** What stays together: 0 … G − 1. One episode, with its twins in other runs that share its task, seed and number. */
  groups: Int32Array
  /** The hidden object or other task of the row's episode. */
  tasks: readonly string[]
  /** Category of the task; null where the environment has none (or none for this task). */
  categories: readonly (string | null)[] | null
  /** Text of the chat as the model got it, and of its answer. */
  prompts: readonly string[]
  completions: readonly string[]
  promptTokens: Int32Array
  completionTokens: Int32Array
  /** Labels of all earlier steps of the same episode in their order, those that a filter left out of the rows included. */
  earlierLabels: readonly ArrayLike<number>[]
  /** True where these were read from labels that a person may have changed since the rows were stored. */
  areEarlierLabelsLive: boolean
  rivals: readonly RivalActivations[]
}
