// Sweeps whose answers are scored and judged, one after the other or at once.
// Owns: which are judged now, how far they are, what is kept of a judgement that failed. Not: when to judge (sweepDesk.ts), scoring (sweepScores.ts) or
// the verdict (sweepVerdict.ts).
import { reportOf } from '../../contract/errors.ts'
import type { SweepSummary } from '../../contract/sweeps.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { ModelLibrary } from '../modelLibrary.ts'
import { runSteeringTask } from './steeringTasks.ts'
import { scoreSweep } from './sweepScores.ts'
import { requireSteps } from './sweepVerdict.ts'

type Progress = NonNullable<SweepSummary['progress']>

interface Judging {
  stop: AbortController
  progress: Progress
  done: Promise<void>
}

export class SweepJudging {
  private readonly workspace: Workspace
  private readonly models: ModelLibrary
  private readonly tell: (id: string) => void
  private readonly judging = new Map<string, Judging>()

  /** @param tell  that a sweep stands otherwise now, where it is still there */
  constructor(workspace: Workspace, models: ModelLibrary, tell: (id: string) => void) {
    this.workspace = workspace
    this.models = models
    this.tell = tell
  }

  /** Null where it is not judged now. */
  progressOf(id: string): Progress | null {
    return this.judging.get(id)?.progress ?? null
  }

  ids(): string[] {
    return [...this.judging.keys()]
  }

  /** Scores what has not been scored and judges. What goes wrong is kept with the sweep, beside the verdict that it had. */
  judge(sweep: Pick<SweepSummary, 'id' | 'conditions'>): Promise<void> {
    const { id } = sweep
    const stop = new AbortController()
    const judging: Judging = {
      stop,
      progress: { label: 'Scoring answers', fraction: 0 },
      done: Promise.resolve(),
    }
    judging.done = this.judgement(sweep, judging).finally(() => {
      this.judging.delete(id)
      this.tell(id)
    })
    this.judging.set(id, judging)
    this.tell(id)
    return judging.done
  }

  /** @returns whether it was judged */
  stop(id: string): boolean {
    const judging = this.judging.get(id)
    judging?.stop.abort()
    return judging !== undefined
  }

  async ended(id: string): Promise<void> {
    await this.judging.get(id)?.done
  }

  async close(): Promise<void> {
    for (const { stop } of this.judging.values()) stop.abort()
    await Promise.all([...this.judging.values()].map(({ done }) => done))
  }

  private async judgement(
    { id, conditions }: Pick<SweepSummary, 'id' | 'conditions'>,
    judging: Judging,
  ): Promise<void> {
    const { signal } = judging.stop
    const { sweeps, folder } = this.workspace
    const tell = (progress: Progress): void => {
      judging.progress = progress
      this.tell(id)
    }
    try {
      requireSteps({ id, conditions })
      await scoreSweep(id, { workspace: this.workspace, models: this.models }, tell, signal)
      tell({ label: 'Judging', fraction: 1 })
      const verdict = await runSteeringTask({ kind: 'verdict', workspaceFolder: folder, sweepId: id }, signal)
      sweeps.conclude(id, verdict, null)
    } catch (error) {
      // What was found before stays found.
      if (!signal.aborted) sweeps.conclude(id, sweeps.get(id).verdict, reportOf(error))
    }
  }
}
