// Are a model's files still those that were added?
// Owns: comparing weights, configuration and tokeniser with the record. Not: the fingerprints (model/hashModel.ts).
import { statSync } from 'node:fs'
import type { WorkProgress } from '../contract/api.ts'
import { errors } from '../contract/errors.ts'
import type { ModelRecord } from '../contract/models.ts'
import { hashConfig, hashModel, hashTokenizer } from '../model/hashModel.ts'
import type { ModelFiles } from '../model/modelFiles.ts'

/**
 * Weights are hashed again only where their files are younger than the record or of another size; the small rest always.
 * @throws model_changed; the signal's reason when aborted
 */
export async function checkIdentity(
  files: ModelFiles,
  record: ModelRecord,
  tell: (progress: WorkProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const changed =
    hashConfig(files.config) !== record.configHash ||
    (await hashTokenizer(files.tokenizer)) !== record.tokenizerHash ||
    (!isUntouched(files, record) &&
      (await hashModel(files, {
        signal,
        onProgress: (fraction) => tell({ label: 'Hashing the weights', fraction }),
      })) !== record.hash)
  if (changed) throw errors.modelChanged({ path: files.path })
}

/** How late a file system may set its times: a tick of the system's clock, on some 2 s. */
const FILE_TIME_MS = 2000

/** A copy that kept its old modification time has a young change time. */
function isUntouched(files: ModelFiles, record: ModelRecord): boolean {
  const surelyBefore = Date.parse(record.addedAt) - FILE_TIME_MS
  const youngest = (file: string): number => {
    const { mtimeMs, ctimeMs } = statSync(file)
    return Math.max(mtimeMs, ctimeMs)
  }
  return (
    files.sizeBytes === record.sizeBytes && files.weightFiles.every((file) => youngest(file) <= surelyBefore)
  )
}
