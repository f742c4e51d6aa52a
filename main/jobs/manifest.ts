// Everything a run's result rests on, written down before it starts and compared before it goes on.
// Owns: what goes into a manifest, and which of it must not change. Not: the settings, which stand beside it in the run's row.
import { errors } from '../contract/errors.ts'
import type { ModelRecord } from '../contract/models.ts'
import type { CollectSettings, RunManifest, RunRecord } from '../contract/runs.ts'
import type { Environment, Oracle } from '../environments/environment.ts'
import { hashChatTemplate } from '../model/hashModel.ts'
import type { PlannedIntervention } from '../inference/interventionPlan.ts'
import type { ModelFiles } from '../model/modelFiles.ts'
import { runtimeVersion, version } from '../version.ts'
import { chooserName, manifestEntries, type InterventionChooser } from './runInterventions.ts'

/** What a run is made of, beside its settings. */
export interface RunGround {
  model: ModelRecord
  /** Those of the record: loading checks that (modelIdentity.ts). */
  files: ModelFiles
  environment: Environment
  oracle: Oracle | null
  planned: readonly PlannedIntervention[]
  /** A program's, where it chooses what acts in each step. */
  chooser?: InterventionChooser
}

export function manifestOf(
  { computeDtype, device }: Pick<CollectSettings, 'computeDtype' | 'device'>,
  { model, files, environment, oracle, planned, chooser }: RunGround,
): RunManifest {
  return {
    innerview: version,
    onnxruntime: runtimeVersion,
    platform: `${process.platform} ${process.arch}, Node ${process.versions.node}`,
    modelName: model.name,
    modelHash: model.hash,
    configHash: model.configHash,
    tokenizerHash: model.tokenizerHash,
    chatTemplateHash: hashChatTemplate(files.chatTemplate),
    dtype: model.dtype,
    computeDtype,
    device,
    oracle: oracle?.description ?? 'none',
    environmentVersion: `${environment.name} ${environment.version}`,
    interventions: manifestEntries(planned),
    chooser: chooserName(chooser),
  }
}

/** What rows depend on, with its name in an error. */
const ground = {
  modelHash: 'the weights’ hash',
  configHash: 'the configuration’s hash',
  tokenizerHash: 'the tokeniser’s hash',
  chatTemplateHash: 'the chat template’s hash',
  dtype: 'the dtype',
  computeDtype: 'the dtype computed with',
  device: 'the device',
  oracle: 'the oracle',
  environmentVersion: 'the environment',
  onnxruntime: 'ONNX Runtime',
  chooser: 'what chooses interventions',
} satisfies Partial<Record<keyof RunManifest, string>>

/**
 * A run that goes on must end with the rows of one that was never stopped.
 * @param now  the manifest that the run would get if it began now
 * @throws run_differs naming everything that changed
 */
export function checkSameGround(run: RunRecord, now: RunManifest): void {
  const keys = Object.keys(ground) as (keyof typeof ground)[] // an object literal's own keys
  const differences = keys
    .filter((key) => run.manifest[key] !== now[key])
    .map((key) => `${ground[key]} was ${short(run.manifest[key])}, is ${short(now[key])}`)
  differences.push(...interventionDifferences(run.manifest, now))
  if (differences.length > 0) throw errors.runDiffers({ id: run.id, differences })
}

const short = (value: string): string => (/^[0-9a-f]{64}$/.test(value) ? `${value.slice(0, 12)}…` : value)

/** The settings are the same: only what lies outside them, files and other runs, can have changed. */
export function interventionDifferences(
  { interventions: before }: RunManifest,
  now: Pick<RunManifest, 'interventions'>,
): string[] {
  if (before.length !== now.interventions.length)
    return [`interventions act at ${before.length} hook points, now at ${now.interventions.length}`]
  return before.flatMap(({ name, hook, hash }, place) => {
    const other = now.interventions[place]
    if (hook === other.hook && hash === other.hash) return []
    return [`the numbers of intervention “${name}” at ${hook} were ${short(hash)}, are ${short(other.hash)}`]
  })
}
