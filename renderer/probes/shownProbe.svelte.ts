// The probe that is shown, with its document once it is there.
// Owns: when it is read. Not: the list of probes (workspace.svelte.ts), drawing (ProbeCards.svelte).
import type { AppError } from '../../main/contract/errors.ts'
import type { ProbeDocument } from '../../main/contract/probes.ts'
import type { ProbeRecord } from '../../main/contract/storedProbes.ts'

export type GetProbe = (id: string, signal: AbortSignal) => Promise<ProbeRecord>

export class ShownProbe {
  document = $state.raw<ProbeDocument | null>(null)
  problem = $state.raw<AppError | null>(null)
  isLoading = $state(false)
  #get: GetProbe
  #key = ''
  #asked: AbortController | null = null

  constructor(get: GetProbe) {
    this.#get = get
  }

  /** Reads the document of a probe that is done; of any other there is none. */
  open(id: string | null, isDone: boolean): void {
    const key = id !== null && isDone ? id : ''
    if (key === this.#key && this.problem === null) return
    this.close()
    this.#key = key
    if (key !== '') void this.#load(key)
  }

  retry(): void {
    if (this.#key !== '') void this.#load(this.#key)
  }

  close(): void {
    this.#asked?.abort()
    this.#key = ''
    this.document = null
    this.problem = null
    this.isLoading = false
  }

  async #load(id: string): Promise<void> {
    this.#asked?.abort()
    const controller = new AbortController()
    this.#asked = controller
    this.isLoading = true
    this.problem = null
    try {
      const { document } = await this.#get(id, controller.signal)
      if (!controller.signal.aborted) this.document = document
    } catch (error) {
      // The call is client.ts's, which rejects with nothing else.
      if (!controller.signal.aborted) this.problem = error as AppError
    } finally {
      if (this.#asked === controller) this.isLoading = false
    }
  }
}
