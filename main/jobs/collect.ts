// The collect job: many episodes at once, of one run or of several, each step stored as it is done.
// Owns: which episodes are played, how many at a time, and what happens when one fails. Not: an episode itself
// (playEpisode.ts), the state of the runs (runControl.ts) or batching (inference/).
import type { EpisodeSummary, RunRecord } from '../contract/runs.ts'
import type { Environment } from '../environments/environment.ts'
import type { Workspace } from '../store/workspace.ts'
import type { PlannedIntervention } from '../inference/interventionPlan.ts'
import { drawsAt } from './forkedRuns.ts'
import {
  playEpisode,
  type AgentModel,
  type EpisodePosition,
  type EpisodeSetting,
  type RecordedStep,
} from './playEpisode.ts'
import { changesOf, checkAllMet, earlierOf, type ChooseInterventions } from './runInterventions.ts'

export interface CollectWorld {
  workspace: Workspace
  environment: Environment
  model: AgentModel
  /** The run's interventions, read and checked. */
  planned: readonly PlannedIntervention[]
  /** Says before each step which of them act; those that name the step where left out. */
  choose?: ChooseInterventions
  /** After each stored step. */
  onStep(step: RecordedStep, episode: EpisodeSummary): void
}

/**
 * Plays what is left of the run's episodes. A run that was stopped, by whatever, goes on from its last stored steps and
 * ends with the same rows as one that was not.
 * @throws what the first failing episode threw, after all others have stopped; intervention_unused at the end of a run in which one met
 *   nothing; nothing when the signal was aborted.
 */
export async function collect(run: RunRecord, world: CollectWorld, signal: AbortSignal): Promise<void> {
  let failure: { error: unknown } | null = null
  await collectTogether([{ run, ...world }], run.settings.batch, signal, (_, error) => {
    if (error !== undefined) failure = { error }
  })
  if (failure !== null) throw (failure as { error: unknown }).error // assigned in the callback
}

/** A run among several, with all that it is played with. */
export interface CollectedRun extends CollectWorld {
  run: RunRecord
}

/**
 * Plays what is left of several runs of one model at once: their episodes share the lanes, the same episode of every run beside one another.
 * A run that fails stops alone. Every run's rows are those it would have if it were played alone.
 * @param lanes  episodes at once  @param onEnd  told once for each run that came to its end or failed; not of those that the signal stopped
 */
export async function collectTogether(
  runs: readonly CollectedRun[],
  lanes: number,
  signal: AbortSignal,
  onEnd: (id: string, failure?: unknown) => void,
): Promise<void> {
  if (!(lanes >= 1)) throw new TypeError('at least one episode is played at a time')
  const playing = runs.map((run) => new PlayedRun(run, signal, onEnd))
  for (const run of playing) run.endIfDone()
  const waiting = inTurns(playing)
  async function lane(): Promise<void> {
    for (const { run, position } of waiting) {
      if (signal.aborted) return
      await run.play(position)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

/** Episodes that have begun come first: they hold the most work. Then the first episode of every run, the second of every run, … */
function* inTurns(runs: readonly PlayedRun[]): Generator<{ run: PlayedRun; position: EpisodePosition }> {
  for (const run of runs)
    for (let position = run.next('begun'); position; position = run.next('begun')) yield { run, position }
  const fresh = [...runs]
  while (fresh.length > 0)
    for (const run of [...fresh]) {
      const position = run.next('fresh')
      if (position) yield { run, position }
      else fresh.splice(fresh.indexOf(run), 1)
    }
}

/** How far one of several runs is. */
class PlayedRun {
  private readonly run: CollectedRun
  private readonly signal: AbortSignal
  private readonly onEnd: (id: string, failure?: unknown) => void
  private readonly failure = new AbortController()
  private readonly stop: AbortSignal
  private readonly setting: EpisodeSetting
  private readonly positions: Record<'begun' | 'fresh', Iterator<EpisodePosition, undefined>>
  /** Episodes that are not over. */
  private left: number
  private inPlay = 0

  constructor(run: CollectedRun, signal: AbortSignal, onEnd: PlayedRun['onEnd']) {
    this.run = run
    this.signal = signal
    this.onEnd = onEnd
    this.stop = AbortSignal.any([signal, this.failure.signal])
    const { workspace, environment, model, planned, choose } = run
    const { id, settings } = run.run
    this.left = workspace.episodes.unfinished(id).length + workspace.episodes.notBegun(id).length
    this.positions = { begun: this.begun(), fresh: this.fresh() }
    this.setting = {
      runId: id,
      seed: settings.seed,
      sampling: settings.sampling,
      capture: settings.capture,
      environment,
      model,
      changes: changesOf(planned, choose),
      record(step: RecordedStep): void {
        workspace.steps.append(step)
        run.onStep(step, workspace.episodes.get(id, step.record.episode))
      },
    }
  }

  /** The next episode of a kind; null where there is none, or the run has failed. */
  next(kind: 'begun' | 'fresh'): EpisodePosition | null {
    if (this.stop.aborted) return null
    try {
      return this.positions[kind].next().value ?? null
    } catch (error) {
      this.failure.abort(error)
      this.endIfDone()
      return null
    }
  }

  async play(position: EpisodePosition): Promise<void> {
    if (this.stop.aborted) return
    this.inPlay++
    try {
      await playEpisode(position, this.setting, this.stop)
      this.left--
    } catch (error) {
      // An episode that stopped because its run did says nothing new.
      if (!this.stop.aborted) this.failure.abort(error)
    } finally {
      this.inPlay--
    }
    this.endIfDone()
  }

  endIfDone(): void {
    const { run, workspace } = this.run
    if (this.signal.aborted || this.inPlay > 0) return
    if (this.failure.signal.aborted) return this.onEnd(run.id, this.failure.signal.reason)
    if (this.left > 0) return
    let failure: unknown
    try {
      checkAllMet(workspace.runs.get(run.id))
    } catch (error) {
      failure = error
    }
    this.onEnd(run.id, failure)
  }

  private *begun(): Generator<EpisodePosition, undefined> {
    const { run, workspace, planned } = this.run
    const seedOf = (episode: number) => (step: number) => drawsAt(run, episode, step).seed
    for (const { episode } of workspace.episodes.unfinished(run.id)) {
      const point = workspace.steps.resumePoint(run.id, episode)
      const { earlierInterventions } = point
      yield { ...point, earlierInterventions: earlierOf(planned, earlierInterventions, seedOf(episode)) }
    }
  }

  private *fresh(): Generator<EpisodePosition, undefined> {
    const { run, workspace, environment } = this.run
    for (const episode of workspace.episodes.notBegun(run.id)) {
      const task = environment.taskOf(episode, run.settings.seed)
      const state = environment.reset(task)
      workspace.episodes.begin(run.id, { episode, task, state })
      yield { episode, task, state, step: 0, earlierPrompts: [] }
    }
  }
}
