// Steps: one commit each, with everything that belongs to it.
// Owns: the order in which a step becomes durable, reading steps, where a cut-off episode goes on. Not: what a step means (jobs/).
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import {
  captureDtype,
  episodeOutcome,
  finishReason,
  stepRecord,
  type EpisodeOutcome,
  type StepIntervention,
  type StepRecord,
} from '../contract/runs.ts'
import type { Activations, CapturedActivations } from './activations.ts'
import type { ActivationShards } from './activationShards.ts'
import { bytesOf, float32Of, int32Of, type ActivationDtype } from './blobs.ts'
import { losslessJson, readJson, readValue, runId, runNumber, type ColumnPlace } from './columns.ts'
import type { Connection, Statement, Value } from './connection.ts'
import type { Episodes, StoredState } from './episodes.ts'
import type { InterventionTotals } from './interventionTotals.ts'
import { stepName, type StepKey } from './stepKey.ts'
import type { StepTotals } from './stepTotals.ts'
import { requireConsistent, type StepContent } from './stepChecks.ts'

/** A step as it is handed in. */
export interface NewStep {
  /** Its `capturedHooks` are those of `captures`, whatever it says. */
  record: StepContent
  /** The environment's after the step. */
  state: StoredState
  /** The episode's after the step. */
  outcome: EpisodeOutcome
  captures: readonly CapturedActivations[]
}

/** Where an episode goes on. */
export interface ResumePoint {
  episode: number
  task: string
  outcome: EpisodeOutcome
  /** The environment's after the last stored step, or its first. */
  state: StoredState
  /** Index of the next step. */
  step: number
  /** Prompts of the stored steps, oldest first. */
  earlierPrompts: Int32Array[]
  /** The run's interventions that were asked of each of them. */
  earlierInterventions: StepIntervention[][]
}

interface StepRow {
  run: number
  episode: number
  step: number
  isInvalid: number
  isWin: number
  reward: number
  confidence: number | null
  finish: string
  droppedTurns: number
  reusedTokens: number
  prefillMs: number
  decodeMs: number
  oracleMs: number
  answer: string
  reason: string
  labels: string
  completion: string
  promptIds: Uint8Array
  completionIds: Uint8Array
  logProbabilities: Uint8Array
  ranks: Uint8Array
  entropies: Uint8Array
  topIds: Uint8Array
  topLogProbabilities: Uint8Array
  capturedHooks: string
  interventions: string
  messages: string
}

const SELECT = `SELECT run, episode, step, is_invalid AS isInvalid, is_win AS isWin, reward, confidence, finish,
  dropped_turns AS droppedTurns, reused_tokens AS reusedTokens, prefill_ms AS prefillMs, decode_ms AS decodeMs,
  oracle_ms AS oracleMs, answer, reason, labels, completion, prompt_ids AS promptIds,
  completion_ids AS completionIds, log_probabilities AS logProbabilities, ranks, entropies, top_ids AS topIds,
  top_log_probabilities AS topLogProbabilities, captured_hooks AS capturedHooks, interventions,
  messages FROM steps`

const COLUMNS = [
  ...['run', 'episode', 'step', 'is_invalid', 'is_win', 'reward', 'confidence', 'finish', 'dropped_turns'],
  ...['reused_tokens', 'prefill_ms', 'decode_ms', 'oracle_ms', 'answer', 'reason', 'labels', 'completion'],
  ...['prompt_ids', 'completion_ids', 'log_probabilities', 'ranks', 'entropies', 'top_ids'],
  ...['top_log_probabilities', 'captured_hooks', 'interventions', 'messages', 'state'],
] as const
type StoredRow = Record<(typeof COLUMNS)[number], Value>

const { messages, labels, capturedHooks, interventions } = stepRecord.shape
export const storedState = z.record(z.string(), z.unknown())

/** The episode a step is to follow in, with what the checks need of it and its run. */
interface Before {
  outcome: string
  steps: number
  dtype: string
}

