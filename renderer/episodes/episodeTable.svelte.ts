// The episodes of a run as a long table: which are shown, in what order, which of them have been fetched.
// Owns: filters, order, pages, the cursor, changes that arrive while it is looked at. Not: drawing rows (EpisodeTable.svelte).
import { SvelteMap } from 'svelte/reactivity'
import type { AppError } from '../../main/contract/errors.ts'
import type {
  EpisodeOutcome,
  EpisodePage,
  EpisodeQuery,
  EpisodeSummary,
  episodeSort,
} from '../../main/contract/runs.ts'

/** `probe`: what the chosen probe reads on average. */
export type EpisodeSort = (typeof episodeSort.options)[number] | 'probe'
export type ListEpisodes = (query: EpisodeQuery, signal: AbortSignal) => Promise<EpisodePage>

export interface EpisodeFilter {
  task: string
  outcomes: readonly EpisodeOutcome[]
  /** 0…1 */
  minInvalidRate: number
  maxInvalidRate: number
}

const noFilter: EpisodeFilter = { task: '', outcomes: [], minInvalidRate: 0, maxInvalidRate: 1 }
export const pageSize = 200
/** Changes of rows that are shown are gathered this long; a list whose order may have changed is asked for again after the second. */
const gatherMs = 120
const refreshMs = 1200

export class EpisodeTable {
  /** Rows there are with this filter; null until the first answer. */
  total = $state<number | null>(null)
  isLoading = $state(false)
  problem = $state.raw<AppError | null>(null)
  filter = $state.raw<EpisodeFilter>(noFilter)
  sort = $state<EpisodeSort>('episode')
  isDescending = $state(false)
  /** That episodes may be ordered by; null while none is chosen. */
  #probe: string | null = null
  /** Row the keyboard stands on; −1 for none. */
  cursor = $state(-1)

  #list: ListEpisodes
  #runId: string | null = null
  #rows = new SvelteMap<number, EpisodeSummary>()
  #places = new Map<number, number>()
  #fetched = new Set<number>()
  #asked = new Map<number, AbortController>()
  #seen = { first: 0, last: 0 }
  #isStale = false
  #changes = new Map<number, EpisodeSummary>()
  #gather: ReturnType<typeof setTimeout> | undefined
  #refresh: ReturnType<typeof setTimeout> | undefined

  constructor(list: ListEpisodes) {
    this.#list = list
  }

  get runId(): string | null {
    return this.#runId
  }
  get isFiltered(): boolean {
    const { task, outcomes, minInvalidRate, maxInvalidRate } = this.filter
    return task !== '' || outcomes.length > 0 || minInvalidRate > 0 || maxInvalidRate < 1
  }

  /** What is wrong with the filter; then no episode passes it and the engine is not asked. */
  get fault(): string | null {
    const { minInvalidRate, maxInvalidRate } = this.filter
    return minInvalidRate > maxInvalidRate ? 'The lowest rate is above the highest.' : null
  }

