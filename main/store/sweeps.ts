// Sweeps: what was asked, which runs are their conditions, what was scored and judged.
// Owns: their records. Not: playing them (jobs/) or runs themselves (runs.ts).
import type * as z from 'zod'
import { errors, type ErrorReport } from '../contract/errors.ts'
import { errorReport } from '../contract/runs.ts'
import { verdictDocument, type VerdictDocument } from '../contract/steering.ts'
import { sweepMember, sweepSettings, type SweepMember, type SweepSettings } from '../contract/sweeps.ts'
import { losslessJson, readJson, runId, runNumber } from './columns.ts'
import type { Connection, Statement, Value } from './connection.ts'
import { numberOf } from './itemNumbers.ts'

/** As stored; what follows from its runs is not part of it. */
export interface StoredSweep {
  id: string
  name: string
  createdAt: string
  settings: SweepSettings
  error: ErrorReport | null
  verdict: VerdictDocument | null
}

/** What the model without interventions makes of a step's answer, and how far steering moves the first token at a decision point of its episode. */
type ScoreKind = 'perplexity' | 'decisionKl'
/** How far steering moves the first token after a prompt. */
type PromptScoreKind = 'firstTokenKl'

interface Row {
  number: number
  name: string
  createdAt: string
  settings: string
  error: string | null
  verdict: string | null
}

const SELECT = `SELECT sweep AS number, name, created_at AS createdAt, settings, error, verdict FROM sweeps`
const condition = sweepMember.omit({ sweepId: true })

export class Sweeps {
  private readonly connection: Connection
  private readonly now: () => Date
  private readonly insert: Statement<Value[], unknown>
  private readonly insertCondition: Statement<Value[], unknown>
  private readonly selectAll: Statement<[], Row>
  private readonly selectOne: Statement<[number], Row>
  private readonly selectConditions: Statement<[number], { run: number; condition: string }>
  private readonly updateCondition: Statement<[string, number], unknown>
  private readonly updateSettings: Statement<[string, number], unknown>
  private readonly updateVerdict: Statement<Value[], unknown>
  private readonly updateName: Statement<[string, number], unknown>
  private readonly insertScore: Statement<Value[], unknown>
  private readonly selectScores: Statement<
    [number],
    { episode: number; step: number; kind: ScoreKind; value: number | null }
  >
  private readonly insertPromptScore: Statement<Value[], unknown>
  private readonly selectPromptScores: Statement<
    [number, PromptScoreKind],
    { prompt: string; value: number | null }
  >
  private readonly delete: Statement<[number], unknown>

  constructor(connection: Connection, now: () => Date) {
    this.connection = connection
    this.now = now
    this.insert = connection.prepare('INSERT INTO sweeps (name, created_at, settings) VALUES (?, ?, ?)')
    this.insertCondition = connection.prepare(
      'INSERT INTO sweep_conditions (run, sweep, condition) VALUES (?, ?, ?)',
    )
    this.selectAll = connection.prepare(`${SELECT} ORDER BY sweep DESC`)
    this.selectOne = connection.prepare(`${SELECT} WHERE sweep = ?`)
    this.selectConditions = connection.prepare(
      'SELECT run, condition FROM sweep_conditions WHERE sweep = ? ORDER BY run',
    )
    this.updateSettings = connection.prepare('UPDATE sweeps SET settings = ? WHERE sweep = ?')
    this.updateVerdict = connection.prepare('UPDATE sweeps SET verdict = ?, error = ? WHERE sweep = ?')
    this.updateName = connection.prepare('UPDATE sweeps SET name = ? WHERE sweep = ?')
    this.updateCondition = connection.prepare('UPDATE sweep_conditions SET condition = ? WHERE run = ?')
    this.insertPromptScore = connection.prepare(
      'INSERT OR IGNORE INTO prompt_scores (run, prompt, kind, value) VALUES (?, ?, ?, ?)',
    )
    this.selectPromptScores = connection.prepare(
      'SELECT prompt, value FROM prompt_scores WHERE run = ? AND kind = ?',
    )
    this.insertScore = connection.prepare(
      'INSERT OR REPLACE INTO step_scores (run, episode, step, kind, value) VALUES (?, ?, ?, ?, ?)',
    )
    this.selectScores = connection.prepare(
      'SELECT episode, step, kind, value FROM step_scores WHERE run = ? ORDER BY episode, step',
    )
    this.delete = connection.prepare('DELETE FROM sweeps WHERE sweep = ?')
  }

