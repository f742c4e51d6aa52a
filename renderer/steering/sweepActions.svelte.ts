// What can be done with sweeps: start, pause, go on, cancel, widen, judge anew, rename, remove.
import { reportOf } from '../../main/contract/errors.ts'
import type { SweepSettings, SweepSummary } from '../../main/contract/sweeps.ts'
import { engine, type Engine } from '../client.ts'
import { selection } from '../selection.svelte.ts'
import { LaterRemoval } from '../shared/laterRemoval.svelte.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'
import { sweepNow } from './sweepProgress.ts'

export type SweepChanges = Parameters<Engine['sweeps']['extend']>[0]['changes']

export class SweepActions {
  readonly removal = new LaterRemoval()
  /** `pause s1` while that call is under way. */
  busy = $state<string | null>(null)
  #calls: Engine['sweeps']
  #workspace: Workspace

  constructor(calls: Engine['sweeps'] = engine.sweeps, where: Workspace = workspace) {
    this.#calls = calls
    this.#workspace = where
  }

  /** All that are to be shown, as their runs stand now, newest first; null until the engine has told. */
  get shown(): SweepSummary[] | null {
    const { runs, sweeps } = this.#workspace
    const byId = new Map((runs ?? []).map((run) => [run.id, run]))
    return (
      sweeps
        ?.filter(({ id }) => !this.removal.hidden.has(id))
        .map((sweep) => sweepNow(sweep, (id) => byId.get(id) ?? null)) ?? null
    )
  }

  /** @throws AppError of the engine */
  async start(settings: SweepSettings): Promise<SweepSummary> {
    const sweep = await this.#calls.start(settings)
    this.#workspace.putSweep(sweep)
    return sweep
  }

  /** Adds conditions. @throws AppError of the engine */
  async extend(id: string, changes: SweepChanges): Promise<SweepSummary> {
    const sweep = await this.#calls.extend({ id, changes })
    this.#workspace.putSweep(sweep)
    return sweep
  }

  pause = ({ id }: SweepSummary): Promise<void> => this.#do('pause', id, () => this.#calls.pause({ id }))
  resume = ({ id }: SweepSummary): Promise<void> => this.#do('resume', id, () => this.#calls.resume({ id }))
  cancel = ({ id }: SweepSummary): Promise<void> => this.#do('cancel', id, () => this.#calls.cancel({ id }))
  judge = ({ id }: SweepSummary): Promise<void> => this.#do('judge', id, () => this.#calls.judge({ id }))

  rename = async ({ id, name: before }: SweepSummary, name: string): Promise<void> => {
    const trimmed = name.trim()
    if (trimmed && trimmed !== before)
      await this.#do('rename', id, () => this.#calls.rename({ id, name: trimmed.slice(0, 200) }))
  }

  remove = ({ id, name }: SweepSummary): void => {
    if (selection.sweep === id) selection.go({ sweep: null })
    this.removal.remove(id, `Removed “${name}” with its runs`, () => this.#calls.remove({ id }))
  }

  isBusy(action: string, { id }: SweepSummary): boolean {
    return this.busy === `${action} ${id}`
  }

  async #do(action: string, id: string, call: () => Promise<SweepSummary>): Promise<void> {
    this.busy = `${action} ${id}`
    try {
      this.#workspace.putSweep(await call())
    } catch (error) {
      toasts.error(reportOf(error))
    } finally {
      this.busy = null
    }
  }
}

export const sweepActions = new SweepActions()
