// Which files a command means by --model: a path, or a model of the workspace.
// Owns: telling the two apart without needing a workspace for a path. Not: reading the files (model/).
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { errors } from '../contract/errors.ts'
import { embeddedModelFolder, embeddedModelId } from '../jobs/embeddedModel.ts'
import { withEngineOr, type CommandContext } from './context.ts'

/** What ids are made of (jobs/modelLibrary.ts); anything else is a path. */
const idForm = /^[a-z0-9-]+$/

/**
 * Full path of a model's files. A word that is both an id of the workspace and a folder here is the id, as in `collect`.
 * @throws not_found, workspace_missing; for a path nothing: opening the model says what is wrong with it
 */
export async function modelPath(context: CommandContext, idOrPath: string): Promise<string> {
  if (idOrPath === embeddedModelId) return embeddedModelFolder(context.resourcesFolder)
  if (!idForm.test(idOrPath)) return resolve(idOrPath)
  try {
    const path = await withEngineOr(context, null, async (engine) => engine.models.pathOf(idOrPath))
    if (path !== null) return path
  } catch (error) {
    if (!existsSync(idOrPath)) throw error
  }
  if (existsSync(idOrPath)) return resolve(idOrPath)
  throw errors.notFound({ kind: 'model', id: idOrPath })
}
