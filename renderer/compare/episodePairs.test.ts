import { describe, expect, it } from 'vitest'
import { makeEpisode } from '../testing/steps.ts'
import { orderPairs, pairEpisodes } from './episodePairs.ts'

const shown = (pairs: ReturnType<typeof pairEpisodes>) =>
  pairs.map(({ base, own, isSameDraw }) => [base?.episode ?? null, own?.episode ?? null, isSameDraw])

describe('pairs of episodes', () => {
  it('are those of the same number and object, drawn alike where the seed is the same', () => {
    const episodes = [makeEpisode(0), makeEpisode(1)]
    expect(shown(pairEpisodes(episodes, episodes, true))).toEqual([
      [0, 0, true],
      [1, 1, true],
    ])
    expect(shown(pairEpisodes(episodes, episodes, false))).toEqual([
      [0, 0, false],
      [1, 1, false],
    ])
  })
  it('fall back on the object, each episode once, and leave the rest alone', () => {
    const bases = [makeEpisode(0, { task: 'cup' }), makeEpisode(1, { task: 'cup' }), makeEpisode(2)]
    const owns = [makeEpisode(5, { task: 'cup' }), makeEpisode(1, { task: 'cup' }), makeEpisode(7)]
    expect(shown(pairEpisodes(bases, owns, true))).toEqual([
      [0, 5, false],
      [1, 1, true],
      [null, 7, false],
      [2, null, false],
    ])
  })
  it('say where verdicts part, a shorter episode where it ends, and nowhere for the same', () => {
    const with_ = (verdicts: string) => makeEpisode(0, { verdicts })
    const partsAt = (a: string, b: string) => pairEpisodes([with_(a)], [with_(b)], true)[0]?.partsAt
    expect(partsAt('viv', 'vvv')).toBe(1)
    expect(partsAt('vi', 'viv')).toBe(2)
    expect(partsAt('viv', 'viv')).toBeNull()
  })
  it('are ordered by the size of the difference, unfinished pairs last', () => {
    const rates = (invalid: number, episode: number) => makeEpisode(episode, { steps: 10, invalid })
    const pairs = pairEpisodes(
      [rates(5, 0), rates(5, 1), rates(5, 2)],
      [rates(6, 0), rates(1, 1), rates(5, 2), rates(9, 3)],
      true,
    )
    expect(orderPairs(pairs, 'change').map(({ own }) => own?.episode)).toEqual([1, 0, 2, 3])
    expect(orderPairs(pairs, 'episode').map(({ own }) => own?.episode)).toEqual([0, 1, 2, 3])
  })
})
