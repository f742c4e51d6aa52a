// A run in words and numbers.
import type { PendingQuestion } from '../../main/contract/api.ts'
import type { RunRecord, RunStatus } from '../../main/contract/runs.ts'

export const statusNames: Record<RunStatus, string> = {
  queued: 'Queued',
  running: 'Running',
  paused: 'Paused',
  interrupted: 'Interrupted',
  cancelled: 'Cancelled',
  failed: 'Failed',
  done: 'Done',
}

export const environmentNames = { twenty_questions: 'Twenty Questions', number_hunt: 'Number Hunt' } as const

/** Whether somebody at the window is its oracle. */
export const personAnswers = ({ settings }: RunRecord): boolean =>
  settings.environment.name === 'twenty_questions' && settings.oracle.kind === 'human'

type Questions = readonly PendingQuestion[]

/** Whether it goes on only when somebody has answered. */
export const waitsForPerson = (run: RunRecord, questions: Questions): boolean =>
  run.status === 'running' && questions.some((question) => question.runId === run.id)

/**
 * What a run does instead of playing on: `Waiting for you`, or what comes before it plays, for instance
 * `Loading the model 40 %`; null while it plays or rests.
 */
export function activityOf(run: RunRecord, questions: Questions): string | null {
  if (waitsForPerson(run, questions)) return 'Waiting for you'
  return run.status === 'running' ? (run.progress.activity ?? null) : null
}

/** Null where it is not known, as with a person, whose pace foretells nothing. */
export const secondsLeft = (run: RunRecord): number | null =>
  personAnswers(run) ? null : run.progress.secondsLeft

/** Null before the first step. */
export const invalidRate = (run: RunRecord): number | null =>
  run.progress.steps > 0 ? run.progress.invalid / run.progress.steps : null

/**
 * 0 … 1 by episodes, smoothed by the steps of those still played. Steps alone would mislead: an episode that is won early
 * never uses up its limit.
 */
export function fractionDone(run: RunRecord): number {
  const { episodes, episodesDone, steps, stepsAtMost } = run.progress
  if (run.status === 'done') return 1
  if (episodes === 0) return 0
  return Math.min(1, Math.max(episodesDone / episodes, stepsAtMost > 0 ? steps / stepsAtMost : 0))
}

/** The layers of hooks `blocks.N.hook_resid_post`, in order. */
export function layersOf(hooks: readonly string[]): number[] {
  const layers = hooks.flatMap((hook) => {
    const match = /^blocks\.(\d+)\.hook_resid_post$/.exec(hook)
    return match ? [Number(match[1])] : []
  })
  return [...new Set(layers)].sort((a, b) => a - b)
}

/** `kb, lenient`, `gpt-4o-mini`, `a person`. */
export function oracleName(oracle: RunRecord['settings']['oracle']): string {
  if (oracle.kind === 'kb') return `knowledge base, ${oracle.strictness}`
  return oracle.kind === 'openai' ? oracle.model : 'a person'
}
