// Probes: what was asked, how far it is, what was found.
// Owns: their records, cells of sweeps as they are done, documents. Not: training (jobs/probes/) or progress, which no one stores.
import type * as z from 'zod'
import { dataSetRecipe, dataSetRecord, type DataSetRecord } from '../contract/dataSets.ts'
import { errors, type ErrorReport } from '../contract/errors.ts'
import {
  probeCell,
  probeDocument,
  probeSettings,
  type ProbeCell,
  type ProbeDocument,
  type ProbeSettings,
} from '../contract/probes.ts'
import { probeStatus, probeSummary, type ProbeStatus, type ProbeSummary } from '../contract/storedProbes.ts'
import { errorReport } from '../contract/runs.ts'
import { losslessJson, readJson, readValue } from './columns.ts'
import type { Connection, Statement, Value } from './connection.ts'
import { numberOf } from './itemNumbers.ts'

export interface NewProbe {
  name: string
  settings: ProbeSettings
  /** Recipe and models of the data set: a probe is used where its data set is gone. */
  recipe: DataSetRecord['recipe']
  models: DataSetRecord['models']
}

/** What a probe reads. */
export type ProbeOrigin = Pick<NewProbe, 'recipe' | 'models'>

interface Row {
  number: number
  name: string
  createdAt: string
  status: string
  settings: string
  summary: string | null
  error: string | null
}

const SELECT = `SELECT probe AS number, name, created_at AS createdAt, status, settings, summary, error FROM probes`

/** Of the document, for lists. */
const found = probeSummary.pick({ layer: true, pooling: true, auroc: true, advantage: true, warnings: true })
const nothingFound = { layer: null, pooling: null, auroc: null, advantage: null, warnings: 0 }

export class Probes {
  private readonly connection: Connection
  private readonly now: () => Date
  /** Read beside no writer: what still says `running` belongs to a dead process. */
  private readonly isOrphaned: boolean
  private readonly insert: Statement<Value[], unknown>
  private readonly selectAll: Statement<[], Row>
  private readonly selectOne: Statement<[number], Row>
  private readonly selectDocument: Statement<[number], { document: string | null }>
  private readonly selectOrigin: Statement<[number], { recipe: string; models: string }>
  private readonly updateStatus: Statement<Value[], unknown>
  private readonly updateDocument: Statement<Value[], unknown>
  private readonly updateName: Statement<[string, number], unknown>
  private readonly insertCell: Statement<Value[], unknown>
  private readonly selectCells: Statement<[number], { cell: string }>
  private readonly deleteCells: Statement<[number], unknown>
  private readonly interrupt: Statement<[], unknown>
  private readonly delete: Statement<[number], unknown>