export class Steps {
  private readonly connection: Connection
  private readonly episodes: Episodes
  private readonly totals: StepTotals
  private readonly interventions: InterventionTotals
  private readonly activations: Activations
  private readonly shards: ActivationShards
  private readonly insert: Statement<[StoredRow], unknown>
  private readonly selectBefore: Statement<[number, number], Before>
  private readonly selectList: Statement<[number, number], StepRow>
  private readonly selectIds: Statement<
    [number, number, number],
    { promptIds: Uint8Array; completionIds: Uint8Array }
  >
  private readonly selectEarlier: Statement<
    [number, number],
    { promptIds: Uint8Array; interventions: string }
  >
  private readonly selectState: Statement<[number, number], { task: string; outcome: string; state: string }>

  constructor(
    connection: Connection,
    parts: {
      episodes: Episodes
      totals: StepTotals
      interventions: InterventionTotals
      activations: Activations
      shards: ActivationShards
    },
  ) {
    this.connection = connection
    this.episodes = parts.episodes
    this.totals = parts.totals
    this.interventions = parts.interventions
    this.activations = parts.activations
    this.shards = parts.shards
    this.insert = connection.prepare(
      `INSERT INTO steps (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((name) => `:${name}`).join(', ')})`,
    )
    this.selectBefore = connection.prepare(
      `SELECT outcome, steps, settings ->> '$.capture.dtype' AS dtype
       FROM episodes JOIN runs USING (run) WHERE run = ? AND episode = ?`,
    )
    this.selectList = connection.prepare(`${SELECT} WHERE run = ? AND episode = ? ORDER BY step`)
    this.selectIds = connection.prepare(
      `SELECT prompt_ids AS promptIds, completion_ids AS completionIds FROM steps
       WHERE run = ? AND episode = ? AND step = ?`,
    )
    this.selectEarlier = connection.prepare(
      'SELECT prompt_ids AS promptIds, interventions FROM steps WHERE run = ? AND episode = ? ORDER BY step',
    )
    this.selectState = connection.prepare(
      `SELECT task, outcome, coalesce(
         (SELECT state FROM steps AS s WHERE s.run = e.run AND s.episode = e.episode ORDER BY step DESC LIMIT 1),
         initial_state) AS state
       FROM episodes AS e WHERE run = ? AND episode = ?`,
    )
  }

  /**
   * Stores one step with its activations and the episode's sums: all of it is durable when this returns, or none of it
   * is stored.
   * @throws not_found for an unknown run or episode, disk_full; TypeError for a step that does not follow on the last one
   */
  append(next: NewStep): void {
    const { record, captures } = next
    const key: StepKey = { run: runNumber(record.runId), episode: record.episode, step: record.step }
    const dtype = this.requireNext(key)
    requireConsistent(record, captures)
    this.requireSharedPrefix(key, record, captures)
    const staged = this.activations.stage(key, captures, dtype)
    try {
      this.connection.transaction(() => {
        this.insert.run(rowOf(key, next))
        this.activations.record(key, captures, dtype)
        staged?.record()
        this.episodes.addStep(key.run, record, next.outcome)
        this.totals.add(key.run, record, next.outcome)
        this.interventions.add(key.run, record.interventions)
      })
    } catch (error) {
      staged?.discard()
      throw error
    }
    staged?.confirm()
  }

  /** All steps of an episode, in order; none for one that has not begun. @throws workspace_damaged */
  list(id: string, episode: number): StepRecord[] {
    return this.selectList.all(runNumber(id), episode).map((row) => this.recordOf(row))
  }

  /** Where a begun episode goes on, or how it ended. @throws not_found, workspace_damaged */
  resumePoint(id: string, episode: number): ResumePoint {
    const run = runNumber(id)
    return this.connection.snapshot(() => {
      const row = this.selectState.get(run, episode)
      if (!row) throw errors.notFound({ kind: 'episode', id: `${id} ${episode}` })
      const earlier = this.selectEarlier.all(run, episode)
      const place = (column: string): ColumnPlace => this.place(column, `${id}, episode ${episode}`)
      return {
        episode,
        task: row.task,
        outcome: readValue(episodeOutcome, row.outcome, place('episodes.outcome')),
        state: readJson(storedState, row.state, place('state')),
        step: earlier.length,
        earlierPrompts: earlier.map(({ promptIds }) => int32Of(promptIds)),
        earlierInterventions: earlier.map((each) =>
          readJson(interventions, each.interventions, place('steps.interventions')),
        ),
      }
    })
  }