  /** Shows another run's episodes; filter and order stay as they are. */
  open(runId: string | null): void {
    if (runId === this.#runId) return
    this.#runId = runId
    this.#restart()
  }

  /** Drops everything under way. */
  close(): void {
    clearTimeout(this.#gather)
    clearTimeout(this.#refresh)
    for (const controller of this.#asked.values()) controller.abort()
    this.#asked.clear()
    this.#runId = null
  }

  /** Another probe is chosen, or none: an order by its read-out follows. */
  setProbe(id: string | null): void {
    if (id === this.#probe) return
    this.#probe = id
    if (this.sort !== 'probe') return
    if (id === null) {
      this.sort = 'episode'
      this.isDescending = false
    }
    this.#restart()
  }

  setFilter(change: Partial<EpisodeFilter>): void {
    this.filter = { ...this.filter, ...change }
    this.#restart()
  }

  clearFilter(): void {
    this.setFilter(noFilter)
  }

  toggleOutcome(outcome: EpisodeOutcome): void {
    const { outcomes } = this.filter
    const has = outcomes.includes(outcome)
    this.setFilter({ outcomes: has ? outcomes.filter((one) => one !== outcome) : [...outcomes, outcome] })
  }

  /** A column's header was pressed: its order, then the opposite. Amounts begin with the largest. */
  sortBy(column: EpisodeSort): void {
    const textual = column === 'episode' || column === 'task' || column === 'outcome'
    if (this.sort === column) this.isDescending = !this.isDescending
    else {
      this.sort = column
      this.isDescending = !textual
    }
    this.#restart()
  }

  /** The episode in a row; undefined while it is on its way. */
  row(index: number): EpisodeSummary | undefined {
    return this.#rows.get(index)
  }

  /** Row of an episode, −1 where it is not known. */
  placeOf(episode: number): number {
    return this.#places.get(episode) ?? -1
  }

  /** Rows first…last are on the screen: fetches what is missing of them. */
  show(first: number, last: number): void {
    this.#seen = { first, last }
    for (let page = Math.floor(first / pageSize); page <= Math.floor(last / pageSize); page++)
      void this.#fetch(page)
  }

  moveCursor(by: number): void {
    if (this.total === null || this.total === 0) return
    const from = this.cursor < 0 ? (by > 0 ? -1 : this.total) : this.cursor
    this.cursor = Math.min(this.total - 1, Math.max(0, from + by))
    void this.#fetch(Math.floor(this.cursor / pageSize))
  }

  /**
   * The episode so many rows further in the present order; null beyond either end, and for an episode that this filter
   * leaves out.
   */
  async neighbour(episode: number, by: number): Promise<EpisodeSummary | null> {
    const isPlain = this.sort === 'episode' && !this.isDescending && !this.isFiltered
    const place = this.#places.get(episode) ?? (isPlain ? episode : null)
    if (place === null) return null
    const target = place + by
    if (target < 0 || (this.total !== null && target >= this.total)) return null
    await this.#fetch(Math.floor(target / pageSize))
    return this.#rows.get(target) ?? null
  }

  /** An episode began or went on. Many a second may arrive. */
  receive(episode: EpisodeSummary): void {
    if (episode.runId !== this.#runId) return
    this.#changes.set(episode.episode, episode)
    this.#gather ??= setTimeout(() => this.#applyChanges(), gatherMs)
  }

  #applyChanges(): void {
    this.#gather = undefined
    let mayMove = false
    const isPlain = this.sort === 'episode' && !this.isFiltered
    for (const [number, episode] of [...this.#changes].sort((a, b) => a[0] - b[0])) {
      const place = this.#places.get(number)
      if (place !== undefined) {
        this.#rows.set(place, episode)
        mayMove ||= !isPlain
      } else if (isPlain && !this.isDescending && number === this.total) {
        this.#put(number, episode)
        this.total = number + 1
      } else mayMove = true
    }
    this.#changes.clear()
    if (mayMove) this.#refresh ??= setTimeout(() => this.refresh(), refreshMs)
  }

  /** Asks again for what is on the screen; rows stay until the answer is there. */
  refresh(): void {
    clearTimeout(this.#refresh)
    this.#refresh = undefined
    this.#forget()
    this.show(this.#seen.first, this.#seen.last)
  }

  #restart(): void {
    clearTimeout(this.#refresh)
    this.#refresh = undefined
    this.#changes.clear()
    this.#forget()
    this.#isStale = true
    this.cursor = -1
    this.problem = null
    this.#seen = { first: 0, last: 0 }
    if (this.#runId === null || this.fault !== null) {
      this.#clear()
      this.total = this.#runId === null ? null : 0
      this.isLoading = false
    } else this.show(0, 0)
  }

  #forget(): void {
    for (const controller of this.#asked.values()) controller.abort()
    this.#asked.clear()
    this.#fetched.clear()
  }

  #clear(): void {
    this.#rows.clear()
    this.#places.clear()
    this.#isStale = false
  }

  #put(place: number, episode: EpisodeSummary): void {
    const before = this.#rows.get(place)
    if (before && this.#places.get(before.episode) === place) this.#places.delete(before.episode)
    this.#rows.set(place, episode)
    this.#places.set(episode.episode, place)
  }

  async #fetch(page: number): Promise<void> {
    const runId = this.#runId
    if (runId === null || this.fault !== null || this.#fetched.has(page) || this.#asked.has(page)) return
    const controller = new AbortController()
    this.#asked.set(page, controller)
    this.isLoading = true
    const query: EpisodeQuery = {
      runId,
      ...this.filter,
      outcomes: [...this.filter.outcomes],
      ...(this.sort === 'probe' && this.#probe !== null
        ? { sort: 'episode' as const, probe: this.#probe }
        : { sort: this.sort === 'probe' ? ('episode' as const) : this.sort }),
      descending: this.isDescending,
      offset: page * pageSize,
      limit: pageSize,
    }
    try {
      const answer = await this.#list(query, controller.signal)
      if (controller.signal.aborted) return
      if (this.#isStale) this.#clear()
      this.problem = null
      this.#fetched.add(page)
      answer.episodes.forEach((episode, i) => this.#put(query.offset + i, episode))
      this.total = answer.total
    } catch (error) {
      // The list is given by client.ts, which rejects with nothing else.
      if (!controller.signal.aborted) this.problem = error as AppError
    } finally {
      if (this.#asked.get(page) === controller) this.#asked.delete(page)
      this.isLoading = this.#asked.size > 0
    }
  }
}
