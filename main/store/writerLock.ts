// One writer a workspace: a lock that the operating system releases when its process dies, however it dies.
// Owns: taking, asking for and releasing it. Not: what it protects.
// Method: an EXCLUSIVE transaction, never committed, on a second empty SQLite file; the same on all systems.
import Database from 'better-sqlite3'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { errors } from '../contract/errors.ts'
import { requireRuntime } from './runtime.ts'
import { codeOf } from '../contract/faultCode.ts'
import { storeError } from './storeErrors.ts'

/** A process that was just killed may hold its lock a moment longer. */
const PATIENCE_MS = 1000

const pathOf = (folder: string): string => join(folder, 'innerview.lock')

export class WriterLock {
  private readonly database: Database.Database

  private constructor(database: Database.Database) {
    this.database = database
  }

  /** @throws workspace_locked when another process (or this one) holds it, workspace_unwritable */
  static take(folder: string): WriterLock {
    requireRuntime()
    let database: Database.Database | undefined
    try {
      database = new Database(pathOf(folder), { timeout: PATIENCE_MS })
      database.exec('BEGIN EXCLUSIVE')
      return new WriterLock(database)
    } catch (error) {
      database?.close()
      if (codeOf(error).startsWith('SQLITE_BUSY')) throw errors.workspaceLocked({ path: folder }, error)
      throw storeError(error, folder)
    }
  }

  /** Whether some process has the workspace open for writing. */
  static isHeld(folder: string): boolean {
    requireRuntime()
    // Never open this file by other means in this process: closing it would drop the lock on POSIX systems.
    if (!existsSync(pathOf(folder))) return false
    const database = new Database(pathOf(folder), { readonly: true, timeout: 0 })
    try {
      database.prepare('SELECT count(*) FROM sqlite_schema').get()
      return false
    } catch (error) {
      if (codeOf(error).startsWith('SQLITE_BUSY')) return true
      throw storeError(error, folder)
    } finally {
      database.close()
    }
  }

  release(): void {
    this.database.close()
  }
}
