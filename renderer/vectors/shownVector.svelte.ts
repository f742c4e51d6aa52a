// The vector that is shown, with all that was found when it was made.
// Owns: when it is read. Not: the list of vectors (workspace.svelte.ts), drawing (VectorCards.svelte).
import type { AppError } from '../../main/contract/errors.ts'
import type { VectorRecord } from '../../main/contract/vectors.ts'

export type GetVector = (id: string, signal: AbortSignal) => Promise<VectorRecord>

export class ShownVector {
  record = $state.raw<VectorRecord | null>(null)
  problem = $state.raw<AppError | null>(null)
  #get: GetVector
  #id: string | null = null
  #asked: AbortController | null = null

  constructor(get: GetVector) {
    this.#get = get
  }

  open(id: string | null): void {
    if (id === this.#id && this.problem === null) return
    this.#asked?.abort()
    this.#id = id
    this.record = null
    this.problem = null
    if (id !== null) void this.#load(id)
  }

  retry(): void {
    if (this.#id !== null) void this.#load(this.#id)
  }

  async #load(id: string): Promise<void> {
    this.#asked?.abort()
    const controller = new AbortController()
    this.#asked = controller
    this.problem = null
    try {
      const record = await this.#get(id, controller.signal)
      if (!controller.signal.aborted) this.record = record
    } catch (error) {
      // The call is client.ts's, which rejects with nothing else.
      if (!controller.signal.aborted) this.problem = error as AppError
    }
  }
}
