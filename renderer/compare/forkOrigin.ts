// A fork beside the episode that it goes on from.
// Owns: where that comparison lies. Not: what a fork is (main/contract/runs.ts).
import type { Place } from '../address.ts'
import type { RunRecord } from '../../main/contract/runs.ts'

/** Null for a run that began at its beginning. */
export const forkComparison = ({ id, manifest: { fork } }: RunRecord): Partial<Place> | null =>
  fork
    ? {
        view: 'compare',
        runs: [fork.runId, id],
        run: id,
        episode: fork.episode,
        step: fork.step,
        tab: null,
      }
    : null
