// The run list: which runs, in which order, which one is under the keyboard.
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

export class RunList {
  filter = $state('')
  sort = $state<RunSort>('newest')
  #source: () => RunRecord[] | null

  constructor(source: () => RunRecord[] | null) {
    this.#source = source
  }

  rows = $derived.by(() => {
    const runs = this.#source() ?? []
    return runs.filter((run) => matches(run, this.filter)).sort(comparers[this.sort])
  })

  /** The run that is `by` rows further from the given one, staying in the list; the first where none is given. */
  neighbour(id: string | null, by: number): RunRecord | null {
    const at = this.rows.findIndex((run) => run.id === id)
    return this.rows[at < 0 ? 0 : Math.min(this.rows.length - 1, Math.max(0, at + by))] ?? null
  }
}
