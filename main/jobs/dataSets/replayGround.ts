// Can a run's steps be computed again here, with which model and which interventions?
// Owns: finding the model by content, reading the interventions' numbers, and saying why not. Not: the replay itself (replay.ts).
import { errors, type AppError } from '../../contract/errors.ts'
import type { ModelRecord } from '../../contract/models.ts'
import type { RunRecord } from '../../contract/runs.ts'
import type { PlannedIntervention } from '../../inference/interventionPlan.ts'
import { openModelFiles } from '../../model/openModelFiles.ts'
import type { Workspace } from '../../store/workspace.ts'
import { runtimeVersion } from '../../version.ts'
import { planForModel, runReader } from '../interventions.ts'
import { interventionDifferences } from '../manifest.ts'
import { manifestEntries } from '../runInterventions.ts'

/**
 * The model of the workspace that a run was made with, whatever its id is now.
 * @returns why there is none, where there is none
 */
export function replayModel(
  { id, manifest, settings }: RunRecord,
  models: readonly ModelRecord[],
): { model: ModelRecord } | { refusal: AppError } {
  const same = models.filter(
    (model) =>
      model.hash === manifest.modelHash &&
      model.configHash === manifest.configHash &&
      model.tokenizerHash === manifest.tokenizerHash,
  )
  const refuse = (reason: string): { refusal: AppError } => ({
    refusal: errors.replayRefused({ runId: id, reason }),
  })
  if (same.length === 0) return refuse(`its model, ${manifest.modelName}, is not in the workspace`)
  if (manifest.onnxruntime !== runtimeVersion)
    return refuse(`it was made with ONNX Runtime ${manifest.onnxruntime}, this is ${runtimeVersion}`)
  return { model: same.find((model) => model.id === settings.modelId) ?? same[0] }
}

/**
 * The run's interventions with the numbers they had.
 * @throws replay_refused where a file or run that they took them from has changed; what reading them throws
 */
export async function replayPlan(
  workspace: Workspace,
  { id, settings, manifest }: RunRecord,
  model: ModelRecord,
): Promise<PlannedIntervention[]> {
  const { interventions, computeDtype } = settings
  const planned = await planForModel(interventions, await openModelFiles(model.path), {
    modelHash: model.hash,
    computeDtype,
    readRun: runReader(workspace),
  })
  const differences = interventionDifferences(manifest, { interventions: manifestEntries(planned) })
  if (differences.length > 0) throw errors.replayRefused({ runId: id, reason: differences.join('; ') })
  return planned
}