  /** A step comes once, in order, into an episode that goes on. @returns how the run stores activations */
  private requireNext(key: StepKey): ActivationDtype {
    const before = this.selectBefore.get(key.run, key.episode)
    if (!before) throw errors.notFound({ kind: 'episode', id: `${runId(key.run)} ${key.episode}` })
    if (key.step < before.steps) throw new TypeError(`${stepName(key)} is stored already`)
    if (key.step > before.steps) throw new TypeError(`${stepName(key)} comes before step ${before.steps}`)
    if (before.outcome !== 'running') throw new TypeError(`${stepName(key)} follows on a ${before.outcome}`)
    return readValue(captureDtype, before.dtype, this.place('runs.settings', runId(key.run)))
  }

  /** Positions that are left out must be the step before's: same tokens, and captured there. */
  private requireSharedPrefix(
    key: StepKey,
    { promptIds }: StepContent,
    captures: readonly CapturedActivations[],
  ): void {
    const shared = captures.filter(({ all }) => all !== undefined && all.firstPosition > 0)
    if (shared.length === 0) return
    const earlier = { ...key, step: key.step - 1 }
    const row = this.selectIds.get(earlier.run, earlier.episode, earlier.step)
    const before = row ? [...int32Of(row.promptIds), ...int32Of(row.completionIds)] : []
    for (const { hook, all } of shared) {
      const isSame =
        before.length >= all!.firstPosition &&
        promptIds.subarray(0, all!.firstPosition).every((id, i) => id === before[i])
      if (!isSame || !this.shards.has(earlier, hook))
        throw new TypeError(
          `${stepName(key)}: ${hook} begins at ${all!.firstPosition}, which the step before does not reach`,
        )
    }
  }

  private recordOf(row: StepRow): StepRecord {
    const { run, ...rest } = row
    const place = (column: string): ColumnPlace => this.place(`steps.${column}`, stepName(row))
    return {
      ...rest,
      runId: runId(run),
      messages: readJson(messages, row.messages, place('messages')),
      promptIds: int32Of(row.promptIds),
      completionIds: int32Of(row.completionIds),
      logProbabilities: float32Of(row.logProbabilities),
      ranks: int32Of(row.ranks),
      entropies: float32Of(row.entropies),
      topIds: int32Of(row.topIds),
      topLogProbabilities: float32Of(row.topLogProbabilities),
      finish: readValue(finishReason, row.finish, place('finish')),
      isInvalid: row.isInvalid === 1,
      isWin: row.isWin === 1,
      labels: readJson(labels, row.labels, place('labels')),
      capturedHooks: readJson(capturedHooks, row.capturedHooks, place('captured_hooks')),
      interventions: readJson(interventions, row.interventions, place('interventions')),
    }
  }

  private place(column: string, of: string): ColumnPlace {
    return { path: this.connection.path, column: `${column} of ${of}` }
  }
}

/** A new row, by column. */
function rowOf({ run, episode, step }: StepKey, { record, state, captures }: NewStep): StoredRow {
  return {
    run,
    episode,
    step,
    is_invalid: Number(record.isInvalid),
    is_win: Number(record.isWin),
    reward: record.reward,
    confidence: record.confidence,
    finish: record.finish,
    dropped_turns: record.droppedTurns,
    reused_tokens: record.reusedTokens,
    prefill_ms: record.prefillMs,
    decode_ms: record.decodeMs,
    oracle_ms: record.oracleMs,
    answer: record.answer,
    reason: record.reason,
    labels: losslessJson(record.labels, 'labels'),
    completion: record.completion,
    prompt_ids: bytesOf(record.promptIds),
    completion_ids: bytesOf(record.completionIds),
    log_probabilities: bytesOf(record.logProbabilities),
    ranks: bytesOf(record.ranks),
    entropies: bytesOf(record.entropies),
    top_ids: bytesOf(record.topIds),
    top_log_probabilities: bytesOf(record.topLogProbabilities),
    captured_hooks: JSON.stringify(captures.map(({ hook }) => hook)),
    interventions: JSON.stringify(record.interventions),
    messages: JSON.stringify(record.messages),
    state: losslessJson(state, 'environment state'),
  }
}
