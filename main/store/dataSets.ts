// Data sets: which steps with which labels, and what they were made from.
// Owns: their records and rows. Not: gathering them (jobs/dataSets/) or activations, which stay with their runs.
import type * as z from 'zod'
import { dataSetRecipe, dataSetRecord, type DataSetRecord, type StepKey } from '../contract/dataSets.ts'
import { errors } from '../contract/errors.ts'
import { losslessJson, readJson, runId, runNumber } from './columns.ts'
import type { Connection, Statement, Value } from './connection.ts'
import { numberOf } from './itemNumbers.ts'

/** What is not in columns of its own; `missingRuns` follows from the runs that are there. */
const summary = dataSetRecord.omit({ id: true, name: true, createdAt: true, recipe: true, missingRuns: true })

export type NewDataSet = Omit<DataSetRecord, 'id' | 'createdAt' | 'missingRuns'>

/** N rows; labels are indices of classes. */
export interface DataSetRows {
  keys: StepKey[]
  labels: Int32Array
  /** Of each row the classes of its episode's earlier steps, in their order; null in a data set of schema 5 or before. */
  earlierLabels: number[][] | null
}

interface Row {
  number: number
  name: string
  createdAt: string
  recipe: string
  summary: string
}

const SELECT = 'SELECT data_set AS number, name, created_at AS createdAt, recipe, summary FROM data_sets'

export class DataSets {
  private readonly connection: Connection
  private readonly now: () => Date
  private readonly insert: Statement<Value[], unknown>
  private readonly insertRow: Statement<Value[], unknown>
  private readonly selectAll: Statement<[], Row>
  private readonly selectOne: Statement<[number], Row>
  private readonly selectRows: Statement<
    [number],
    { run: number; episode: number; step: number; label: number; earlier: Uint8Array | null }
  >
  private readonly selectSteps: Statement<[number, number, number], { step: number }>
  private readonly selectRuns: Statement<[], { run: number }>
  private readonly updateName: Statement<[string, number], unknown>
  private readonly delete: Statement<[number], unknown>

  constructor(connection: Connection, now: () => Date) {
    this.connection = connection
    this.now = now
    this.insert = connection.prepare(
      'INSERT INTO data_sets (name, created_at, recipe, summary) VALUES (?, ?, ?, ?)',
    )
    this.insertRow = connection.prepare(
      'INSERT INTO data_set_rows (data_set, row, run, episode, step, label, earlier) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    this.selectAll = connection.prepare(`${SELECT} ORDER BY data_set DESC`)
    this.selectOne = connection.prepare(`${SELECT} WHERE data_set = ?`)
    this.selectRows = connection.prepare(
      'SELECT run, episode, step, label, earlier FROM data_set_rows WHERE data_set = ? ORDER BY row',
    )
    this.selectSteps = connection.prepare(
      'SELECT step FROM data_set_rows WHERE data_set = ? AND run = ? AND episode = ? ORDER BY step',
    )
    this.selectRuns = connection.prepare('SELECT run FROM runs')
    this.updateName = connection.prepare('UPDATE data_sets SET name = ? WHERE data_set = ?')
    this.delete = connection.prepare('DELETE FROM data_sets WHERE data_set = ?')
  }

  /** Stores a data set with all of its rows, or nothing. */
  create({ name, recipe, ...rest }: NewDataSet, { keys, labels, earlierLabels }: DataSetRows): DataSetRecord {
    const texts = [losslessJson(recipe, 'recipe'), losslessJson(rest, 'data set')]
    const number = this.connection.transaction(() => {
      const { lastInsertRowid } = this.insert.run(name, this.now().toISOString(), ...texts)
      keys.forEach(({ runId: id, episode, step }, row) => {
        const earlier = earlierLabels && Uint8Array.from(earlierLabels[row])
        this.insertRow.run(lastInsertRowid, row, runNumber(id), episode, step, labels[row], earlier)
      })
      return Number(lastInsertRowid)
    })
    return this.get(`d${number}`)
  }

  /** @throws not_found */
  get(id: string): DataSetRecord {
    const row = this.selectOne.get(this.numberOf(id))
    if (!row) throw errors.notFound({ kind: 'dataset', id })
    return this.recordOf(row, this.runs())
  }

  /** The newest first. */
  list(): DataSetRecord[] {
    const runs = this.runs()
    return this.selectAll.all().map((row) => this.recordOf(row, runs))
  }

  rows(id: string): DataSetRows {
    const rows = this.selectRows.all(this.numberOf(id))
    return {
      keys: rows.map(({ run, episode, step }) => ({ runId: runId(run), episode, step })),
      labels: Int32Array.from(rows, ({ label }) => label),
      earlierLabels: rows.some(({ earlier }) => earlier === null)
        ? null
        : rows.map(({ earlier }) => [...earlier!]),
    }
  }

  /** Steps of an episode that are rows; null where the data set was removed. */
  stepsOf(id: string, { runId: run, episode }: Omit<StepKey, 'step'>): number[] | null {
    const number = this.numberOf(id)
    if (!this.selectOne.get(number)) return null
    return this.selectSteps.all(number, runNumber(run), episode).map(({ step }) => step)
  }

  /** @throws not_found */
  rename(id: string, name: string): DataSetRecord {
    if (this.updateName.run(name, this.numberOf(id)).changes === 0)
      throw errors.notFound({ kind: 'dataset', id })
    return this.get(id)
  }

  /** Probes keep what they learnt. @throws not_found */
  remove(id: string): void {
    if (this.delete.run(this.numberOf(id)).changes === 0) throw errors.notFound({ kind: 'dataset', id })
  }

  private numberOf(id: string): number {
    return numberOf(id, 'd', 'dataset')
  }

  private runs(): Set<string> {
    return new Set(this.selectRuns.all().map(({ run }) => runId(run)))
  }

  private recordOf(row: Row, runs: ReadonlySet<string>): DataSetRecord {
    const id = `d${row.number}`
    const read = <T>(schema: z.ZodType<T>, column: 'recipe' | 'summary'): T =>
      readJson(schema, row[column], { path: this.connection.path, column: `data_sets.${column} of ${id}` })
    const recipe = read(dataSetRecipe, 'recipe')
    return {
      id,
      name: row.name,
      createdAt: row.createdAt,
      recipe,
      ...read(summary, 'summary'),
      missingRuns: recipe.runIds.filter((run) => !runs.has(run)),
    }
  }
}
