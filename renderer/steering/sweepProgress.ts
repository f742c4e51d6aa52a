// How far a sweep is, out of its runs as they stand now.
// Owns: joining a sweep's record with its runs' progress. Not: what the sweep found (its verdict).
import type { RunRecord } from '../../main/contract/runs.ts'
import { hitsOf, sweepStatusOf } from '../../main/contract/sweepStatus.ts'
import type { SweepSummary } from '../../main/contract/sweeps.ts'
import { fractionDone } from '../runs/runText.ts'

export type SweepCondition = SweepSummary['conditions'][number]
type FindRun = (id: string) => RunRecord | null

/** The sweep with its conditions as their runs stand: those are told of at every step, the sweep only now and then. */
export function sweepNow(sweep: SweepSummary, findRun: FindRun): SweepSummary {
  const conditions = sweep.conditions.map((condition): SweepCondition => {
    const run = findRun(condition.runId)
    if (!run) return condition
    const { episodesDone, steps } = run.progress
    const hits = hitsOf(run.progress, sweep.settings.outcome)
    return { ...condition, status: run.status, episodesDone, steps, hits }
  })
  return { ...sweep, conditions, status: statusNow(sweep.status, sweepStatusOf(conditions)) }
}

/** Between the end of its last run and the engine's word that it judges, it is about to be judged, not at rest. */
function statusNow(told: SweepSummary['status'], found: SweepSummary['status']): SweepSummary['status'] {
  if (told === 'judging') return told
  return found === 'done' && (told === 'running' || told === 'queued') ? 'judging' : found
}

/** 0 … 1 over all conditions; while it is judged, of the judging. */
export function sweepFraction(sweep: SweepSummary, findRun: FindRun): number {
  if (sweep.status === 'judging') return sweep.progress?.fraction ?? 0
  const parts = sweep.conditions.map(({ runId, episodesDone }) => {
    const run = findRun(runId)
    return run ? fractionDone(run) : episodesDone / sweep.settings.episodes
  })
  return parts.reduce((sum, part) => sum + part, 0) / Math.max(1, parts.length)
}

/** The longest that any of its runs, which are played together, will still take; null where nobody knows. */
export function sweepSecondsLeft(sweep: SweepSummary, findRun: FindRun): number | null {
  const left = sweep.conditions.flatMap(({ runId }) => findRun(runId)?.progress.secondsLeft ?? [])
  return left.length === 0 ? null : Math.max(...left)
}

export const isPlayed = ({ status }: Pick<SweepSummary, 'status'>): boolean =>
  status === 'running' || status === 'queued' || status === 'judging'
export const canPause = ({ status }: Pick<SweepSummary, 'status'>): boolean => status === 'running'
export const canCancel = ({ status }: Pick<SweepSummary, 'status'>): boolean =>
  isPlayed({ status }) || status === 'paused' || status === 'interrupted'
/** Played to its end and not judged, or widened and not judged anew: the app went away, or the judging was cancelled. */
export const isUnjudged = ({
  status,
  overall,
  isVerdictOutdated,
  error,
}: Pick<SweepSummary, 'status' | 'overall' | 'isVerdictOutdated' | 'error'>): boolean =>
  error === null && (overall === null ? status === 'done' : isVerdictOutdated && !isPlayed({ status }))
export const canResume = ({ status }: Pick<SweepSummary, 'status'>): boolean =>
  ['paused', 'interrupted', 'cancelled', 'failed'].includes(status)

/**
 * The runs of its conditions as they are compared, the baseline first.
 * @param cell  of which; those of every cell where it is empty
 * @param withControls  random, shuffled and orthogonal directions too
 */
export const comparedRuns = (
  { conditions }: Pick<SweepSummary, 'conditions'>,
  { cell = '', withControls = true }: { cell?: string; withControls?: boolean } = {},
): string[] =>
  conditions
    .filter((condition) => cell === '' || condition.cell === '' || condition.cell === cell)
    .filter(({ role }) => withControls || !['random', 'shuffled', 'orthogonal'].includes(role))
    .toSorted((a, b) => Number(b.role === 'baseline') - Number(a.role === 'baseline'))
    .map(({ runId }) => runId)
