// How a sweep stands, out of its conditions' runs.
// Owns: the rule, for the engine and for a window that hears of runs before it hears of their sweep. Not: the records (sweeps.ts).
import type { RunProgress, RunStatus } from './runs.ts'
import type { SweepSettings, SweepSummary } from './sweeps.ts'

/** Whatever still moves says how the whole stands; failed where the baseline failed, or all others. */
export function sweepStatusOf(conditions: SweepSummary['conditions']): RunStatus {
  const first: RunStatus[] = ['running', 'queued', 'paused', 'interrupted', 'cancelled']
  const found = first.find((status) => conditions.some((condition) => condition.status === status))
  if (found) return found
  const failed = conditions.filter(({ status }) => status === 'failed')
  const isBaselineGone = failed.some(({ role }) => role === 'baseline')
  return failed.length > 0 && (isBaselineGone || failed.length === conditions.length - 1) ? 'failed' : 'done'
}

/** How often a run met what its sweep counts; null where a run counts nothing of the kind. */
export function hitsOf(
  { invalid, wins }: Pick<RunProgress, 'invalid' | 'wins'>,
  { kind }: SweepSettings['outcome'],
): number | null {
  return kind === 'won' ? wins : kind === 'invalid' ? invalid : null
}
