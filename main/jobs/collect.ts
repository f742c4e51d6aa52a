// The collect job: many episodes at once, each step stored as it is done.
// Owns: which episodes are played, how many at a time, and what happens when one fails. Not: an episode itself
// (playEpisode.ts), the state of the run (runControl.ts) or batching (inference/).
import type { EpisodeSummary, RunRecord } from '../contract/runs.ts'
import type { Environment } from '../environments/environment.ts'
import type { Workspace } from '../store/workspace.ts'
import type { PlannedIntervention } from '../inference/interventionPlan.ts'
import { playEpisode, type AgentModel, type EpisodePosition, type RecordedStep } from './playEpisode.ts'
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
  const { workspace, environment, model, planned } = world
  const failure = new AbortController()
  const stop = AbortSignal.any([signal, failure.signal])
  const waiting = unfinishedEpisodes(run, world)
  const setting = {
    runId: run.id,
    seed: run.settings.seed,
    sampling: run.settings.sampling,
    capture: run.settings.capture,
    environment,
    model,
    changes: changesOf(planned, world.choose),
    record(step: RecordedStep): void {
      workspace.steps.append(step)
      world.onStep(step, workspace.episodes.get(run.id, step.record.episode))
    },
  }

  async function lane(): Promise<void> {
    try {
      for (const position of waiting) {
        if (stop.aborted) return
        await playEpisode(position, setting, stop)
      }
    } catch (error) {
      if (stop.aborted) return // this episode stopped because the run did
      failure.abort(error)
      throw error
    }
  }

  const lanes = await Promise.allSettled(Array.from({ length: run.settings.batch }, lane))
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason
  if (!signal.aborted) checkAllMet(workspace.runs.get(run.id))
}

/** Episodes that have begun come first: they hold the most work. One generator serves all lanes. */
function* unfinishedEpisodes(run: RunRecord, world: CollectWorld): Generator<EpisodePosition> {
  const { workspace, environment, planned } = world
  for (const { episode } of workspace.episodes.unfinished(run.id)) {
    const point = workspace.steps.resumePoint(run.id, episode)
    const place = { runSeed: run.settings.seed, episode }
    yield { ...point, earlierInterventions: earlierOf(planned, point.earlierInterventions, place) }
  }
  for (const episode of workspace.episodes.notBegun(run.id)) {
    const task = environment.taskOf(episode, run.settings.seed)
    const state = environment.reset(task)
    workspace.episodes.begin(run.id, { episode, task, state })
    yield { episode, task, state, step: 0, earlierPrompts: [] }
  }
}
