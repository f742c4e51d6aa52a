// The run list: which runs, in which order, which one is under the keyboard. The conditions of a sweep stand together.
import { SvelteSet } from 'svelte/reactivity'
import type { RunRecord } from '../../main/contract/runs.ts'
import { invalidRate, statusNames } from './runText.ts'

export const runSorts = { newest: 'Newest', name: 'Name', invalid: 'Invalid rate', status: 'Status' } as const
export type RunSort = keyof typeof runSorts

const statusOrder = ['running', 'queued', 'paused', 'interrupted', 'failed', 'cancelled', 'done']

const comparers: Record<RunSort, (a: RunRecord, b: RunRecord) => number> = {
  newest: () => 0, // as the engine's list already is
  name: (a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }),
  invalid: (a, b) => (invalidRate(b) ?? -1) - (invalidRate(a) ?? -1),
  status: (a, b) => statusOrder.indexOf(a.status) - statusOrder.indexOf(b.status),
}

/** Every word must occur in the run's name, model, status, environment or oracle. */
export function matches(run: RunRecord, filter: string): boolean {
  const text = [
    run.name,
    run.settings.modelId,
    run.manifest.modelName,
    statusNames[run.status],
    run.settings.environment.name.replace('_', ' '),
    run.settings.oracle.kind,
  ]
    .join(' ')
    .toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

const asked = (a: RunRecord, b: RunRecord): number =>
  a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id, 'en', { numeric: true })

/** A row of the list: a run, or the heading over a sweep's conditions. */
export type RunItem =
  | { kind: 'run'; key: string; run: RunRecord }
  | { kind: 'sweep'; key: string; id: string; runs: RunRecord[]; isOpen: boolean }

export class RunList {
  filter = $state('')
  sort = $state<RunSort>('newest')
  /** Sweeps whose conditions are shown; all are while something is looked for. */
  readonly open = new SvelteSet<string>()
  #source: () => RunRecord[] | null

  constructor(source: () => RunRecord[] | null) {
    this.#source = source
  }

  rows = $derived.by(() => {
    const runs = this.#source() ?? []
    return runs.filter((run) => matches(run, this.filter)).sort(comparers[this.sort])
  })

  /** A sweep stands where the first of its conditions would. */
  items: RunItem[] = $derived.by(() => {
    const groups = new Map<string, RunRecord[]>()
    for (const run of this.rows)
      if (run.sweep) groups.set(run.sweep.id, [...(groups.get(run.sweep.id) ?? []), run])
    return this.rows.flatMap((run): RunItem[] => {
      if (!run.sweep) return [{ kind: 'run', key: run.id, run }]
      const { id } = run.sweep
      const runs = groups.get(id) ?? []
      if (runs[0] !== run) return []
      const isOpen = this.open.has(id) || this.filter.trim() !== ''
      // As they were asked for, the baseline first, unless the list is sorted by something else.
      const ordered = this.sort === 'newest' ? runs.toSorted(asked) : runs
      const members = isOpen ? ordered.map((one): RunItem => ({ kind: 'run', key: one.id, run: one })) : []
      return [{ kind: 'sweep', key: `sweep ${id}`, id, runs, isOpen }, ...members]
    })
  })

  toggle(sweep: string): void {
    if (!this.open.delete(sweep)) this.open.add(sweep)
  }

  /** The run that is `by` rows further from the given one, staying in the list; the first where none is given. Folded ones are passed over. */
  neighbour(id: string | null, by: number): RunRecord | null {
    const rows = this.items.flatMap((item) => (item.kind === 'run' ? [item.run] : []))
    const at = rows.findIndex((run) => run.id === id)
    return rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))] ?? null
  }
}
