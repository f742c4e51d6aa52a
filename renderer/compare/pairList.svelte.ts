// The episodes of two runs, pair by pair.
// Owns: reading both lists, order, the neighbour of a pair. Not: pairing (episodePairs.ts), drawing.
import { reportOf, type ErrorReport } from '../../main/contract/errors.ts'
import type { EpisodePage, EpisodeQuery, EpisodeSummary, RunRecord } from '../../main/contract/runs.ts'
import { orderPairs, pairEpisodes, type EpisodePair, type PairOrder } from './episodePairs.ts'

type ListEpisodes = (query: EpisodeQuery, signal: AbortSignal) => Promise<EpisodePage>
/** The engine hands out no longer pages. */
const pageSize = 5000

export class PairList {
  pairs = $state.raw<readonly EpisodePair[] | null>(null)
  problem = $state.raw<ErrorReport | null>(null)
  order = $state<PairOrder>('change')
  needle = $state('')
  rows = $derived.by(() => {
    const needle = this.needle.trim().toLowerCase()
    const found = (this.pairs ?? []).filter(({ task }) => task.toLowerCase().includes(needle))
    return orderPairs(found, this.order)
  })
  #list: ListEpisodes
  #key = ''
  #asked: AbortController | null = null

  constructor(list: ListEpisodes) {
    this.#list = list
  }

  /** @param base  what `own` is compared with */
  open(base: RunRecord | null, own: RunRecord | null): void {
    const key = base && own ? `${base.id}\n${own.id}` : ''
    if (key === this.#key) return
    this.#key = key
    this.pairs = null
    this.problem = null
    this.refresh(base, own)
  }

  refresh(base: RunRecord | null, own: RunRecord | null): void {
    this.#asked?.abort()
    if (!base || !own) return
    const controller = new AbortController()
    this.#asked = controller
    void this.#read(base, own, controller.signal)
  }

  close(): void {
    this.open(null, null)
    this.#asked?.abort()
  }

  /** The pair in which an episode of the second run stands. */
  of(episode: number | null): EpisodePair | null {
    return this.pairs?.find(({ own }) => own?.episode === episode && episode !== null) ?? null
  }

  /** Of pairs that both runs have, the one so many rows further. */
  neighbour(episode: number | null, by: number): EpisodePair | null {
    const whole = this.rows.filter(({ base, own }) => base && own)
    const place = whole.findIndex(({ own }) => own?.episode === episode)
    const target = place < 0 ? 0 : Math.min(whole.length - 1, Math.max(0, place + by))
    return whole[target] ?? null
  }

  async #read(base: RunRecord, own: RunRecord, signal: AbortSignal): Promise<void> {
    try {
      const [bases, owns] = await Promise.all([this.#all(base.id, signal), this.#all(own.id, signal)])
      if (signal.aborted) return
      this.pairs = pairEpisodes(bases, owns, base.settings.seed === own.settings.seed)
      this.problem = null
    } catch (error) {
      if (!signal.aborted) this.problem = reportOf(error)
    }
  }

  async #all(runId: string, signal: AbortSignal): Promise<EpisodeSummary[]> {
    const found: EpisodeSummary[] = []
    for (;;) {
      const query = {
        ...{ runId, task: '', outcomes: [], minInvalidRate: 0, maxInvalidRate: 1 },
        ...{ sort: 'episode' as const, descending: false, offset: found.length, limit: pageSize },
      }
      const { episodes, total } = await this.#list(query, signal)
      found.push(...episodes)
      if (found.length >= total || episodes.length === 0 || signal.aborted) return found
    }
  }
}
