// Which status each run has, also where the disk would not take it.
// Owns: writing statuses, and remembering those that could not be written. Not: deciding them (runControl.ts).
import { reportOf, type ErrorReport } from '../contract/errors.ts'
import type { RunRecord, RunStatus } from '../contract/runs.ts'
import type { Workspace } from '../store/workspace.ts'
import type { EventHub } from './eventHub.ts'

interface Unwritten {
  status: RunStatus
  error: ErrorReport | null
}

export class RunLedger {
  private readonly unwritten = new Map<string, Unwritten>()
  private readonly workspace: Workspace
  private readonly hub: EventHub

  constructor(workspace: Workspace, hub: EventHub) {
    this.workspace = workspace
    this.hub = hub
  }

  /** @throws not_found */
  get(id: string): RunRecord {
    return this.asItIs(this.workspace.runs.get(id))
  }

  /** The newest first. */
  list(): RunRecord[] {
    return this.workspace.runs.list().map((run) => this.asItIs(run))
  }

  /** A status that may still be refused: where it cannot be written the run keeps the one it had. @throws disk_full, … */
  write(id: string, status: RunStatus): void {
    this.workspace.runs.setStatus(id, status)
    this.unwritten.delete(id)
  }

  /**
   * A status that is a fact already, such as the end of a run. Where it cannot be written (a full disk) it is remembered with
   * the reason (a finished run counts as interrupted: resuming it only writes its end), and listeners hear of it.
   */
  conclude(id: string, status: RunStatus, failure?: unknown): void {
    const error = failure === undefined ? null : reportOf(failure)
    try {
      this.workspace.runs.setStatus(id, status, { error })
      this.unwritten.delete(id)
    } catch (problem) {
      const report = reportOf(problem)
      const ends: RunStatus = status === 'done' ? 'interrupted' : status
      this.unwritten.set(id, { status: ends, error: error ?? report })
      this.hub.emit({ kind: 'problem', error: report })
    }
  }

  /** Tries once more what could not be written. */
  flush(): void {
    for (const [id, { status, error }] of [...this.unwritten]) {
      this.workspace.runs.setStatus(id, status, { error })
      this.unwritten.delete(id)
    }
  }

  forget(id: string): void {
    this.unwritten.delete(id)
  }

  private asItIs(run: RunRecord): RunRecord {
    const known = this.unwritten.get(run.id)
    return known ? { ...run, ...known } : run
  }
}
