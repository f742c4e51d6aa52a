// A data set's rows as interventions take them: for means, for resampling, for a patch.
// Owns: which rows are meant, and what made them. Not: reading them (probeRows.ts) or applying them (inference/).
import { errors } from '../../contract/errors.ts'
import type { StoredTensor, WorkspaceSource } from '../../inference/interventionSources.ts'
import type { Workspace } from '../../store/workspace.ts'
import { hookOf } from '../dataSets/recipeHooks.ts'
import { probeDataOf } from './probeRows.ts'

/**
 * The rows of a data set at a hook point, of one class where the source names one.
 * @returns [N, D]
 * @throws not_found, data_set_run_gone; data_set_lacks for a layer, pooling or class that it has not, or rows of several models
 */
export function readDataSet(
  workspace: Workspace,
  source: Extract<WorkspaceSource, { dataSet: string }>,
  hook: string,
): StoredTensor {
  const { id, name, hash, recipe, layers, poolings, classes } = workspace.dataSets.get(source.dataSet)
  const lacks = (what: string, has: readonly string[]): Error =>
    errors.dataSetLacks({ id, what, has: has.join(', ') })
  const hooks = layers.map((layer) => hookOf(recipe.hook, layer))
  const place = hooks.indexOf(hook)
  if (place < 0) throw lacks(`rows for ${hook}`, hooks)
  const pooling = source.pooling ?? poolings[0]
  if (!poolings.includes(pooling)) throw lacks(`pooling ${pooling}`, poolings)
  const label = source.class === undefined ? null : classes.indexOf(source.class)
  if (label !== null && label < 0) throw lacks(`class “${source.class}”`, classes)
  const data = probeDataOf(workspace, id, { categories: new Map(), texts: false })
  const made = recipe.runIds.map((run) => workspace.runs.get(run).manifest)
  const [{ modelHash, tokenizerHash, computeDtype }] = made
  if (made.some((other) => other.modelHash !== modelHash || other.computeDtype !== computeDtype))
    throw lacks('rows of one model alone', [
      ...new Set(made.map((other) => `${other.modelName} ${other.computeDtype}`)),
    ])
  const all = data.read(layers[place], pooling)
  const rows = Array.from(data.labels.keys()).filter((row) => label === null || data.labels[row] === label)
  if (rows.length === 0) throw lacks(`a row of class “${source.class}”`, classes)
  const { width } = data
  const chosen = new Float32Array(rows.length * width)
  rows.forEach((row, to) => chosen.set(all.subarray(row * width, (row + 1) * width), to * width))
  const which = source.class === undefined ? '' : `, class “${source.class}”`
  return {
    data: chosen,
    shape: [rows.length, width],
    modelHash,
    tokenizerHash,
    computeDtype,
    provenance: `data set ${id} “${name}” (${hash.slice(0, 12)}), ${hook}, ${pooling} of ${rows.length} steps${which}`,
    isSequence: false,
  }
}
