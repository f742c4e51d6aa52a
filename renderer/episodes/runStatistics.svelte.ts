// A run's counts by step and by outcome, read again while the run goes on.
// Owns: when they are read. Not: the figures made of them (charts/runFigures.ts).
import type { AppError } from '../../main/contract/errors.ts'
import type { EpisodeOutcome, StepStatistics } from '../../main/contract/runs.ts'

export interface RunCounts {
  bySteps: StepStatistics
  /** Episodes that ended so, or still run. */
  byOutcome: Record<EpisodeOutcome, number>
}
export type GetStatistics = (runId: string, signal: AbortSignal) => Promise<RunCounts>

const refreshMs = 1500
/** What one step sets off arrives within this. */
const gatherMs = 50

export class RunStatistics {
  counts = $state.raw<RunCounts | null>(null)
  problem = $state.raw<AppError | null>(null)
  #get: GetStatistics
  #runId: string | null = null
  #asked: AbortController | null = null
  #refresh: ReturnType<typeof setTimeout> | undefined
  #loadedAt = 0

  constructor(get: GetStatistics) {
    this.#get = get
  }

  open(runId: string | null): void {
    if (runId === this.#runId) return
    this.close()
    this.#runId = runId
    if (runId !== null) void this.#load()
  }

  close(): void {
    clearTimeout(this.#refresh)
    this.#refresh = undefined
    this.#asked?.abort()
    this.#runId = null
    this.counts = null
    this.problem = null
  }

  /** Something of this run changed: read at once after a rest, then as often as it is worth while. */
  changed(runId: string): void {
    if (runId !== this.#runId || this.#refresh !== undefined) return
    const restedMs = performance.now() - this.#loadedAt
    this.#refresh = setTimeout(() => void this.#load(), Math.max(gatherMs, refreshMs - restedMs))
  }

  retry(): void {
    void this.#load()
  }

  async #load(): Promise<void> {
    const runId = this.#runId
    if (runId === null) return
    clearTimeout(this.#refresh)
    this.#refresh = undefined
    this.#loadedAt = performance.now()
    this.#asked?.abort()
    const controller = new AbortController()
    this.#asked = controller
    try {
      const counts = await this.#get(runId, controller.signal)
      if (controller.signal.aborted) return
      this.counts = counts
      this.problem = null
    } catch (error) {
      // The call is client.ts's, which rejects with nothing else.
      if (!controller.signal.aborted) this.problem = error as AppError
    }
  }
}
