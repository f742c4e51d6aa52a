// A run in words and numbers.
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

/** What a run does before it plays, for instance `Loading the model 40 %`; null while it plays or rests. */
export const activityOf = (run: RunRecord): string | null =>
  run.status === 'running' ? (run.progress.activity ?? null) : null

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
