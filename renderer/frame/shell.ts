// What the page tells the shell and hears from it: progress, notifications, menu commands. A browser gets the progress in
// the tab's title instead.
import type { DesktopApi, DesktopCommand } from '../../main/contract/desktop.ts'
import type { RunRecord, RunStatus } from '../../main/contract/runs.ts'
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

/** Which runs came to an end between two looks, and what to say of it. A run that was cancelled here is no news. */
export class EndWatch {
  #seen = new Map<string, RunStatus>()

  look(runs: readonly RunRecord[]): { title: string; body: string; run: RunRecord }[] {
    const news = runs.flatMap((run) => {
      const before = this.#seen.get(run.id)
      const wasActive = before === 'running' || before === 'queued'
      if (!wasActive || !(run.status === 'done' || run.status === 'failed')) return []
      if (run.status === 'failed')
        return [{ title: `“${run.name}” failed`, body: run.error?.message ?? 'No reason was given.', run }]
      const { episodesDone, steps } = run.progress
      const body = `${plural(episodesDone, 'episode')}, ${plural(steps, 'step')}, ${percent(invalidRate(run))} invalid.`
      return [{ title: `“${run.name}” is done`, body, run }]
    })
    this.#seen = new Map(runs.map((run) => [run.id, run.status]))
    return news
  }
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
