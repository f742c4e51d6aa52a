// What is known of the steps of a run, without their tokens: what data sets choose and label by.
// Owns: reading it over all steps of a run at once. Not: whole steps (steps.ts) or what a label is (jobs/dataSets/).
import { episodeOutcome, stepRecord, type EpisodeOutcome, type StepRecord } from '../contract/runs.ts'
import { readJson, readValue, runId, runNumber } from './columns.ts'
import type { Connection, Statement } from './connection.ts'
import { stepName } from './stepKey.ts'

export interface StepFacts {
  episode: number
  step: number
  /** Of its episode. */
  task: string
  outcome: EpisodeOutcome
  isInvalid: boolean
  labels: StepRecord['labels']
  completion: string
  answer: string
  droppedTurns: number
  promptTokens: number
  completionTokens: number
}

interface Row extends Omit<StepFacts, 'outcome' | 'isInvalid' | 'labels'> {
  run: number
  outcome: string
  isInvalid: number
  labels: string
}

const COLUMNS = `s.run, s.episode, s.step, e.task, e.outcome, s.is_invalid AS isInvalid, s.labels, s.completion, s.answer,
  s.dropped_turns AS droppedTurns, length(s.prompt_ids) / 4 AS promptTokens,
  length(s.completion_ids) / 4 AS completionTokens`

export class StepFactsReader {
  private readonly path: string
  private readonly selectAll: Statement<[number], Row>
  private readonly selectMessages: Statement<[number], { episode: number; step: number; messages: string }>

  constructor(connection: Connection) {
    this.path = connection.path
    this.selectAll = connection.prepare(
      `SELECT ${COLUMNS} FROM steps AS s JOIN episodes AS e USING (run, episode)
       WHERE run = ? ORDER BY episode, step`,
    )
    this.selectMessages = connection.prepare(
      'SELECT episode, step, messages FROM steps WHERE run = ? ORDER BY episode, step',
    )
  }

  /** Ordered by episode, then step; empty for a run without steps. @throws workspace_damaged */
  list(id: string): StepFacts[] {
    return this.selectAll.all(runNumber(id)).map(({ run, ...row }) => {
      const place = (column: string) => ({
        path: this.path,
        column: `${column} of ${stepName({ run, ...row })}`,
      })
      return {
        ...row,
        outcome: readValue(episodeOutcome, row.outcome, place('episodes.outcome')),
        isInvalid: row.isInvalid === 1,
        labels: readJson(stepRecord.shape.labels, row.labels, place('steps.labels')),
      }
    })
  }

  /** The chat that each step's model read, message after message; in the order of `list`. @throws workspace_damaged */
  prompts(id: string): string[] {
    return this.selectMessages.all(runNumber(id)).map((row) => {
      const column = `steps.messages of ${runId(runNumber(id))}, episode ${row.episode}, step ${row.step}`
      const messages = readJson(stepRecord.shape.messages, row.messages, { path: this.path, column })
      return messages.map(({ content }) => content).join('\n')
    })
  }
}
