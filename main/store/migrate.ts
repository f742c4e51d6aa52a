// Brings a database to the newest schema.
// Owns: the list of migrations and the version in the file. Not: what a migration holds (migrations/).
import { errors } from '../contract/errors.ts'
import type { Connection } from './connection.ts'
import { migration0001 } from './migrations/0001.ts'
import { migration0002 } from './migrations/0002.ts'
import { migration0003 } from './migrations/0003.ts'
import { migration0004 } from './migrations/0004.ts'
import { migration0005 } from './migrations/0005.ts'
import { migration0006 } from './migrations/0006.ts'
import { migration0007 } from './migrations/0007.ts'
import { migration0008 } from './migrations/0008.ts'
import { migration0009 } from './migrations/0009.ts'
import { migration0010 } from './migrations/0010.ts'

/** Append-only: entry i leads from schema i to schema i + 1. */
const migrations: readonly string[] = [
  migration0001,
  migration0002,
  migration0003,
  migration0004,
  migration0005,
  migration0006,
  migration0007,
  migration0008,
  migration0009,
  migration0010,
]

export const NEWEST_SCHEMA = migrations.length

/** `InVw`, SQLite's `application_id`: tells our databases from others'. */
const APPLICATION_ID = 0x496e5677

/**
 * Each migration commits on its own, so one that is cut short leaves the schema before it.
 * @throws workspace_newer, workspace_damaged for a database of another program
 */
export function migrate(connection: Connection): void {
  const version = requireOurs(connection)
  migrations.slice(version).forEach((sql, i) => {
    connection.transaction(() => {
      connection.execute(sql)
      connection.execute(
        `PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${version + i + 1}`,
      )
    })
  })
}

/** For reading, where nothing may be changed. @throws workspace_older, and what `migrate` throws */
export function requireNewest(connection: Connection): void {
  const version = requireOurs(connection)
  const { path } = connection
  if (version < NEWEST_SCHEMA) throw errors.workspaceOlder({ path, version, known: NEWEST_SCHEMA })
}

function requireOurs(connection: Connection): number {
  const { path } = connection
  const version = connection.number('user_version')
  const tables = connection.prepare<[], { n: number }>('SELECT count(*) AS n FROM sqlite_schema').get()!.n
  const isOurs = connection.number('application_id') === APPLICATION_ID || (version === 0 && tables === 0)
  if (!isOurs) throw errors.workspaceDamaged({ path, reason: 'it is the database of another program' })
  if (version > NEWEST_SCHEMA) throw errors.workspaceNewer({ path, version, known: NEWEST_SCHEMA })
  return version
}
