// The models a workspace knows.
// Owns: their records. Not: the weights, which stay where they are.
import { errors } from '../contract/errors.ts'
import { modelRecord, type ModelRecord } from '../contract/models.ts'
import { losslessJson, readJson } from './columns.ts'
import type { Connection, Statement } from './connection.ts'

interface Row {
  id: string
  record: string
}

export class Models {
  private readonly path: string
  private readonly selectAll: Statement<[], Row>
  private readonly selectOne: Statement<[string], Row>
  private readonly upsert: Statement<[string, string, string], unknown>
  private readonly delete: Statement<[string], unknown>

  constructor(connection: Connection) {
    this.path = connection.path
    this.selectAll = connection.prepare('SELECT id, record FROM models ORDER BY added_at, id')
    this.selectOne = connection.prepare('SELECT id, record FROM models WHERE id = ?')
    this.upsert = connection.prepare('INSERT OR REPLACE INTO models (id, added_at, record) VALUES (?, ?, ?)')
    this.delete = connection.prepare('DELETE FROM models WHERE id = ?')
  }

  /** In the order they were added. */
  list(): ModelRecord[] {
    return this.selectAll.all().map((row) => this.recordOf(row))
  }

  /** @throws not_found */
  get(id: string): ModelRecord {
    const row = this.selectOne.get(id)
    if (!row) throw errors.notFound({ kind: 'model', id })
    return this.recordOf(row)
  }

  /** Adds a model, or replaces the one of that id. */
  put(record: ModelRecord): void {
    this.upsert.run(record.id, record.addedAt, losslessJson(record, 'model record'))
  }

  /** Runs made with it keep their manifest. @throws not_found */
  remove(id: string): void {
    if (this.delete.run(id).changes === 0) throw errors.notFound({ kind: 'model', id })
  }

  private recordOf({ id, record }: Row): ModelRecord {
    return readJson(modelRecord, record, { path: this.path, column: `models.record of ${id}` })
  }
}