  constructor(connection: Connection, { now, isOrphaned }: { now: () => Date; isOrphaned: boolean }) {
    this.connection = connection
    this.now = now
    this.isOrphaned = isOrphaned
    this.insert = connection.prepare(
      'INSERT INTO probes (name, created_at, status, settings, recipe, models) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.selectAll = connection.prepare(`${SELECT} ORDER BY probe DESC`)
    this.selectOne = connection.prepare(`${SELECT} WHERE probe = ?`)
    this.selectDocument = connection.prepare('SELECT document FROM probes WHERE probe = ?')
    this.selectOrigin = connection.prepare('SELECT recipe, models FROM probes WHERE probe = ?')
    this.updateStatus = connection.prepare('UPDATE probes SET status = ?, error = ? WHERE probe = ?')
    this.updateDocument = connection.prepare(
      `UPDATE probes SET status = 'done', error = NULL, summary = ?, document = ? WHERE probe = ?`,
    )
    this.updateName = connection.prepare('UPDATE probes SET name = ? WHERE probe = ?')
    this.insertCell = connection.prepare(
      'INSERT OR REPLACE INTO probe_cells (probe, layer, pooling, cell) VALUES (?, ?, ?, ?)',
    )
    this.selectCells = connection.prepare(
      'SELECT cell FROM probe_cells WHERE probe = ? ORDER BY layer, pooling',
    )
    this.deleteCells = connection.prepare('DELETE FROM probe_cells WHERE probe = ?')
    this.interrupt = connection.prepare(
      `UPDATE probes SET status = 'interrupted' WHERE status IN ('queued', 'running')`,
    )
    this.delete = connection.prepare('DELETE FROM probes WHERE probe = ?')
  }

  /** A queued probe with the next free number. */
  create({ name, settings, recipe, models }: NewProbe): ProbeSummary {
    const texts = [settings, recipe, models].map((value) => losslessJson(value, 'probe'))
    const { lastInsertRowid } = this.insert.run(name, this.now().toISOString(), 'queued', ...texts)
    return this.get(`p${Number(lastInsertRowid)}`)
  }

  /** @throws not_found */
  get(id: string): ProbeSummary {
    const row = this.selectOne.get(this.numberOf(id))
    if (!row) throw errors.notFound({ kind: 'probe', id })
    return this.summaryOf(row)
  }

  /** The newest first. */
  list(): ProbeSummary[] {
    return this.selectAll.all().map((row) => this.summaryOf(row))
  }

  /** Null until the probe is done. @throws not_found, workspace_damaged */
  document(id: string): ProbeDocument | null {
    const row = this.selectDocument.get(this.numberOf(id))
    if (!row) throw errors.notFound({ kind: 'probe', id })
    return row.document === null ? null : readJson(probeDocument, row.document, this.place(id, 'document'))
  }

  /** @throws not_found, workspace_damaged */
  origin(id: string): ProbeOrigin {
    const row = this.selectOrigin.get(this.numberOf(id))
    if (!row) throw errors.notFound({ kind: 'probe', id })
    return {
      recipe: readJson(dataSetRecipe, row.recipe, this.place(id, 'recipe')),
      models: readJson(dataSetRecord.shape.models, row.models, this.place(id, 'models')),
    }
  }

  /** @throws not_found */
  setStatus(id: string, status: ProbeStatus, error: ErrorReport | null = null): ProbeSummary {
    const report = error && JSON.stringify(error) // not strictly checked: recording a failure must not fail
    this.requireChange(id, this.updateStatus.run(status, report, this.numberOf(id)))
    return this.get(id)
  }

  /** The end of a training: the document with its summary, in one commit. @throws not_found */
  conclude(id: string, document: ProbeDocument): ProbeSummary {
    const { layer, pooling: pooled, figures, headline, warnings } = document
    const summary = {
      layer,
      pooling: pooled,
      auroc: figures.auroc,
      advantage: headline.advantage,
      warnings: warnings.length,
    }
    const number = this.numberOf(id)
    const texts = [losslessJson(summary, 'summary'), losslessJson(document, 'document')]
    this.connection.transaction(() => {
      this.requireChange(id, this.updateDocument.run(...texts, number))
      this.deleteCells.run(number) // the document holds them now
    })
    return this.get(id)
  }

  /** A cell of a sweep that is done; durable when this returns. */
  addCell(id: string, cell: ProbeCell): void {
    this.insertCell.run(this.numberOf(id), cell.layer, cell.pooling, losslessJson(cell, 'cell'))
  }

  /** Cells that an unfinished sweep has done. */
  cells(id: string): ProbeCell[] {
    const number = this.numberOf(id)
    return this.selectCells.all(number).map(({ cell }) => readJson(probeCell, cell, this.place(id, 'cell')))
  }

  /** @throws not_found */
  rename(id: string, name: string): ProbeSummary {
    this.requireChange(id, this.updateName.run(name, this.numberOf(id)))
    return this.get(id)
  }

  /** @throws not_found */
  remove(id: string): void {
    this.requireChange(id, this.delete.run(this.numberOf(id)))
  }

  /** What a dead process left is interrupted; the workspace does this when it opens. */
  interruptRunning(): void {
    this.interrupt.run()
  }

  private numberOf(id: string): number {
    return numberOf(id, 'p', 'probe')
  }

  private summaryOf(row: Row): ProbeSummary {
    const id = `p${row.number}`
    const read = <T>(schema: z.ZodType<T>, column: 'settings' | 'summary' | 'error'): T =>
      readJson(schema, row[column] ?? 'null', this.place(id, column))
    const status = readValue(probeStatus, row.status, this.place(id, 'status'))
    const settings = read(probeSettings, 'settings')
    return {
      id,
      name: row.name,
      dataSetId: settings.dataSetId,
      createdAt: row.createdAt,
      status: this.isOrphaned && (status === 'running' || status === 'queued') ? 'interrupted' : status,
      progress: null,
      settings,
      ...(read(found.nullable(), 'summary') ?? nothingFound),
      error: read(errorReport.nullable(), 'error'),
    }
  }

  private place(id: string, column: string): { path: string; column: string } {
    return { path: this.connection.path, column: `probes.${column} of ${id}` }
  }

  private requireChange(id: string, { changes }: { changes: number }): void {
    if (changes === 0) throw errors.notFound({ kind: 'probe', id })
  }
}
