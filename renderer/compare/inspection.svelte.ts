// One step of an episode in several runs, as the engine found it.
// Owns: what is asked, its progress, what was read before. Not: which step (selection.svelte.ts), drawing (InspectSteps.svelte).
import type { WorkProgress } from '../../main/contract/api.ts'
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { InspectionQuery, StepInspection } from '../../main/contract/inspection.ts'

type Inspect = (
  query: InspectionQuery,
  signal: AbortSignal,
) => Promise<AsyncIterator<WorkProgress, StepInspection | void>>

/** Keys pressed in a row ask once. */
const settleMs = 120
/** Steps that are kept, so that going back needs no model. */
const kept = 60

export class Inspection {
  result = $state.raw<StepInspection | null>(null)
  problem = $state.raw<ErrorReport | null>(null)
  progress = $state.raw<WorkProgress | null>(null)
  isLoading = $state(false)
  #inspect: Inspect
  #query: InspectionQuery | null = null
  #key = ''
  #asked: AbortController | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #known = new Map<string, StepInspection>()

  constructor(inspect: Inspect) {
    this.#inspect = inspect
  }

  /** Another step keeps the old one on the screen until it is there; other runs do not. */
  open(query: InspectionQuery | null): void {
    const key = query === null ? '' : JSON.stringify(query)
    if (key === this.#key) return
    const hasOtherRuns = query?.runIds.join('\n') !== this.#query?.runIds.join('\n')
    this.close()
    this.#key = key
    this.#query = query
    if (hasOtherRuns) this.result = null
    if (query === null) return
    const known = this.#known.get(key)
    if (known) this.result = known
    else {
      this.isLoading = true
      this.#timer = setTimeout(() => void this.#read(query, key), settleMs)
    }
  }

  /** Stops what is under way. */
  close(): void {
    clearTimeout(this.#timer)
    this.#asked?.abort()
    this.#asked = null
    this.#key = ''
    this.isLoading = false
    this.progress = null
    this.problem = null
  }

  retry(): void {
    const query = this.#query
    this.close()
    if (query) {
      this.#key = JSON.stringify(query)
      this.#known.delete(this.#key)
      void this.#read(query, this.#key)
    }
  }

  async #read(query: InspectionQuery, key: string): Promise<void> {
    const controller = new AbortController()
    this.#asked = controller
    this.isLoading = true
    try {
      const stream = await this.#inspect(query, controller.signal)
      for (;;) {
        const next = await stream.next()
        if (controller.signal.aborted) return
        if (!next.done) {
          this.progress = next.value
          continue
        }
        if (next.value) this.#keep(key, next.value)
        break
      }
    } catch (error) {
      if (!controller.signal.aborted) this.problem = reportOf(error)
    } finally {
      if (this.#asked === controller) {
        this.isLoading = false
        this.progress = null
      }
    }
  }

  /** A step that some run has not played yet may be there the next time. */
  #keep(key: string, result: StepInspection): void {
    this.result = result
    if (result.runs.some(({ message }) => message === null || message.refusal !== null)) return
    this.#known.set(key, result)
    const [oldest] = this.#known.keys()
    if (this.#known.size > kept && oldest !== undefined) this.#known.delete(oldest)
  }
}
