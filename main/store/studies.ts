// Studies: plans and how far their stages are.
// Owns: the studies table. Not: doing a stage (jobs/studies/) or what came of it (runs.ts, probes.ts, vectors.ts, sweeps.ts).
import { errors } from '../contract/errors.ts'
import { studyRecord, type StudyRecord } from '../contract/studies.ts'
import { losslessJson, readJson, readValue, type ColumnPlace } from './columns.ts'
import type { Connection, Statement, Value } from './connection.ts'
import { numberOf } from './itemNumbers.ts'

export type NewStudy = Omit<StudyRecord, 'id' | 'createdAt'>

interface Row {
  number: number
  name: string
  createdAt: string
  status: string
  plan: string
  switches: string
  stages: string
}

const SELECT = `SELECT study AS number, name, created_at AS createdAt, status, plan, switches, stages FROM studies`
const { status: statusOf, plan: planOf, switches: switchesOf, stages: stagesOf } = studyRecord.shape

export class Studies {
  private readonly path: string
  private readonly now: () => Date
  /** Read beside no writer: what still says `running` belongs to a dead process. */
  private readonly isOrphaned: boolean
  private readonly insert: Statement<Value[], unknown>
  private readonly selectAll: Statement<[], Row>
  private readonly selectOne: Statement<[number], Row>
  private readonly update: Statement<Value[], unknown>
  private readonly interrupt: Statement<[], unknown>
  private readonly delete: Statement<[number], unknown>

  constructor(connection: Connection, { now, isOrphaned }: { now: () => Date; isOrphaned: boolean }) {
    this.path = connection.path
    this.now = now
    this.isOrphaned = isOrphaned
    this.insert = connection.prepare(
      'INSERT INTO studies (name, created_at, status, plan, switches, stages) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.selectAll = connection.prepare(`${SELECT} ORDER BY study DESC`)
    this.selectOne = connection.prepare(`${SELECT} WHERE study = ?`)
    this.update = connection.prepare('UPDATE studies SET name = ?, status = ?, stages = ? WHERE study = ?')
    this.interrupt = connection.prepare(`UPDATE studies SET status = 'interrupted' WHERE status = 'running'`)
    this.delete = connection.prepare('DELETE FROM studies WHERE study = ?')
  }

  /** With the next free number: `y1`, `y2`, … */
  create({ name, status, plan, switches, stages }: NewStudy): StudyRecord {
    const { lastInsertRowid } = this.insert.run(
      name,
      this.now().toISOString(),
      status,
      losslessJson(plan, 'plan'),
      losslessJson(switches, 'switches'),
      losslessJson(stages, 'stages'),
    )
    return this.get(`y${Number(lastInsertRowid)}`)
  }

  /** The newest first. */
  list(): StudyRecord[] {
    return this.selectAll.all().map((row) => this.recordOf(row))
  }

  /** @throws not_found, workspace_damaged */
  get(id: string): StudyRecord {
    const row = this.selectOne.get(this.numberOf(id))
    if (!row) throw errors.notFound({ kind: 'study', id })
    return this.recordOf(row)
  }

  /** Name, status and stages; plan and switches stay as they were. @throws not_found */
  put({ id, name, status, stages }: StudyRecord): StudyRecord {
    const { changes } = this.update.run(name, status, losslessJson(stages, 'stages'), this.numberOf(id))
    if (changes === 0) throw errors.notFound({ kind: 'study', id })
    return this.get(id)
  }

  /** What came of its stages stays. @throws not_found */
  remove(id: string): void {
    if (this.delete.run(this.numberOf(id)).changes === 0) throw errors.notFound({ kind: 'study', id })
  }

  /** What a dead process left running is interrupted; the workspace does this when it opens. */
  interruptRunning(): void {
    this.interrupt.run()
  }

  private numberOf(id: string): number {
    return numberOf(id, 'y', 'study')
  }

  private recordOf({ number, name, createdAt, ...row }: Row): StudyRecord {
    const id = `y${number}`
    const place = (column: string): ColumnPlace => ({ path: this.path, column: `studies.${column} of ${id}` })
    const status = readValue(statusOf, row.status, place('status'))
    return {
      id,
      name,
      createdAt,
      status: this.isOrphaned && status === 'running' ? 'interrupted' : status,
      plan: readJson(planOf, row.plan, place('plan')),
      switches: readJson(switchesOf, row.switches, place('switches')),
      stages: readJson(stagesOf, row.stages, place('stages')),
    }
  }
}
