// A data set's rows as a contrast of two of its classes.
// Owns: which rows, their labels, pairs of rows. Not: gathering (dataSets/) or vectors (analysis/steering/).
import { pairsByStep, type ContrastRows } from '../../analysis/steering/contrastRows.ts'
import { meanPoolings, type Pooling } from '../../contract/dataSets.ts'
import type { Workspace } from '../../store/workspace.ts'
import { hookOf } from '../dataSets/recipeHooks.ts'
import { probeDataOf } from '../probes/probeRows.ts'

export interface ContrastChoice {
  dataSetId: string
  layers: readonly number[]
  pooling: Pooling
  /** Indices of two classes. */
  away: number
  towards: number
}

/**
 * Episodes of one hidden object share more than chance: as in a verdict, the object is what halves, folds and exchanged labels keep whole. Where
 * each is played once that is the episode.
 */
function objectsOf(tasks: readonly string[], chosen: readonly number[]): Int32Array {
  const numbers = new Map([...new Set(tasks)].map((task, number) => [task, number]))
  return Int32Array.from(chosen, (row) => numbers.get(tasks[row])!) // every task has one
}

/**
 * The rows of two classes at each layer, read one layer at a time. Label 1 is the class that the vector points to.
 * @throws not_found, data_set_run_gone, workspace_damaged
 */
export function contrastRowsOf(
  workspace: Workspace,
  { dataSetId, layers, pooling, away, towards }: ContrastChoice,
): { hook: string; rows: () => ContrastRows }[] {
  const { recipe } = workspace.dataSets.get(dataSetId)
  const data = probeDataOf(workspace, dataSetId, { categories: new Map(), texts: false })
  const { width } = data
  const chosen = Array.from(data.labels.keys()).filter((row) => [away, towards].includes(data.labels[row]))
  const labels = Int32Array.from(chosen, (row) => (data.labels[row] === towards ? 1 : 0))
  const steps = Int32Array.from(chosen, (row) => data.keys[row].step)
  const facts = {
    width,
    labels,
    steps,
    areMeans: meanPoolings.has(pooling),
    episodes: objectsOf(data.tasks, chosen),
    pairs: pairsByStep(labels, steps), // stored steps come in no pairs of their own
  }
  return layers.map((layer) => ({
    hook: hookOf(recipe.hook, layer),
    rows() {
      const all = data.read(layer, pooling)
      const values = new Float32Array(chosen.length * width)
      chosen.forEach((row, to) => values.set(all.subarray(row * width, (row + 1) * width), to * width))
      return { ...facts, data: values }
    },
  }))
}