  /** With the next free number: `s1`, `s2`, … */
  create(name: string, settings: SweepSettings): string {
    const { lastInsertRowid } = this.insert.run(
      name,
      this.now().toISOString(),
      losslessJson(settings, 'settings'),
    )
    return `s${Number(lastInsertRowid)}`
  }

  /** Runs and conditions together, or none of them. */
  atomically<T>(work: () => T): T {
    return this.connection.transaction(work)
  }

  /** @throws TypeError for one that the sweep has already */
  addCondition({ sweepId, ...rest }: SweepMember, run: string): void {
    if (this.conditions(sweepId).some(({ id }) => id === rest.id))
      throw new TypeError(`${sweepId} has “${rest.id}” already`)
    this.insertCondition.run(runNumber(run), this.numberOf(sweepId), losslessJson(rest, 'condition'))
  }

  /** Sees a condition that is there otherwise; its run stays. */
  setCondition(run: string, member: Omit<SweepMember, 'sweepId'>): void {
    this.updateCondition.run(losslessJson(member, 'condition'), runNumber(run))
  }

  /** @throws not_found */
  get(id: string): StoredSweep {
    const row = this.selectOne.get(this.numberOf(id))
    if (!row) throw errors.notFound({ kind: 'sweep', id })
    return this.sweepOf(row)
  }

  /** The newest first. */
  list(): StoredSweep[] {
    return this.selectAll.all().map((row) => this.sweepOf(row))
  }

  /** In the order in which they were added; those whose run was deleted are gone. */
  conditions(id: string): (SweepMember & { runId: string })[] {
    return this.selectConditions.all(this.numberOf(id)).map(({ run, condition: text }) => ({
      sweepId: id,
      runId: runId(run),
      ...this.read(condition, text, `condition of ${runId(run)}`),
    }))
  }

  setSettings(id: string, settings: SweepSettings): void {
    this.updateSettings.run(losslessJson(settings, 'settings'), this.numberOf(id))
  }

  /** A verdict, or why there is none. */
  conclude(id: string, verdict: VerdictDocument | null, error: ErrorReport | null): void {
    this.updateVerdict.run(
      verdict && losslessJson(verdict, 'verdict'),
      error && JSON.stringify(error), // not strictly checked: recording a failure must not fail
      this.numberOf(id),
    )
  }

  /** @throws not_found */
  rename(id: string, name: string): void {
    if (this.updateName.run(name, this.numberOf(id)).changes === 0)
      throw errors.notFound({ kind: 'sweep', id })
  }

  /** Its runs stay. @throws not_found */
  remove(id: string): void {
    if (this.delete.run(this.numberOf(id)).changes === 0) throw errors.notFound({ kind: 'sweep', id })
  }

  /** NaN and ±∞ are kept as what is no number. */
  addScore(run: string, place: { episode: number; step: number; kind: ScoreKind; value: number }): void {
    const { episode, step, kind, value } = place
    this.insertScore.run(runNumber(run), episode, step, kind, Number.isFinite(value) ? value : null)
  }

  /** NaN for what was no number. */
  scores(run: string): { episode: number; step: number; kind: ScoreKind; value: number }[] {
    return this.selectScores.all(runNumber(run)).map((row) => ({ ...row, value: row.value ?? NaN }))
  }

  /** NaN and ±∞ are kept as what is no number; a prompt that was asked before keeps its value. */
  addPromptScore(
    run: string,
    { prompt, kind, value }: { prompt: string; kind: PromptScoreKind; value: number },
  ): void {
    this.insertPromptScore.run(runNumber(run), prompt, kind, Number.isFinite(value) ? value : null)
  }

  /** By prompt; NaN for what was no number. */
  promptScores(run: string, kind: PromptScoreKind): Map<string, number> {
    const rows = this.selectPromptScores.all(runNumber(run), kind)
    return new Map(rows.map(({ prompt, value }) => [prompt, value ?? NaN]))
  }

  private numberOf(id: string): number {
    return numberOf(id, 's', 'sweep')
  }

  private sweepOf({ number, name, createdAt, settings, error, verdict }: Row): StoredSweep {
    const id = `s${number}`
    return {
      id,
      name,
      createdAt,
      settings: this.read(sweepSettings, settings, `settings of ${id}`),
      error: error === null ? null : this.read(errorReport, error, `error of ${id}`),
      verdict: verdict === null ? null : this.read(verdictDocument, verdict, `verdict of ${id}`),
    }
  }

  private read<T>(schema: z.ZodType<T>, text: string, what: string): T {
    return readJson(schema, text, { path: this.connection.path, column: `sweeps.${what}` })
  }
}
