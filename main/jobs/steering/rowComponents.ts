// What a data set's rows span.
// Owns: principal components of the rows of all classes, and the rows' usual length. Not: the search among them (learnedDirection.ts).
import { percentile } from '../../analysis/clusterBootstrap.ts'
import { principalComponents } from '../../analysis/principalComponents.ts'
import type { Workspace } from '../../store/workspace.ts'
import { probeDataOf } from '../probes/probeRows.ts'
import type { ComponentChoice, RowComponents } from './steeringTasks.ts'

/** @throws not_found, data_set_run_gone, workspace_damaged */
export function rowComponents(
  workspace: Workspace,
  choice: { dataSetId: string } & ComponentChoice,
): RowComponents {
  const { dataSetId, layer, pooling, count, leftOut } = choice
  const data = probeDataOf(workspace, dataSetId, { categories: new Map(), texts: false })
  const all = data.read(layer, pooling)
  const { width, keys } = data
  const kept = keys.flatMap(({ runId, episode }, row) =>
    leftOut.runIds.includes(runId) && leftOut.episodes.includes(episode) ? [] : [row],
  )
  const rows = new Float32Array(kept.length * width)
  kept.forEach((row, to) => rows.set(all.subarray(row * width, (row + 1) * width), to * width))
  const norms = Float64Array.from({ length: rows.length / width }, (_, row) =>
    Math.sqrt(rows.subarray(row * width, (row + 1) * width).reduce((sum, value) => sum + value * value, 0)),
  ).sort()
  if (kept.length === 0) return { components: new Float64Array(0), scales: [], norm: 0 }
  const { components, variances } = principalComponents(rows, width, { count })
  return { components, scales: Array.from(variances, Math.sqrt), norm: percentile(norms, 0.5) }
}
