// Episodes in the order of what a probe reads in them.
// Owns: sorting and paging them, and keeping the last scores while pages are turned. Not: scores (probeReader.ts) or filters (store/).
import type { EpisodePage, EpisodeQuery, EpisodeSummary, RunRecord } from '../../contract/runs.ts'

export type ListEpisodes = (query: EpisodeQuery) => EpisodePage
export type ScoresOf = (probe: string, runId: string) => { episode: number; mean: number | null }[]

/** As many as a query may ask for. */
const MOST = 5000

export class ProbeOrder {
  private readonly scoresOf: ScoresOf
  private known: { key: string; means: ReadonlyMap<number, number> } | null = null

  constructor(scoresOf: ScoresOf) {
    this.scoresOf = scoresOf
  }

  /** @throws what reading the scores throws */
  page(list: ListEpisodes, run: RunRecord, query: EpisodeQuery & { probe: string }): EpisodePage {
    const { probe, descending, offset, limit } = query
    const means = this.means(probe, run)
    const all: EpisodeSummary[] = []
    let total: number
    do {
      const found = list({ ...query, sort: 'episode', descending: false, offset: all.length, limit: MOST })
      total = found.total
      if (found.episodes.length === 0) break
      all.push(...found.episodes)
    } while (all.length < total)
    const order = (one: EpisodeSummary, other: EpisodeSummary): number => {
      const [a, b] = [means.get(one.episode), means.get(other.episode)]
      if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined)
      return (descending ? b - a : a - b) || one.episode - other.episode
    }
    return { total, episodes: all.sort(order).slice(offset, offset + limit) }
  }

  private means(probe: string, { id, progress }: RunRecord): ReadonlyMap<number, number> {
    const key = `${probe} ${id} ${progress.steps}`
    if (this.known?.key === key) return this.known.means
    const scored = this.scoresOf(probe, id).flatMap(({ episode, mean }): [number, number][] =>
      mean === null ? [] : [[episode, mean]],
    )
    this.known = { key, means: new Map(scored) }
    return this.known.means
  }
}
