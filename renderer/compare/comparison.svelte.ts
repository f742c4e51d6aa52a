// What the engine says of the runs that are compared.
// Owns: when it is asked, and that a late answer is dropped. Not: which runs (selection.svelte.ts), drawing.
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { ComparedRun, RunComparison } from '../../main/contract/comparison.ts'
import type { StepStatistics } from '../../main/contract/runs.ts'

type Compare = (runIds: string[], signal: AbortSignal) => Promise<RunComparison>
type Statistics = (runId: string, signal: AbortSignal) => Promise<StepStatistics>

/** Runs that go on are compared again at most this often. */
const refreshMs = 3000
/** So many curves are asked for at once. */
const atOnce = 4

export class Comparison {
  result = $state.raw<RunComparison | null>(null)
  problem = $state.raw<ErrorReport | null>(null)
  isLoading = $state(false)
  /** By run, as they arrive. */
  curves = $state.raw<ReadonlyMap<string, StepStatistics>>(new Map())
  #compare: Compare
  #statistics: Statistics
  #runIds: string[] = []
  #asked: AbortController | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #stale = new Set<string>()

  constructor(compare: Compare, statistics: Statistics) {
    this.#compare = compare
    this.#statistics = statistics
  }

  /** The first is what the others are compared with; fewer than two are no comparison. */
  open(runIds: readonly string[]): void {
    if (runIds.join('\n') === this.#runIds.join('\n')) return
    this.close()
    this.#runIds = [...runIds]
    this.#ask(this.#runIds)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#asked?.abort()
    this.#asked = null
    this.#stale.clear()
    this.#runIds = []
    this.result = null
    this.problem = null
    this.isLoading = false
    this.curves = new Map()
  }

  retry(): void {
    this.#ask(this.#runIds)
  }

  /** A run went on: what is shown of it is asked for again soon. */
  changed(runId: string): void {
    if (!this.#runIds.includes(runId)) return
    this.#stale.add(runId)
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#ask([...this.#stale])
      this.#stale.clear()
    }, refreshMs)
  }

  of(runId: string): ComparedRun | null {
    return this.result?.runs.find((run) => run.runId === runId) ?? null
  }

  #ask(curvesOf: readonly string[]): void {
    this.#asked?.abort()
    if (this.#runIds.length < 2) return
    const controller = new AbortController()
    this.#asked = controller
    this.isLoading = true
    void this.#read(controller)
    void this.#readCurves([...curvesOf], controller.signal)
  }

  async #read(controller: AbortController): Promise<void> {
    try {
      const result = await this.#compare(this.#runIds, controller.signal)
      if (controller.signal.aborted) return
      this.result = result
      this.problem = null
    } catch (error) {
      if (!controller.signal.aborted) this.problem = reportOf(error)
    } finally {
      if (this.#asked === controller) this.isLoading = false
    }
  }

  /** A curve that cannot be read is left out: why is said of the comparison. */
  async #readCurves(runIds: string[], signal: AbortSignal): Promise<void> {
    const work = async (): Promise<void> => {
      for (let id = runIds.shift(); id !== undefined && !signal.aborted; id = runIds.shift()) {
        const read = await this.#statistics(id, signal).catch(() => null)
        if (read && !signal.aborted) this.curves = new Map(this.curves).set(id, read)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }
}
