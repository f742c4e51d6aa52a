// Searches for a direction, so that one that was cut short, or is given more time, goes on.
// Owns: their states by name. Not: what a state is for (jobs/steering/).
import type * as z from 'zod'
import { losslessJson, readJson } from './columns.ts'
import type { Connection, Statement } from './connection.ts'

export class Searches {
  private readonly path: string
  private readonly upsert: Statement<[string, string], unknown>
  private readonly select: Statement<[string], { state: string }>

  constructor(connection: Connection) {
    this.path = connection.path
    this.upsert = connection.prepare('INSERT OR REPLACE INTO searches (search, state) VALUES (?, ?)')
    this.select = connection.prepare('SELECT state FROM searches WHERE search = ?')
  }

  /** Null where none is kept by that name. @throws workspace_damaged */
  get<T>(name: string, schema: z.ZodType<T>): T | null {
    const row = this.select.get(name)
    return row ? readJson(schema, row.state, { path: this.path, column: `searches.state of ${name}` }) : null
  }

  put(name: string, state: object): void {
    this.upsert.run(name, losslessJson(state, 'search'))
  }
}
