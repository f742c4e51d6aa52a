// From what SQLite and the file system report to what a user can act on.
// Owns: which code means which entry of the catalogue. Not: where it is caught (connection.ts, shardFile.ts).
import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { errors } from '../contract/errors.ts'
import { codeOf, fullDiskCodes, unwritableCodes } from '../contract/faultCode.ts'

/** Below this a failed write is put down to the disk. */
const NO_SPACE_BYTES = 256 * 1024

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Translates a failure while `path` was used; what is not the disk's or the database's fault comes back unchanged. */
export function storeError(error: unknown, path: string): unknown {
  const code = codeOf(error)
  if (fullDiskCodes.includes(code) || code.startsWith('SQLITE_FULL')) return errors.diskFull({ path }, error)
  // SQLite reports a full disk as a plain failed write where it grows its shared index.
  if (/^(SQLITE_IOERR|EIO)/.test(code)) {
    if (isDiskFull(path)) return errors.diskFull({ path }, error)
    return errors.workspaceUnwritable({ path, reason: reasonOf(error) }, error)
  }
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code))
    return errors.workspaceDamaged({ path, reason: reasonOf(error) }, error)
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return errors.workspaceLocked({ path }, error)
  if (unwritableCodes.includes(code) || /^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)/.test(code))
    return errors.workspaceUnwritable({ path, reason: reasonOf(error) }, error)
  return error
}

function isDiskFull(path: string): boolean {
  let folder = path
  while (!existsSync(folder) && dirname(folder) !== folder) folder = dirname(folder)
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize < NO_SPACE_BYTES
}

/** Runs `work` and translates what it throws. */
export function translating<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw storeError(error, path)
  }
}
