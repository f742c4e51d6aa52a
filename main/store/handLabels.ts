// Labels that a person gave to steps, in sets by name.
// Owns: their rows; a removed run takes its own along. Not: what a data set makes of them (jobs/dataSets/).
import { errors } from '../contract/errors.ts'
import type { HandLabel } from '../contract/dataSets.ts'
import { runId, runNumber } from './columns.ts'
import type { Connection, Statement, Value } from './connection.ts'

interface Row {
  run: number
  episode: number
  step: number
  name: string
  label: string
}

const SELECT = 'SELECT run, episode, step, name, label FROM hand_labels'

export class HandLabels {
  private readonly connection: Connection
  private readonly upsert: Statement<Value[], unknown>
  private readonly delete: Statement<Value[], unknown>
  private readonly selectStep: Statement<[number, number, number], unknown>
  private readonly selectRun: Statement<[number], Row>
  private readonly selectEpisode: Statement<[number, number], Row>

  constructor(connection: Connection) {
    this.connection = connection
    this.upsert = connection.prepare(
      `INSERT INTO hand_labels (run, episode, step, name, label) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET label = excluded.label`,
    )
    this.delete = connection.prepare(
      'DELETE FROM hand_labels WHERE run = ? AND episode = ? AND step = ? AND name = ?',
    )
    this.selectStep = connection.prepare('SELECT 1 FROM steps WHERE run = ? AND episode = ? AND step = ?')
    this.selectRun = connection.prepare(`${SELECT} WHERE run = ? ORDER BY episode, step, name`)
    this.selectEpisode = connection.prepare(`${SELECT} WHERE run = ? AND episode = ? ORDER BY step, name`)
  }

  /** Gives a step its label of a set, in place of one that it had. @throws not_found for a step that is not stored */
  give({ runId: id, episode, step, name, label }: HandLabel): void {
    const run = runNumber(id)
    this.connection.transaction(() => {
      if (!this.selectStep.get(run, episode, step))
        throw errors.notFound({ kind: 'step', id: `${id} ${episode} ${step}` })
      this.upsert.run(run, episode, step, name, label)
    })
  }

  /** Takes a label away; nothing happens where there is none. */
  take({ runId: id, episode, step, name }: Omit<HandLabel, 'label'>): void {
    this.delete.run(runNumber(id), episode, step, name)
  }

  /** Of a run or one of its episodes, in order. */
  list(id: string, episode?: number): HandLabel[] {
    const run = runNumber(id)
    const rows = episode === undefined ? this.selectRun.all(run) : this.selectEpisode.all(run, episode)
    return rows.map(({ run: number, ...rest }) => ({ runId: runId(number), ...rest }))
  }
}
