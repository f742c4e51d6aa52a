// What the page tells the shell and hears from it: progress, notifications, menu commands. A browser gets the progress in
// the tab's title instead.
import type { DesktopApi, DesktopCommand } from '../../main/contract/desktop.ts'
import type { ErrorReport } from '../../main/contract/errors.ts'
import type { RunRecord, RunStatus } from '../../main/contract/runs.ts'
import type { SweepSummary } from '../../main/contract/sweeps.ts'
import { fractionDone, invalidRate } from '../runs/runText.ts'
import { percent, plural } from '../shared/format.ts'

/** Mean over the running runs; null where none runs. */
export function overallProgress(runs: readonly RunRecord[]): number | null {
  const running = runs.filter((run) => run.status === 'running')
  return running.length === 0
    ? null
    : running.reduce((sum, run) => sum + fractionDone(run), 0) / running.length
}

export const titleOf = (fraction: number | null, place: string): string =>
  `${fraction === null ? '' : `${Math.floor(fraction * 100)} % · `}${place ? `${place} – ` : ''}Innerview`

export interface News {
  title: string
  body: string
  /** Of what failed. */
  error: ErrorReport | null
  /** Where it is to be seen. */
  place: { view: 'episodes'; run: string } | { view: 'steer'; sweep: string }
}

const active: readonly string[] = ['running', 'queued', 'judging']

/**
 * Which runs and sweeps came to an end between two looks, and what to say of it. What was cancelled here is no news, nor is one
 * condition of a sweep: the sweep is told of when it has been judged.
 */
export class EndWatch {
  #runs = new Map<string, RunStatus>()
  #sweeps = new Map<string, SweepSummary['status']>()

  look(runs: readonly RunRecord[], sweeps: readonly SweepSummary[]): News[] {
    const endedRuns = runs.filter(({ id, sweep }) => !sweep && active.includes(this.#runs.get(id) ?? ''))
    const endedSweeps = sweeps.filter(({ id }) => active.includes(this.#sweeps.get(id) ?? ''))
    this.#runs = new Map(runs.map(({ id, status }) => [id, status]))
    this.#sweeps = new Map(sweeps.map(({ id, status }) => [id, status]))
    return [...endedRuns.flatMap(newsOfRun), ...endedSweeps.flatMap(newsOfSweep)]
  }
}

function newsOfRun(run: RunRecord): News[] {
  const { id, name, status, error } = run
  const place = { view: 'episodes' as const, run: id }
  if (status === 'failed')
    return [{ title: `“${name}” failed`, body: error?.message ?? 'No reason was given.', error, place }]
  if (status !== 'done') return []
  const { episodesDone, steps } = run.progress
  const body = `${plural(episodesDone, 'episode')}, ${plural(steps, 'step')}, ${percent(invalidRate(run))} invalid.`
  return [{ title: `“${name}” is done`, body, error: null, place }]
}

function newsOfSweep({ id, name, status, error, overall, isVerdictOutdated }: SweepSummary): News[] {
  const place = { view: 'steer' as const, sweep: id }
  if (status === 'failed' || (status === 'done' && error))
    return [{ title: `“${name}” failed`, body: error?.message ?? 'Its conditions failed.', error, place }]
  if (status !== 'done' || !overall || isVerdictOutdated) return []
  return [{ title: `“${name}” is judged`, body: overall.sentence, error: null, place }]
}

/** Ids in commands.svelte.ts for what the menu asks. */
export const commandIds: Record<DesktopCommand, string> = {
  'open-model': 'add-model',
  'new-run': 'new-run',
  palette: 'palette',
  find: 'search',
  settings: 'go-settings',
  shortcuts: 'shortcuts',
  'go-back': 'back',
  'go-forward': 'forward',
  'show-runs': 'go-runs',
  'show-models': 'go-models',
  'show-jobs': 'go-jobs',
  'toggle-theme': 'theme',
}

/** Sends progress only when it changed by a visible amount. */
export class ProgressSender {
  #sent: number | null | undefined
  #desktop: Pick<DesktopApi, 'progress'> | undefined

  constructor(desktop: Pick<DesktopApi, 'progress'> | undefined) {
    this.#desktop = desktop
  }
  send(fraction: number | null): void {
    const rounded = fraction === null ? null : Math.round(fraction * 200) / 200
    if (rounded === this.#sent) return
    this.#sent = rounded
    this.#desktop?.progress(rounded)
  }
}
