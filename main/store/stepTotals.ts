// Sums over a run's episodes, by step index, kept up to date with every step.
// Owns: progress and per-step statistics read from them. Not: the intervals' formula (analysis/) or speed (jobs/).
import { wilsonInterval } from '../analysis/intervals.ts'
import type {
  CollectSettings,
  EpisodeOutcome,
  RunProgress,
  StepRecord,
  StepStatistics,
} from '../contract/runs.ts'
import type { Connection, Statement, Value } from './connection.ts'

interface Row {
  step: number
  n: number
  invalid: number
  wins: number
  ended: number
  promptTokens: number
  newTokens: number
  reusedTokens: number
}

export class StepTotals {
  private readonly upsert: Statement<Value[], unknown>
  private readonly select: Statement<[number], Row>

  constructor(connection: Connection) {
    this.upsert = connection.prepare(
      `INSERT INTO step_totals (run, step, n, invalid, wins, ended, prompt_tokens, new_tokens, reused_tokens)
       VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + 1,
         invalid = invalid + excluded.invalid, wins = wins + excluded.wins, ended = ended + excluded.ended,
         prompt_tokens = prompt_tokens + excluded.prompt_tokens, new_tokens = new_tokens + excluded.new_tokens,
         reused_tokens = reused_tokens + excluded.reused_tokens`,
    )
    this.select = connection.prepare(
      `SELECT step, n, invalid, wins, ended, prompt_tokens AS promptTokens, new_tokens AS newTokens,
         reused_tokens AS reusedTokens FROM step_totals WHERE run = ? ORDER BY step`,
    )
  }

  /** Counts one step, inside its transaction. */
  add(run: number, record: Omit<StepRecord, 'capturedHooks'>, outcome: EpisodeOutcome): void {
    const { step, isInvalid, promptIds, completionIds, reusedTokens } = record
    const ends = [Number(outcome === 'win'), Number(outcome !== 'running')]
    const tokens = [promptIds.length, completionIds.length, reusedTokens]
    this.upsert.run(run, step, Number(isInvalid), ...ends, ...tokens)
  }

  /** What stored rows can tell; speed and time left are null, a running job knows them. */
  progress(run: number, settings: CollectSettings, seconds: number): Omit<RunProgress, 'interventions'> {
    const rows = this.select.all(run)
    const sum = (field: keyof Row): number => rows.reduce((total, row) => total + row[field], 0)
    return {
      episodesDone: sum('ended'),
      episodes: settings.episodes,
      steps: sum('n'),
      stepsAtMost: settings.episodes * settings.environment.maxSteps,
      invalid: sum('invalid'),
      wins: sum('wins'),
      promptTokens: sum('promptTokens'),
      newTokens: sum('newTokens'),
      tokensPerSecond: null,
      secondsLeft: null,
      seconds,
    }
  }

  /** By step index; empty arrays before the first step. Wilson intervals at 95 %. */
  statistics(run: number): StepStatistics {
    const rows = this.select.all(run)
    const intervals = rows.map(({ invalid, n }) => wilsonInterval(invalid, n)!) // n ≥ 1 in a stored row
    const mean = (field: keyof Row): number[] => rows.map((row) => row[field] / row.n)
    return {
      step: rows.map((row) => row.step),
      n: rows.map((row) => row.n),
      invalid: rows.map((row) => row.invalid),
      invalidLow: intervals.map((interval) => interval.low),
      invalidHigh: intervals.map((interval) => interval.high),
      meanPromptTokens: mean('promptTokens'),
      meanNewTokens: mean('newTokens'),
      meanReusedTokens: mean('reusedTokens'),
    }
  }
}
