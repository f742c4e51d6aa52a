// Runs: what was asked for, what it rests on, how far it is.
// Owns: their records, numbers, status and times. Not: deciding which status may follow which (jobs/).
import type * as z from 'zod'
import { errors, type ErrorReport } from '../contract/errors.ts'
import {
  collectSettings,
  errorReport,
  runManifest,
  runRecord,
  runStatus,
  type CollectSettings,
  type RunManifest,
  type RunRecord,
  type RunStatus,
} from '../contract/runs.ts'
import type { ActivationShards } from './activationShards.ts'
import { losslessJson, readJson, readValue, requireFinite, runId, runNumber } from './columns.ts'
import type { Connection, Statement, Value } from './connection.ts'
import type { InterventionTotals } from './interventionTotals.ts'
import type { StepTotals } from './stepTotals.ts'

export interface NewRun {
  kind: RunRecord['kind']
  name: string
  settings: CollectSettings
  manifest: RunManifest
}

interface Row {
  run: number
  kind: string
  name: string
  status: string
  createdAt: string
  startedAt: string | null
  endedAt: string | null
  seconds: number
  error: string | null
  settings: string
  manifest: string
  sweep: number | null
  condition: string | null
}

const SELECT = `SELECT run, kind, name, status, created_at AS createdAt, started_at AS startedAt,
  ended_at AS endedAt, seconds, error, settings, manifest, sweep, condition ->> '$.title' AS condition
  FROM runs LEFT JOIN sweep_conditions USING (run)`

const ENDED: readonly RunStatus[] = ['cancelled', 'failed', 'done']
const ALIVE: readonly RunStatus[] = ['queued', 'running']

export class Runs {
  private readonly path: string
  private readonly totals: StepTotals
  private readonly interventions: InterventionTotals
  private readonly shards: ActivationShards
  private readonly now: () => Date
  /** Read beside no writer: what still says `running` belongs to a dead process. */
  private readonly isOrphaned: boolean
  private readonly insert: Statement<Value[], unknown>
  private readonly selectAll: Statement<[], Row>
  private readonly selectOne: Statement<[number], Row>
  private readonly updateStatus: Statement<Value[], unknown>
  private readonly updateSeconds: Statement<[number, number], unknown>
  private readonly updateName: Statement<[string, number], unknown>
  private readonly interrupt: Statement<[], unknown>
  private readonly delete: Statement<[number], unknown>

  constructor(
    connection: Connection,
    parts: {
      totals: StepTotals
      interventions: InterventionTotals
      shards: ActivationShards
      now: () => Date
      isOrphaned: boolean
    },
  ) {
    this.path = connection.path
    this.totals = parts.totals
    this.interventions = parts.interventions
    this.shards = parts.shards
    this.now = parts.now
    this.isOrphaned = parts.isOrphaned
    this.insert = connection.prepare(
      'INSERT INTO runs (kind, name, status, created_at, settings, manifest) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.selectAll = connection.prepare(`${SELECT} ORDER BY run DESC`)
    this.selectOne = connection.prepare(`${SELECT} WHERE run = ?`)
    this.updateStatus = connection.prepare(
      'UPDATE runs SET status = ?, started_at = coalesce(started_at, ?), ended_at = ?, error = ? WHERE run = ?',
    )
    this.updateSeconds = connection.prepare('UPDATE runs SET seconds = seconds + ? WHERE run = ?')
    this.updateName = connection.prepare('UPDATE runs SET name = ? WHERE run = ?')
    this.interrupt = connection.prepare(
      `UPDATE runs SET status = 'interrupted' WHERE status IN ('running', 'queued')`,
    )
    this.delete = connection.prepare('DELETE FROM runs WHERE run = ?')
  }

  /** A queued run with the next free number: `r1`, `r2`, … */
  create({ kind, name, settings, manifest }: NewRun): RunRecord {
    const texts = [losslessJson(settings, 'settings'), losslessJson(manifest, 'manifest')]
    const { lastInsertRowid } = this.insert.run(kind, name, 'queued', this.timestamp(), ...texts)
    return this.get(runId(Number(lastInsertRowid)))
  }

  /** @throws not_found */
  get(id: string): RunRecord {
    const row = this.selectOne.get(runNumber(id))
    if (!row) throw errors.notFound({ kind: 'run', id })
    return this.recordOf(row)
  }

  /** The newest first. */
  list(): RunRecord[] {
    return this.selectAll.all().map((row) => this.recordOf(row))
  }

  /**
   * Sets status, times and error (none where it is not given). A run that rests also gets its activation file sealed.
   * @throws not_found
   */
  setStatus(id: string, status: RunStatus, { error = null }: { error?: ErrorReport | null } = {}): RunRecord {
    const run = runNumber(id)
    if (!ALIVE.includes(status)) this.shards.seal(run)
    const time = this.timestamp()
    const report = error && JSON.stringify(error) // not strictly checked: recording a failure must not fail
    const [started, ended] = [status === 'running' ? time : null, ENDED.includes(status) ? time : null]
    this.requireChange(id, this.updateStatus.run(status, started, ended, report, run))
    return this.get(id)
  }

  /** Adds to the seconds of work of all sittings. @throws not_found */
  addSeconds(id: string, seconds: number): void {
    requireFinite(seconds, 'seconds')
    this.requireChange(id, this.updateSeconds.run(seconds, runNumber(id)))
  }

  /** @throws not_found */
  rename(id: string, name: string): RunRecord {
    this.requireChange(id, this.updateName.run(name, runNumber(id)))
    return this.get(id)
  }

  /** With its episodes, steps and activation files. @throws not_found */
  remove(id: string): void {
    const run = runNumber(id)
    this.requireChange(id, this.delete.run(run))
    this.shards.remove(run)
  }

  /** What a dead process left running or waiting is interrupted; the workspace does this when it opens. */
  interruptRunning(): void {
    this.interrupt.run()
  }

  private recordOf(row: Row): RunRecord {
    const id = runId(row.run)
    const read = <T>(schema: z.ZodType<T>, column: 'settings' | 'manifest' | 'error'): T =>
      readJson(schema, row[column] ?? 'null', this.place(id, column))
    const settings = read(collectSettings, 'settings')
    const status = readValue(runStatus, row.status, this.place(id, 'status'))
    return {
      id,
      kind: readValue(runRecord.shape.kind, row.kind, this.place(id, 'kind')),
      name: row.name,
      status: this.isOrphaned && ALIVE.includes(status) ? 'interrupted' : status,
      createdAt: row.createdAt,
      startedAt: row.startedAt,
      endedAt: row.endedAt,
      settings,
      manifest: read(runManifest, 'manifest'),
      progress: {
        ...this.totals.progress(row.run, settings, row.seconds),
        interventions: this.interventions.of(row.run),
      },
      error: read(errorReport.nullable(), 'error'),
      ...(row.sweep !== null && { sweep: { id: `s${row.sweep}`, title: row.condition ?? '' } }),
    }
  }

  private place(id: string, column: string): { path: string; column: string } {
    return { path: this.path, column: `runs.${column} of ${id}` }
  }

  private requireChange(id: string, { changes }: { changes: number }): void {
    if (changes === 0) throw errors.notFound({ kind: 'run', id })
  }

  private timestamp(): string {
    return this.now().toISOString()
  }
}
