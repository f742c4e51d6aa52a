// The library's vectors, for whoever only chooses among them.
// Owns: reading the list, again when it changed. Not: the library itself.
import type { VectorSummary } from '../../main/contract/vectors.ts'

export class VectorChoices {
  /** Null until they are read. */
  list = $state.raw<readonly VectorSummary[] | null>(null)
  #read: () => Promise<VectorSummary[]>

  constructor(read: () => Promise<VectorSummary[]>) {
    this.#read = read
  }

  /** What cannot be read is as good as an empty library: the view says so and whoever asks again gets it. */
  async refresh(): Promise<void> {
    this.list = await this.#read().catch(() => this.list ?? [])
  }
}
