// The model that ships with the app, and how a workspace comes to know it.
// Owns: its id, where it lies, its card. Not: how it was made (scripts/organism/), nor other models (modelLibrary.ts).
// Its place changes with the program's (a newer version, a portable one), so a stored record is never trusted to be right.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { ModelRecord } from '../contract/models.ts'
import { readModelRecord } from '../model/readModelRecord.ts'

/** What `--model` takes for it, in any workspace. */
export const embeddedModelId = 'embedded'

export const embeddedModelFolder = (resourcesFolder: string): string => join(resourcesFolder, 'embeddedModel')

/**
 * Its record as of now, with the sentences of its card as notes.
 * @param known  the workspace's record of it, if there is one
 * @returns `known` itself where nothing has changed
 */
export async function readEmbeddedModel(folder: string, known?: ModelRecord): Promise<ModelRecord> {
  const described = await readModelRecord(folder)
  const card = await readFile(join(folder, 'card.txt'), 'utf8')
  const record = {
    ...described,
    id: embeddedModelId,
    name: 'Embedded',
    notes: [...card.trim().split('\n'), ...described.notes],
    addedAt: known?.addedAt ?? new Date().toISOString(),
    check: known?.check ?? null,
    otherChecks: known?.otherChecks ?? [],
  }
  return known && isDeepStrictEqual(known, record) ? known : record
}
