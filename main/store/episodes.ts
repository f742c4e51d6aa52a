// Episodes: begun, listed, counted. Their sums grow with each step, so no list reads steps.
// Owns: the episode table, its filters and orders. Not: steps (steps.ts).
import { errors } from '../contract/errors.ts'
import {
  collectSettings,
  episodeOutcome,
  type EpisodeOutcome,
  type EpisodePage,
  type EpisodeQuery,
  type EpisodeSummary,
  type StepRecord,
  type StepStatistics,
} from '../contract/runs.ts'
import { losslessJson, readJson, readValue, runId, runNumber } from './columns.ts'
import type { Connection, Statement, Value } from './connection.ts'
import type { StepTotals } from './stepTotals.ts'

/** Plain JSON of an environment. */
export type StoredState = { readonly [key: string]: unknown }

export interface NewEpisode {
  episode: number
  task: string
  /** Before the first step. */
  state: StoredState
}

interface Row extends Omit<EpisodeSummary, 'runId' | 'outcome'> {
  run: number
  outcome: string
}

const SELECT = `SELECT run, episode, task, outcome, steps, invalid, verdicts, prompt_tokens AS promptTokens,
  new_tokens AS newTokens, truncated_steps AS truncatedSteps FROM episodes`

/** Undefined before the first step: passes no lower bound above 0, and is sorted last. */
const RATE = 'CAST(invalid AS REAL) / nullif(steps, 0)'

const FILTER = `WHERE run = :run
  AND (:task = '' OR instr(fold(task), :task) > 0)
  AND (:outcomes = '[]' OR outcome IN (SELECT value FROM json_each(:outcomes)))
  AND (:lowest <= 0 OR ${RATE} >= :lowest)
  AND (:highest >= 1 OR ${RATE} <= :highest)`

const ORDERS: Record<EpisodeQuery['sort'], string> = {
  episode: 'episode',
  task: 'fold(task)',
  outcome: 'outcome',
  steps: 'steps',
  invalidRate: RATE,
  newTokens: 'new_tokens',
  promptTokens: 'prompt_tokens',
}

/** Values of FILTER's names. */
type Filter = { run: number; task: string; outcomes: string; lowest: number; highest: number }
type Page = Filter & { offset: number; limit: number }

export class Episodes {
  private readonly connection: Connection
  private readonly totals: StepTotals
  private readonly insert: Statement<[number, number, string, string, string], unknown>
  private readonly selectOne: Statement<[number, number], Row>
  private readonly selectUnfinished: Statement<[number], Row>
  private readonly selectNumbers: Statement<[number], { episode: number }>
  private readonly selectSettings: Statement<[number], { settings: string; isFork: number }>
  private readonly countAll: Statement<[number], { n: number }>
  private readonly countSome: Statement<[Filter], { n: number }>
  private readonly addTotals: Statement<Value[], unknown>
  /** One for each order, prepared when it is first asked for. */
  private readonly pages = new Map<string, Statement<[Page], Row>>()

  constructor(connection: Connection, totals: StepTotals) {
    this.connection = connection
    this.totals = totals
    // SQLite's own lower() knows ASCII only.
    connection.defineFunction('fold', (text) => text.toLowerCase())
    this.insert = connection.prepare(
      'INSERT INTO episodes (run, episode, task, outcome, initial_state) VALUES (?, ?, ?, ?, ?)',
    )
    this.selectOne = connection.prepare(`${SELECT} WHERE run = ? AND episode = ?`)
    this.selectUnfinished = connection.prepare(
      `${SELECT} WHERE run = ? AND outcome = 'running' ORDER BY episode`,
    )
    this.selectNumbers = connection.prepare('SELECT episode FROM episodes WHERE run = ?')
    this.selectSettings = connection.prepare(
      "SELECT settings, manifest ->> '$.fork' IS NOT NULL AS isFork FROM runs WHERE run = ?",
    )
    this.countAll = connection.prepare('SELECT count(*) AS n FROM episodes WHERE run = ?')
    this.countSome = connection.prepare(`SELECT count(*) AS n FROM episodes ${FILTER}`)
    this.addTotals = connection.prepare(
      `UPDATE episodes SET outcome = ?, steps = steps + 1, invalid = invalid + ?, verdicts = verdicts || ?,
         prompt_tokens = prompt_tokens + ?, new_tokens = new_tokens + ?, truncated_steps = truncated_steps + ?
       WHERE run = ? AND episode = ?`,
    )
  }

