import { expect, test } from 'vitest'
import { episodeQuery, type EpisodeSummary, type RunRecord } from '../../contract/runs.ts'
import { ProbeOrder, type ListEpisodes } from './probeOrder.ts'

const episodes = Array.from(
  { length: 7 },
  (_, episode) => ({ episode }) as Partial<EpisodeSummary> as EpisodeSummary,
)
const list: ListEpisodes = ({ offset, limit }) => ({
  total: episodes.length,
  episodes: episodes.slice(offset, Math.min(offset + limit, offset + 3)),
})
const runOf = (steps: number) => ({ id: 'r1', progress: { steps } }) as Partial<RunRecord> as RunRecord
const ask = (change: object) => ({ ...episodeQuery.parse({ runId: 'r1', ...change }), probe: 'p1' })

test('episodes come in the order of their means, either way, those without one last', () => {
  const means = [0.5, null, 0.9, 0.1, 0.5, 0.7, null]
  const order = new ProbeOrder(() => means.map((mean, episode) => ({ episode, mean })))
  const shown = (change: object) =>
    order.page(list, runOf(3), ask(change)).episodes.map(({ episode }) => episode)
  expect(shown({ descending: true })).toEqual([2, 5, 0, 4, 3, 1, 6])
  expect(shown({ descending: false })).toEqual([3, 0, 4, 5, 2, 1, 6])
  expect(shown({ descending: true, offset: 1, limit: 2 })).toEqual([5, 0])
  expect(order.page(list, runOf(3), ask({})).total).toBe(7)
})

test('scores are read once for all pages, and again when the run has gone on', () => {
  let reads = 0
  const order = new ProbeOrder(() => {
    reads++
    return []
  })
  for (const offset of [0, 2, 4]) order.page(list, runOf(3), ask({ offset }))
  expect(reads).toBe(1)
  order.page(list, runOf(4), ask({}))
  expect(reads).toBe(2)
})
