// A probe's score of every episode of the run that is shown, for the episode table.
// Owns: when scores are read, also while the run goes on. Not: the table (episodes/).
import type { episodeScore } from '../../main/contract/storedProbes.ts'
import type * as z from 'zod'

type Score = z.infer<typeof episodeScore>
export type GetScores = (question: { id: string; runId: string }) => Promise<Score[]>

/** Scores of a run that plays are read again at most this often. */
const refreshMs = 1500

export class EpisodeScores {
  /** By episode; null while no probe is chosen, or it cannot be read here. */
  scores = $state.raw<ReadonlyMap<number, Score> | null>(null)
  #get: GetScores
  #which: { id: string; runId: string } | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #round = 0

  constructor(get: GetScores) {
    this.#get = get
  }

  open(id: string | null, runId: string | null): void {
    if (id === (this.#which?.id ?? null) && runId === (this.#which?.runId ?? null)) return
    this.close()
    this.#which = id === null || runId === null ? null : { id, runId }
    void this.#load()
  }

  /** An episode of a run began or went on. */
  changed(runId: string): void {
    if (runId === this.#which?.runId) this.#timer ??= setTimeout(() => void this.#load(), refreshMs)
  }

  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#which = null
    this.#round++
    this.scores = null
  }

  async #load(): Promise<void> {
    const which = this.#which
    this.#timer = undefined
    if (!which) return
    const round = ++this.#round
    try {
      const scores = await this.#get(which)
      if (round === this.#round) this.scores = new Map(scores.map((one) => [one.episode, one]))
    } catch {
      // The read-out of an episode says why; a column without figures says enough here.
      if (round === this.#round) this.scores = null
    }
  }
}
