// The library of vectors: records and numbers.
// Owns: the vectors table. Not: making vectors (jobs/steering/) or what they do (inference/).
import type * as z from 'zod'
import { errors } from '../contract/errors.ts'
import { vectorRecord, vectorSummary, type VectorRecord, type VectorSummary } from '../contract/vectors.ts'
import { bytesOf, float32Of } from './blobs.ts'
import { losslessJson, readJson } from './columns.ts'
import type { Connection, Statement, Value } from './connection.ts'
import { numberOf } from './itemNumbers.ts'

export type NewVector = Omit<VectorRecord, 'id' | 'createdAt' | 'hasShuffled'>

/** [N, D] each, rows as in the record. */
export interface VectorNumbers {
  data: Float32Array
  /** Null where there were no labels to shuffle. */
  shuffled: Float32Array | null
}

interface Row {
  number: number
  name: string
  createdAt: string
  summary: string
  hasShuffled: number
}

const SELECT = `SELECT vector AS number, name, created_at AS createdAt, summary, shuffled IS NOT NULL AS hasShuffled
  FROM vectors`
const stored = vectorSummary.omit({ id: true, name: true, createdAt: true, hasShuffled: true })
const { documents: documentsOf } = vectorRecord.shape

export class Vectors {
  private readonly path: string
  private readonly now: () => Date
  private readonly insert: Statement<Value[], unknown>
  private readonly selectAll: Statement<[], Row>
  private readonly selectOne: Statement<[number], Row>
  private readonly selectDocuments: Statement<[number], { documents: string }>
  private readonly selectNumbers: Statement<[number], { data: Uint8Array; shuffled: Uint8Array | null }>
  private readonly updateName: Statement<[string, number], unknown>
  private readonly delete: Statement<[number], unknown>

  constructor(connection: Connection, now: () => Date) {
    this.path = connection.path
    this.now = now
    this.insert = connection.prepare(
      'INSERT INTO vectors (name, created_at, summary, documents, data, shuffled) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.selectAll = connection.prepare(`${SELECT} ORDER BY vector DESC`)
    this.selectOne = connection.prepare(`${SELECT} WHERE vector = ?`)
    this.selectDocuments = connection.prepare('SELECT documents FROM vectors WHERE vector = ?')
    this.selectNumbers = connection.prepare('SELECT data, shuffled FROM vectors WHERE vector = ?')
    this.updateName = connection.prepare('UPDATE vectors SET name = ? WHERE vector = ?')
    this.delete = connection.prepare('DELETE FROM vectors WHERE vector = ?')
  }

  /** With the next free number: `v1`, `v2`, … */
  create({ name, documents, ...summary }: NewVector, { data, shuffled }: VectorNumbers): VectorRecord {
    const { rows, width } = summary
    for (const numbers of [data, shuffled])
      if (numbers && numbers.length !== rows.length * width)
        throw new TypeError(`${numbers.length} numbers are not ${rows.length} rows of ${width}`)
    const { lastInsertRowid } = this.insert.run(
      name,
      this.now().toISOString(),
      losslessJson(summary, 'vector'),
      losslessJson(documents, 'documents'),
      bytesOf(data),
      shuffled && bytesOf(shuffled),
    )
    return this.get(`v${Number(lastInsertRowid)}`)
  }

  /** The newest first. */
  list(): VectorSummary[] {
    return this.selectAll.all().map((row) => this.summaryOf(row))
  }

  /** @throws not_found, workspace_damaged */
  summary(id: string): VectorSummary {
    const row = this.selectOne.get(this.numberOf(id))
    if (!row) throw errors.notFound({ kind: 'vector', id })
    return this.summaryOf(row)
  }

  /** @throws not_found, workspace_damaged */
  get(id: string): VectorRecord {
    const summary = this.summary(id)
    const { documents } = this.selectDocuments.get(this.numberOf(id))! // it was there a line before
    return { ...summary, documents: this.read(documentsOf, documents, `documents of ${id}`) }
  }

  /** @throws not_found */
  numbers(id: string): VectorNumbers {
    const row = this.selectNumbers.get(this.numberOf(id))
    if (!row) throw errors.notFound({ kind: 'vector', id })
    return { data: float32Of(row.data), shuffled: row.shuffled && float32Of(row.shuffled) }
  }

  /** @throws not_found */
  rename(id: string, name: string): VectorSummary {
    if (this.updateName.run(name, this.numberOf(id)).changes === 0)
      throw errors.notFound({ kind: 'vector', id })
    return this.summary(id)
  }

  /** @throws not_found */
  remove(id: string): void {
    if (this.delete.run(this.numberOf(id)).changes === 0) throw errors.notFound({ kind: 'vector', id })
  }

  private numberOf(id: string): number {
    return numberOf(id, 'v', 'vector')
  }

  private summaryOf({ number, name, createdAt, summary, hasShuffled }: Row): VectorSummary {
    const id = `v${number}`
    const known = this.read(stored, summary, `summary of ${id}`)
    return { id, name, createdAt, ...known, hasShuffled: hasShuffled === 1 }
  }

  private read<T>(schema: z.ZodType<T>, text: string, what: string): T {
    return readJson(schema, text, { path: this.path, column: `vectors.${what}` })
  }
}
