// What a path is, and what it holds to be imported.
// Owns: telling formats apart, the order of files, the hash that names a source. Not: reading tensors (importTasks.ts) or storing (importDesk.ts).
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { errors } from '../../contract/errors.ts'
import type { ImportFormat } from '../../contract/runs.ts'
import {
  readCollectionMetadata,
  readSteeringResults,
  readTrajectoryMetadata,
  type CollectionMetadata,
  type SteeringResults,
  type TrajectoryMetadata,
} from '../../imports/aresFolder.ts'

export type ImportSource = { path: string; hash: string } & (
  | { format: Extract<ImportFormat, 'ares-collection'>; metadata: CollectionMetadata; files: string[] }
  | { format: Extract<ImportFormat, 'ares-trajectory'>; metadata: TrajectoryMetadata; files: string[] }
  | { format: Extract<ImportFormat, 'ares-steering'>; results: SteeringResults }
)

const mostTextBytes = 256 * 2 ** 20
/** Folders up to this size are hashed byte by byte. */
const mostHashedBytes = 64 * 2 ** 20

/**
 * Looks at a folder or file.
 * @throws import_unreadable for what is not there and for what is none of the formats
 */
export async function importSource(path: string): Promise<ImportSource> {
  const found = await stat(path).catch(() => null)
  if (!found) throw errors.importUnreadable({ path, reason: 'there is nothing' })
  if (!found.isDirectory()) {
    const text = await textOf(path)
    const results = readSteeringResults(text, path)
    return { path, hash: createHash('sha256').update(text).digest('hex'), format: 'ares-steering', results }
  }
  const names = (await readdir(path)).sort()
  const matching = (pattern: RegExp): string[] =>
    names.filter((name) => pattern.test(name)).map((name) => join(path, name))
  const episodes = matching(/^episode_\d+\.pt$/)
  const steps = matching(/^step_\d+\.pt$/)
  const about = join(path, 'metadata.json')
  if (episodes.length === 0 && steps.length === 0)
    throw errors.importUnreadable({
      path,
      reason: 'it holds neither episode_0000.pt and the like nor step_0000.pt',
    })
  if (!names.includes('metadata.json'))
    throw errors.importUnreadable({ path, reason: 'metadata.json is missing' })
  const text = await textOf(about)
  const files = episodes.length > 0 ? episodes : steps
  const hash = await hashOf([about, ...files])
  return episodes.length > 0
    ? { path, hash, format: 'ares-collection', metadata: readCollectionMetadata(text, about), files }
    : { path, hash, format: 'ares-trajectory', metadata: readTrajectoryMetadata(text, about), files }
}

async function textOf(path: string): Promise<string> {
  if ((await stat(path)).size > mostTextBytes)
    throw errors.importUnreadable({ path, reason: 'it is larger than 256 MiB' })
  return readFile(path, 'utf8')
}

/** By names and bytes; by names and sizes where that would take minutes. */
async function hashOf(paths: readonly string[]): Promise<string> {
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
  const isSmall = sizes.reduce((sum, size) => sum + size, 0) <= mostHashedBytes
  const hash = createHash('sha256')
  for (const [index, path] of paths.entries()) {
    hash.update(`${basename(path)} ${sizes[index]}\n`)
    if (isSmall) hash.update(await readFile(path))
  }
  return hash.digest('hex')
}
