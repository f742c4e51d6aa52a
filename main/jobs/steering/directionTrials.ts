// Candidate directions tried on episodes that nobody keeps.
// Owns: playing the same episodes under each candidate, many at once, and counting their outcomes. Not: which candidates (learnedDirection.ts).
import type { LabelRule } from '../../contract/dataSets.ts'
import { AppError } from '../../contract/errors.ts'
import type { CollectSettings, StepRecord } from '../../contract/runs.ts'
import type { Environment } from '../../environments/environment.ts'
import type { PlannedIntervention } from '../../inference/interventionPlan.ts'
import type { AgentModel } from '../playEpisode.ts'
import { playEpisode } from '../playEpisode.ts'
import { changesOf } from '../runInterventions.ts'
import { outcomesOf } from './stepOutcomes.ts'

export interface TrialWorld {
  settings: CollectSettings
  model: AgentModel
  environment: Environment
  outcome: LabelRule
  /** Episodes at once. */
  lanes: number
}

/** One episode under one candidate. */
export interface TrialEpisode {
  task: string
  /** With the task it tells which episodes of two candidates are a pair: both draw with it. */
  seed: number
  outcomes: number[]
}

/**
 * @param candidates  what is done under each; nothing for an empty one
 * @returns for each candidate its episodes in order; null where the model gave no numbers under it
 * @throws what playing throws otherwise; the signal's reason
 */
export async function tryDirections(
  candidates: readonly (readonly PlannedIntervention[])[],
  episodes: readonly number[],
  world: TrialWorld,
  onEpisode: () => void,
  signal: AbortSignal,
): Promise<(TrialEpisode[] | null)[]> {
  const found = candidates.map((): TrialEpisode[] | null => [])
  const failure = new AbortController()
  const stop = AbortSignal.any([signal, failure.signal])
  // The same episode of every candidate beside one another: their prompts begin alike.
  const waiting = episodes.flatMap((episode, place) =>
    candidates.map((_, index) => ({ episode, place, index })),
  )
  const next = waiting.values()
  async function lane(): Promise<void> {
    for (const { episode, place, index } of next) {
      if (stop.aborted) return
      if (found[index] === null) {
        onEpisode()
        continue
      }
      try {
        const played = await playTrial(episode, candidates[index], world, stop)
        const own = found[index] as TrialEpisode[] | null // another lane may have given it up meanwhile
        if (own) own[place] = played
      } catch (error) {
        if (error instanceof AppError && error.code === 'logits_not_finite') found[index] = null
        else return failure.abort(error)
      }
      onEpisode()
    }
  }
  await Promise.all(Array.from({ length: world.lanes }, lane))
  signal.throwIfAborted()
  if (failure.signal.aborted) throw failure.signal.reason
  return found
}

async function playTrial(
  episode: number,
  planned: readonly PlannedIntervention[],
  { settings, model, environment, outcome }: TrialWorld,
  signal: AbortSignal,
): Promise<TrialEpisode> {
  const { seed, sampling } = settings
  const task = environment.taskOf(episode, seed)
  const steps: StepRecord[] = []
  const ended = await playEpisode(
    { episode, task, state: environment.reset(task), step: 0, earlierPrompts: [] },
    {
      runId: 'a trial',
      seed,
      sampling,
      capture: { hooks: [], positions: 'decision' },
      environment,
      model,
      changes: changesOf(planned),
      record: ({ record }) => steps.push(record),
    },
    signal,
  )
  return { task, seed: episode, outcomes: outcomesOf(steps, ended, outcome) }
}