  /** @throws not_found for an unknown run; TypeError when the episode has begun before */
  begin(id: string, { episode, task, state }: NewEpisode): EpisodeSummary {
    const run = runNumber(id)
    if (!Number.isInteger(episode) || episode < 0) throw new TypeError(`${episode} is no episode`)
    const text = losslessJson(state, 'environment state')
    this.connection.transaction(() => {
      if (!this.selectSettings.get(run)) throw errors.notFound({ kind: 'run', id })
      if (this.selectOne.get(run, episode)) throw new TypeError(`${id}, episode ${episode} has begun before`)
      this.insert.run(run, episode, task, 'running', text)
    })
    return this.get(id, episode)
  }

  /** @throws not_found */
  get(id: string, episode: number): EpisodeSummary {
    const row = this.selectOne.get(runNumber(id), episode)
    if (!row) throw errors.notFound({ kind: 'episode', id: `${id} ${episode}` })
    return this.summaryOf(row)
  }

  /**
   * One page of a run's episodes and how many there are on all pages. An episode without steps has no invalid rate:
   * it passes the whole range only, and comes last when sorted by rate.
   */
  list(query: EpisodeQuery): EpisodePage {
    const filter: Filter = {
      run: runNumber(query.runId),
      task: query.task.toLowerCase(),
      outcomes: JSON.stringify(query.outcomes),
      lowest: query.minInvalidRate,
      highest: query.maxInvalidRate,
    }
    const { offset, limit } = query
    return this.connection.snapshot(() => ({
      total: this.countSome.get(filter)!.n,
      episodes: this.pageStatement(query)
        .all({ ...filter, offset, limit })
        .map((row) => this.summaryOf(row)),
    }))
  }

  /** Episodes that have begun. */
  count(id: string): number {
    return this.countAll.get(runNumber(id))!.n
  }

  /** Begun, without an outcome; in order. */
  unfinished(id: string): EpisodeSummary[] {
    return this.selectUnfinished.all(runNumber(id)).map((row) => this.summaryOf(row))
  }

  /** Numbers of the run's episodes that have not begun, in order; a fork's one episode has. @throws not_found */
  notBegun(id: string): number[] {
    const run = runNumber(id)
    const row = this.selectSettings.get(run)
    if (!row) throw errors.notFound({ kind: 'run', id })
    if (row.isFork === 1) return []
    const settings = readJson(collectSettings, row.settings, this.place(`runs.settings of ${id}`))
    const begun = new Set(this.selectNumbers.all(run).map(({ episode }) => episode))
    return Array.from({ length: settings.episodes }, (_, episode) => episode).filter(
      (each) => !begun.has(each),
    )
  }

  /** Per step index over all episodes of the run; empty arrays before the first step. */
  statistics(id: string): StepStatistics {
    return this.totals.statistics(runNumber(id))
  }

  /** Counts one step, inside its transaction. */
  addStep(run: number, record: Omit<StepRecord, 'capturedHooks'>, outcome: EpisodeOutcome): void {
    const { isWin, isInvalid, promptIds, completionIds, droppedTurns, episode } = record
    const letter = isWin ? 'w' : isInvalid ? 'i' : 'v'
    const tokens = [promptIds.length, completionIds.length]
    const truncated = Number(droppedTurns > 0)
    this.addTotals.run(outcome, Number(isInvalid), letter, ...tokens, truncated, run, episode)
  }

  private pageStatement({ sort, descending }: EpisodeQuery): Statement<[Page], Row> {
    const direction = descending ? 'DESC' : 'ASC'
    const order = `${ORDERS[sort]} ${direction} NULLS LAST, episode ${direction}`
    const known = this.pages.get(order)
    if (known) return known
    const statement = this.connection.prepare<[Page], Row>(
      `${SELECT} ${FILTER} ORDER BY ${order} LIMIT :limit OFFSET :offset`,
    )
    this.pages.set(order, statement)
    return statement
  }

  private summaryOf({ run, outcome, ...rest }: Row): EpisodeSummary {
    const place = this.place(`episodes.outcome of ${runId(run)}, episode ${rest.episode}`)
    return { runId: runId(run), ...rest, outcome: readValue(episodeOutcome, outcome, place) }
  }

  private place(column: string): { path: string; column: string } {
    return { path: this.connection.path, column }
  }
}
