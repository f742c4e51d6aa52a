// Which runs can be compared, as a list to tick: those of a sweep under one row for all of them.
// Owns: rows, adding and taking away. Not: filter and order of runs (runs/runList.svelte.ts).
import type { RunRecord } from '../../main/contract/runs.ts'

export interface ListRow {
  key: string
  kind: 'run' | 'sweep' | 'condition'
  title: string
  /** Of a sweep all conditions, its baseline first. */
  runs: readonly RunRecord[]
}

/** A sweep stands where its newest condition would. */
export function listRows(runs: readonly RunRecord[]): ListRow[] {
  const bySweep = new Map<string, RunRecord[]>()
  for (const run of runs)
    if (run.sweep) bySweep.set(run.sweep.id, [...(bySweep.get(run.sweep.id) ?? []), run])
  const shown = new Set<string>()
  return runs.flatMap((run): ListRow[] => {
    if (!run.sweep) return [{ key: run.id, kind: 'run', title: run.name, runs: [run] }]
    const { id } = run.sweep
    if (shown.has(id)) return []
    shown.add(id)
    const conditions = baselineFirst(bySweep.get(id) ?? [])
    return [
      { key: `sweep ${id}`, kind: 'sweep', title: `Sweep ${id}`, runs: conditions },
      ...conditions.map((each): ListRow => ({
        key: each.id,
        kind: 'condition',
        title: each.sweep?.title ?? each.name,
        runs: [each],
      })),
    ]
  })
}

/** The runs of a sweep, its baseline first. @param runs  newest first */
export const conditionsOf = (sweepId: string, runs: readonly RunRecord[]): RunRecord[] =>
  baselineFirst(runs.filter(({ sweep }) => sweep?.id === sweepId))

/** The condition without interventions; where several have none, the one that was made first. */
function baselineFirst(runs: readonly RunRecord[]): RunRecord[] {
  const oldestFirst = runs.toReversed()
  const plain = oldestFirst.find(({ settings }) => settings.interventions.length === 0)
  return plain ? [plain, ...oldestFirst.filter((run) => run !== plain)] : oldestFirst
}

export const withRuns = (chosen: readonly string[], ids: readonly string[]): string[] => [
  ...new Set([...chosen, ...ids]),
]
export const withoutRuns = (chosen: readonly string[], ids: readonly string[]): string[] =>
  chosen.filter((id) => !ids.includes(id))
