// Comparisons that a window keeps under a name.
// Owns: telling every window that they changed. Not: their table (store/comparisons.ts) or comparing (compareRuns.ts).
import type { SavedComparison } from '../contract/comparison.ts'
import type { Workspace } from '../store/workspace.ts'
import type { EventHub } from './eventHub.ts'

export class ComparisonDesk {
  private readonly workspace: Workspace
  private readonly hub: EventHub

  constructor(workspace: Workspace, hub: EventHub) {
    this.workspace = workspace
    this.hub = hub
  }

  /** The newest first. */
  list(): SavedComparison[] {
    return this.workspace.comparisons.list()
  }

  /** Takes the place of one of the same name. */
  save(comparison: SavedComparison): void {
    this.workspace.comparisons.save(comparison)
    this.hub.emit({ kind: 'comparisons' })
  }

  /** @throws not_found */
  remove(name: string): void {
    this.workspace.comparisons.remove(name)
    this.hub.emit({ kind: 'comparisons' })
  }
}
