// What can be done to a run, and whether it is being done.
// Owns: pause, resume, cancel, rename, remove, and which of them a status allows. Not: how runs are listed or shown.
import { reportOf } from '../../main/contract/errors.ts'
import type { RunRecord, RunStatus } from '../../main/contract/runs.ts'
import { engine, type Engine } from '../client.ts'
import { selection } from '../selection.svelte.ts'
import { LaterRemoval } from '../shared/laterRemoval.svelte.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { workspace, type Workspace } from '../workspace.svelte.ts'

const resumable: readonly RunStatus[] = ['paused', 'interrupted', 'cancelled', 'failed']
const active: readonly RunStatus[] = ['queued', 'running', 'paused']

export const canPause = (run: RunRecord): boolean => run.status === 'running'
const certain = [
  'logits_not_finite',
  'intervention_nowhere',
  'intervention_unused',
  'intervention_never_fired',
]
/** From where it stopped it would end the same way: only other settings help. */
export const failsAgain = (run: RunRecord): boolean =>
  run.status === 'failed' && certain.includes(run.error?.code ?? '')
export const canResume = (run: RunRecord): boolean => resumable.includes(run.status) && !failsAgain(run)
export const canCancel = (run: RunRecord): boolean => active.includes(run.status)
export const canRemove = (run: RunRecord): boolean => run.status !== 'running'

export class RunActions {
  readonly removal = new LaterRemoval()
  /** `pause run-id` while that call is under way. */
  busy = $state<string | null>(null)
  #runs: Engine['runs']
  #workspace: Workspace

  constructor(runs: Engine['runs'] = engine.runs, where: Workspace = workspace) {
    this.#runs = runs
    this.#workspace = where
  }

  /** All runs that are to be shown. */
  get shown(): RunRecord[] | null {
    return this.#workspace.runs?.filter((run) => !this.removal.hidden.has(run.id)) ?? null
  }

  pause = (run: RunRecord): Promise<void> => this.#do('pause', run, () => this.#runs.pause({ id: run.id }))
  resume = (run: RunRecord): Promise<void> => this.#do('resume', run, () => this.#runs.resume({ id: run.id }))
  cancel = (run: RunRecord): Promise<void> => this.#do('cancel', run, () => this.#runs.cancel({ id: run.id }))

  rename = async (run: RunRecord, name: string): Promise<void> => {
    const trimmed = name.trim()
    if (trimmed && trimmed !== run.name)
      await this.#do('rename', run, () => this.#runs.rename({ id: run.id, name: trimmed.slice(0, 200) }))
  }

  remove = (run: RunRecord): void => {
    if (selection.run === run.id) selection.go({ run: null })
    this.removal.remove(run.id, `Removed “${run.name}”`, () => this.#runs.remove({ id: run.id }))
  }

  isBusy(action: string, run: RunRecord): boolean {
    return this.busy === `${action} ${run.id}`
  }

  async #do(action: string, run: RunRecord, call: () => Promise<RunRecord>): Promise<void> {
    this.busy = `${action} ${run.id}`
    try {
      this.#workspace.putRun(await call())
    } catch (error) {
      toasts.error(reportOf(error))
    } finally {
      this.busy = null
    }
  }
}

export const runActions = new RunActions()
