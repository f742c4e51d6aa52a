// A data set's activations in a plane, read when it is looked at and kept while the probe is shown.
// Owns: which plane is shown and when it is computed. Not: drawing it (ProjectionCard.svelte).
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { ProbeProjection } from '../../main/contract/storedProbes.ts'

export type ProjectionMethod = ProbeProjection['method']
/** Null where it was cancelled. */
export type GetProjection = (id: string, method: ProjectionMethod) => Promise<ProbeProjection | null>

export class ShownProjection {
  method = $state<ProjectionMethod>('pca')
  projection = $state.raw<ProbeProjection | null>(null)
  problem = $state.raw<ErrorReport | null>(null)
  isLoading = $state(false)
  #get: GetProjection
  #id: string | null = null
  #known = new Map<string, ProbeProjection>()
  #round = 0

  constructor(get: GetProjection) {
    this.#get = get
  }

  open(id: string | null): void {
    if (id === this.#id) return
    this.#id = id
    this.#known.clear()
    this.projection = null
    this.problem = null
    void this.show(this.method)
  }

  async show(method: ProjectionMethod): Promise<void> {
    this.method = method
    const id = this.#id
    const round = ++this.#round
    if (id === null) return
    const known = this.#known.get(method)
    this.problem = null
    this.projection = known ?? null
    this.isLoading = known === undefined
    if (known) return
    try {
      const made = await this.#get(id, method)
      if (made && id === this.#id) this.#known.set(method, made)
      if (round === this.#round) this.projection = made
    } catch (fault) {
      if (round === this.#round) this.problem = reportOf(fault)
    } finally {
      if (round === this.#round) this.isLoading = false
    }
  }
}
