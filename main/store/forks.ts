// An episode up to a step, copied into a new run.
// Owns: that all of it is there or nothing. Not: the new run's settings (jobs/forkedRuns.ts) or going on with it.
import { errors } from '../contract/errors.ts'
import type { RunRecord } from '../contract/runs.ts'
import type { Activations, CapturedActivations } from './activations.ts'
import { readJson, runNumber } from './columns.ts'
import type { Connection, Statement } from './connection.ts'
import type { Episodes } from './episodes.ts'
import type { NewRun, Runs } from './runs.ts'
import { storedState, type Steps } from './steps.ts'

export interface ForkPoint {
  runId: string
  episode: number
  /** Steps before it are copied. */
  step: number
}

export class Forks {
  private readonly connection: Connection
  private readonly parts: { runs: Runs; episodes: Episodes; steps: Steps; activations: Activations }
  private readonly selectFirst: Statement<[number, number], { state: string }>
  private readonly selectState: Statement<[number, number, number], { state: string }>

  constructor(connection: Connection, parts: Forks['parts']) {
    this.connection = connection
    this.parts = parts
    this.selectFirst = connection.prepare(
      'SELECT initial_state AS state FROM episodes WHERE run = ? AND episode = ?',
    )
    this.selectState = connection.prepare(
      'SELECT state FROM steps WHERE run = ? AND episode = ? AND step = ?',
    )
  }

  /**
   * A queued run with the episode as it stood before the step, under the number that it had; activations are copied with their steps.
   * @param placeOf  a place in the old run's list of interventions as one in the new run's
   * @throws not_found, workspace_damaged, disk_full
   */
  create(draft: NewRun, point: ForkPoint, placeOf: (place: number) => number): RunRecord {
    const { runs, episodes, steps } = this.parts
    const { runId, episode, step } = point
    const { task } = episodes.get(runId, episode)
    return this.connection.transaction(() => {
      const run = runs.create(draft)
      episodes.begin(run.id, { episode, task, state: this.state(point, null) })
      for (const record of steps.list(runId, episode).slice(0, step)) {
        const interventions = record.interventions.map((each) => ({ ...each, index: placeOf(each.index) }))
        steps.append({
          record: { ...record, runId: run.id, interventions },
          state: this.state(point, record.step),
          outcome: 'running',
          captures: record.capturedHooks.map((hook) => this.captured(point, record.step, hook)),
        })
      }
      return runs.get(run.id)
    })
  }

  /** The environment's after a step; before the first where null. */
  private state({ runId, episode }: ForkPoint, step: number | null) {
    const run = runNumber(runId)
    const row = step === null ? this.selectFirst.get(run, episode) : this.selectState.get(run, episode, step)
    if (!row) throw errors.notFound({ kind: 'step', id: `${runId} ${episode} ${step ?? 0}` })
    const column = `state of ${runId}, episode ${episode}`
    return readJson(storedState, row.state, { path: this.connection.path, column })
  }

  private captured({ runId, episode }: ForkPoint, step: number, hook: string): CapturedActivations {
    const { activations } = this.parts
    const address = { runId, episode, step, hook }
    const points = activations.pointsOf(address)
    const at = (point: 'firstGenerated' | 'meanPrompt' | 'meanGenerated'): Float32Array | null =>
      points.has(point) ? activations.get({ ...address, at: point }).data : null
    const lastPrompt = activations.get({ ...address, at: 'lastPrompt' }).data
    return {
      hook,
      width: lastPrompt.length,
      lastPrompt,
      firstGenerated: at('firstGenerated'),
      meanPrompt: at('meanPrompt'),
      meanGenerated: at('meanGenerated'),
      ...(activations.hasPositions(address) && {
        all: { firstPosition: 0, data: activations.positions(address).data },
      }),
    }
  }
}
