import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { EpisodePage, EpisodeQuery, EpisodeSummary } from '../../main/contract/runs.ts'
import { makeEpisode } from '../testing/steps.ts'
import { EpisodeTable, pageSize } from './episodeTable.svelte.ts'

/** A list in memory that answers a turn later and remembers what it was asked. */
function listOf(episodes: EpisodeSummary[]) {
  const asked: EpisodeQuery[] = []
  const list = async (query: EpisodeQuery): Promise<EpisodePage> => {
    asked.push(query)
    await Promise.resolve()
    const found = episodes.filter((one) => one.task.includes(query.task))
    if (query.descending) found.reverse()
    return { total: found.length, episodes: found.slice(query.offset, query.offset + query.limit) }
  }
  return { list, asked }
}

const many = (n: number): EpisodeSummary[] => Array.from({ length: n }, (_, i) => makeEpisode(i))
const settle = () => vi.advanceTimersByTimeAsync(0)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a table of episodes', () => {
  it('is ordered by what the chosen probe reads, the most first, until no probe is chosen', async () => {
    const { list, asked } = listOf(many(10))
    const table = new EpisodeTable(list)
    table.setProbe('p1')
    table.open('run')
    await settle()
    expect(asked.at(-1)?.probe).toBeUndefined()
    table.sortBy('probe')
    await settle()
    expect(asked.at(-1)).toMatchObject({ probe: 'p1', descending: true })
    table.setProbe('p2')
    await settle()
    expect(asked.at(-1)).toMatchObject({ probe: 'p2', descending: true })
    table.setProbe(null)
    await settle()
    expect(asked.at(-1)).toMatchObject({ sort: 'episode', descending: false })
    expect(asked.at(-1)?.probe).toBeUndefined()
  })
  it('fetches only the pages that are looked at', async () => {
    const { list, asked } = listOf(many(10_000))
    const table = new EpisodeTable(list)
    table.open('run')
    await settle()
    expect(table.total).toBe(10_000)
    expect(table.row(0)?.episode).toBe(0)
    expect(table.row(5000)).toBeUndefined()
    table.show(5000, 5030)
    table.show(5001, 5031)
    await settle()
    expect(table.row(5010)?.episode).toBe(5010)
    expect(asked.map((query) => query.offset)).toEqual([0, 5000])
    expect(asked.every((query) => query.limit === pageSize)).toBe(true)
  })

  it('orders a column of amounts from the largest, then turns it round', async () => {
    const { list, asked } = listOf(many(3))
    const table = new EpisodeTable(list)
    table.open('run')
    table.sortBy('invalidRate')
    table.sortBy('invalidRate')
    table.sortBy('task')
    await settle()
    expect(asked.map((query) => [query.sort, query.descending])).toEqual([
      ['episode', false],
      ['invalidRate', true],
      ['invalidRate', false],
      ['task', false],
    ])
  })

  it('drops the answer to a question that was overtaken', async () => {
    const answers: ((page: EpisodePage) => void)[] = []
    const table = new EpisodeTable(() => new Promise((resolve) => answers.push(resolve)))
    table.open('run')
    table.setFilter({ task: 'dog' })
    answers[1]!({ total: 1, episodes: [makeEpisode(7)] })
    answers[0]!({ total: 2, episodes: [makeEpisode(0), makeEpisode(1)] })
    await settle()
    expect(table.total).toBe(1)
    expect(table.row(0)?.episode).toBe(7)
    expect(table.row(1)).toBeUndefined()
  })

  it('keeps the old rows until the new ones are there, then shows none of them', async () => {
    const { list } = listOf(many(30))
    const table = new EpisodeTable(list)
    table.open('run')
    await settle()
    table.setFilter({ task: 'Object 29' })
    expect(table.row(0)?.episode).toBe(0)
    await settle()
    expect(table.row(0)?.episode).toBe(29)
    expect(table.row(1)).toBeUndefined()
    expect(table.placeOf(0)).toBe(-1)
  })

  it('lists nothing while the lowest rate is above the highest, and asks nobody', async () => {
    const source = listOf(many(3))
    const table = new EpisodeTable(source.list)
    table.open('run')
    await settle()
    expect(table.total).toBe(3)
    const asked = source.asked.length
    table.setFilter({ minInvalidRate: 0.9, maxInvalidRate: 0.1 })
    table.refresh()
    await settle()
    expect(table.fault).toBe('The lowest rate is above the highest.')
    expect(table.filter).toMatchObject({ minInvalidRate: 0.9, maxInvalidRate: 0.1 })
    expect([table.total, table.row(0), table.isLoading]).toEqual([0, undefined, false])
    expect(source.asked.length).toBe(asked)
    table.clearFilter()
    await settle()
    expect([table.fault, table.isFiltered, table.total]).toEqual([null, false, 3])
  })

  it('stays on the first and the last row', async () => {
    const table = new EpisodeTable(listOf(many(3)).list)
    table.moveCursor(1)
    expect(table.cursor).toBe(-1)
    table.open('run')
    await settle()
    table.moveCursor(1)
    expect(table.cursor).toBe(0)
    table.moveCursor(-1)
    expect(table.cursor).toBe(0)
    table.moveCursor(99)
    expect(table.cursor).toBe(2)
  })

  it('finds the neighbour in the present order, also on a page not yet fetched', async () => {
    const table = new EpisodeTable(listOf(many(1000)).list)
    table.open('run')
    await settle()
    expect((await table.neighbour(pageSize - 1, 1))?.episode).toBe(pageSize)
    expect(await table.neighbour(0, -1)).toBeNull()
    expect(await table.neighbour(999, 1)).toBeNull()
    expect((await table.neighbour(700, 1))?.episode).toBe(701)
    table.sortBy('episode')
    await settle()
    expect((await table.neighbour(999, 1))?.episode).toBe(998)
  })

  it('gathers changes of rows and appends new episodes without asking again', async () => {
    const { list, asked } = listOf(many(2))
    const table = new EpisodeTable(list)
    table.open('run')
    await settle()
    for (let steps = 4; steps < 20; steps++) table.receive(makeEpisode(1, { steps }))
    table.receive(makeEpisode(2))
    table.receive(makeEpisode(3))
    expect(table.row(1)?.steps).toBe(3)
    await vi.advanceTimersByTimeAsync(5000)
    expect(table.row(1)?.steps).toBe(19)
    expect(table.total).toBe(4)
    expect(table.row(3)?.episode).toBe(3)
    expect(asked).toHaveLength(1)
  })

  it('asks again, once, when a change may move rows', async () => {
    const { list, asked } = listOf(many(5))
    const table = new EpisodeTable(list)
    table.open('run')
    table.sortBy('invalidRate')
    await settle()
    const before = asked.length
    for (let i = 0; i < 10; i++) {
      table.receive(makeEpisode(i, { invalid: 3 }))
      await vi.advanceTimersByTimeAsync(50)
    }
    await vi.advanceTimersByTimeAsync(5000)
    expect(asked.length - before).toBe(1)
  })

  it('ignores other runs, and everything after it was closed', async () => {
    const table = new EpisodeTable(listOf(many(2)).list)
    table.open('run')
    await settle()
    table.receive(makeEpisode(0, { runId: 'other', steps: 9 }))
    await vi.advanceTimersByTimeAsync(2000)
    expect(table.row(0)?.steps).toBe(3)
    table.close()
    table.receive(makeEpisode(0, { steps: 9 }))
    await vi.advanceTimersByTimeAsync(2000)
    expect(table.row(0)?.steps).toBe(3)
  })

  it('says what went wrong, and forgets it when it works again', async () => {
    let isBroken = true
    const fault = new Error('lost')
    const table = new EpisodeTable(() =>
      isBroken ? Promise.reject(fault) : Promise.resolve({ total: 1, episodes: [makeEpisode(0)] }),
    )
    table.open('run')
    await settle()
    expect(table.problem).toBe(fault)
    expect(table.isLoading).toBe(false)
    isBroken = false
    table.refresh()
    await settle()
    expect(table.problem).toBeNull()
    expect(table.total).toBe(1)
  })
})
