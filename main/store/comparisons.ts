// Comparisons of runs that were given a name.
// Owns: the comparisons table. Not: what an address says (renderer/address.ts) or comparing (jobs/compareRuns.ts).
import { errors } from '../contract/errors.ts'
import type { SavedComparison } from '../contract/comparison.ts'
import type { Connection, Statement } from './connection.ts'

export class Comparisons {
  private readonly now: () => Date
  private readonly upsert: Statement<[string, string, string], unknown>
  private readonly selectAll: Statement<[], SavedComparison>
  private readonly delete: Statement<[string], unknown>

  constructor(connection: Connection, now: () => Date) {
    this.now = now
    this.upsert = connection.prepare(
      'INSERT OR REPLACE INTO comparisons (name, saved_at, address) VALUES (?, ?, ?)',
    )
    this.selectAll = connection.prepare('SELECT name, address FROM comparisons ORDER BY saved_at DESC, name')
    this.delete = connection.prepare('DELETE FROM comparisons WHERE name = ?')
  }

  /** The newest first. */
  list(): SavedComparison[] {
    return this.selectAll.all()
  }

  /** Takes the place of one of the same name. */
  save({ name, address }: SavedComparison): void {
    this.upsert.run(name, this.now().toISOString(), address)
  }

  /** @throws not_found */
  remove(name: string): void {
    if (this.delete.run(name).changes === 0) throw errors.notFound({ kind: 'comparison', id: name })
  }
}
