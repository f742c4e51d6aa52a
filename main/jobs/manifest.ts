// Everything a run's result rests on, written down before it starts.
// Owns: what goes into a manifest. Not: the settings, which stand beside it in the run's row.
import type { ModelRecord } from '../contract/models.ts'
import type { RunManifest } from '../contract/runs.ts'
import type { Environment } from '../environments/environment.ts'
import { hashChatTemplate } from '../model/hashModel.ts'
import type { ModelFiles } from '../model/modelFiles.ts'
import { runtimeVersion, version } from '../version.ts'

export function manifestOf(
  model: ModelRecord,
  files: ModelFiles,
  environment: Environment,
  oracle: string,
): RunManifest {
  return {
    innerview: version,
    onnxruntime: runtimeVersion,
    platform: `${process.platform} ${process.arch}, Node ${process.versions.node}`,
    modelName: model.name,
    modelHash: model.hash,
    tokenizerHash: model.tokenizerHash,
    chatTemplateHash: hashChatTemplate(files.chatTemplate),
    dtype: model.dtype,
    device: 'cpu',
    oracle,
    environmentVersion: `${environment.name} ${environment.version}`,
  }
}
