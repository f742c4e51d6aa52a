// The models a workspace knows.
// Owns: their records. Not: the weights, which stay where they are.
import { errors } from '../contract/errors.ts'
import { modelCheck, modelRecord, type ModelRecord } from '../contract/models.ts'
import { losslessJson, readJson } from './columns.ts'
import type { Connection, Statement } from './connection.ts'

interface Row {
  id: string
  record: string
  last_check: string | null
  other_checks: string
}

/** Without its checks, which have columns of their own. */
const storedRecord = modelRecord.omit({ check: true, otherChecks: true })
const { otherChecks: checkList } = modelRecord.shape
const COLUMNS = 'id, record, last_check, other_checks'

export class Models {
  private readonly path: string
  private readonly selectAll: Statement<[], Row>
  private readonly selectOne: Statement<[string], Row>
  private readonly upsert: Statement<[string, string, string, string | null, string], unknown>
  private readonly delete: Statement<[string], unknown>

  constructor(connection: Connection) {
    this.path = connection.path
    this.selectAll = connection.prepare(`SELECT ${COLUMNS} FROM models ORDER BY added_at, id`)
    this.selectOne = connection.prepare(`SELECT ${COLUMNS} FROM models WHERE id = ?`)
    this.upsert = connection.prepare(
      'INSERT OR REPLACE INTO models (id, added_at, record, last_check, other_checks) VALUES (?, ?, ?, ?, ?)',
    )
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
  put({ check, otherChecks, ...record }: ModelRecord): void {
    const json = losslessJson(record, 'model record')
    const checks = [
      check && losslessJson(check, 'model check'),
      losslessJson(otherChecks, 'model checks'),
    ] as const
    this.upsert.run(record.id, record.addedAt, json, ...checks)
  }

  /** Runs made with it keep their manifest. @throws not_found */
  remove(id: string): void {
    if (this.delete.run(id).changes === 0) throw errors.notFound({ kind: 'model', id })
  }

  private recordOf({ id, record, last_check: check, other_checks: others }: Row): ModelRecord {
    const place = (column: string) => ({ path: this.path, column: `models.${column} of ${id}` })
    return {
      ...readJson(storedRecord, record, place('record')),
      check: check === null ? null : readJson(modelCheck, check, place('last_check')),
      otherChecks: readJson(checkList, others, place('other_checks')),
    }
  }
}
