import { describe, expect, it } from 'vitest'
import {
  chainKey,
  chunkLength,
  commonPrefix,
  commonStart,
  plainLink,
  planChain,
  sharedTokens,
  type ChainLink,
} from './prefixChain.ts'

const ids = (text: string): ChainLink =>
  plainLink(Int32Array.from(text, (character) => character.charCodeAt(0)))
/** With interventions at these positions. */
const marked = (text: string, ...positions: number[]): ChainLink => ({
  ...ids(text),
  marks: new Map(positions.map((position) => [position, 'steered'])),
})
const spans = (prompts: ChainLink[], known = 0): [number, number, number][] =>
  planChain(prompts, known).map(({ link, from, to }) => [link, from, to])

describe('a chain of prompts', () => {
  it('runs a first prompt in chunks from its beginning', () => {
    expect(spans([plainLink(new Int32Array(chunkLength * 2 + 5))])).toEqual([
      [0, 0, chunkLength],
      [0, chunkLength, 2 * chunkLength],
      [0, 2 * chunkLength, 2 * chunkLength + 5],
    ])
  })

  it('runs of an earlier prompt only what later ones keep', () => {
    const prompts = [ids('abcdefgh'), ids('abcdeXYZ12'), ids('abcdeXYQ')]
    expect(spans(prompts)).toEqual([
      [0, 0, 5],
      [1, 5, 7],
      [2, 7, 8],
    ])
  })

  it('runs nothing of a prompt that a later one does not share', () => {
    expect(spans([ids('abcd'), ids('abcdef'), ids('aZ')])).toEqual([
      [0, 0, 1],
      [2, 1, 2],
    ])
  })

  it('starts after what the slot knows', () => {
    const prompts = [ids('abcdefgh'), ids('abcdeXYZ12'), ids('abcdeXYQ')]
    expect(spans(prompts, 2)).toEqual([[2, 7, 8]])
  })

  it('cuts a replayed prompt where the prompt itself was cut', () => {
    const long = new Int32Array(chunkLength * 3)
    const next = long.slice()
    next[chunkLength + 10] = 1
    const replayed = planChain([long, next].map(plainLink), 0).filter(({ link }) => link === 0)
    expect(replayed.map(({ from, to }) => [from, to])).toEqual([
      [0, chunkLength],
      [chunkLength, chunkLength + 10],
    ])
  })

  it('always computes at least the last token, even of the same prompt again', () => {
    expect(sharedTokens(ids('abc'), ids('abc'))).toBe(2)
    expect(spans([ids('abc'), ids('abc')])).toEqual([
      [0, 0, 2],
      [1, 2, 3],
    ])
  })

  it('covers every position once, in order, for any chain', () => {
    let state = 1
    const below = (limit: number): number => (state = (state * 48271) % 2147483647) % limit
    for (let round = 0; round < 300; round++) {
      const prompts = Array.from({ length: 1 + below(5) }, () =>
        plainLink(Int32Array.from({ length: 1 + below(400) }, (_, place) => (place < 150 ? 0 : below(2)))),
      )
      const covered = planChain(prompts, 0)
      let position = 0
      for (const { from, to } of covered) {
        expect(from).toBe(position)
        expect(to).toBeGreaterThan(from)
        expect(to - from).toBeLessThanOrEqual(chunkLength)
        position = to
      }
      expect(position).toBe(prompts[prompts.length - 1].ids.length)
    }
  })

  it('has a name of its own', () => {
    expect(chainKey([ids('ab'), ids('c')])).not.toBe(chainKey([ids('a'), ids('bc')]))
    expect(chainKey([ids('ab')])).toBe(chainKey([ids('ab')]))
    expect(chainKey([plainLink(ids('xab').ids.subarray(1))])).toBe(chainKey([ids('ab')]))
  })

  it('counts what two prompts begin with', () => {
    expect(commonPrefix(ids('abc').ids, ids('abd').ids)).toBe(2)
    expect(commonPrefix(ids('').ids, ids('abd').ids)).toBe(0)
  })

  it('stands on a prompt only up to where interventions differ', () => {
    expect(commonStart(marked('abcd', 1), marked('abcd', 1))).toBe(4)
    expect(commonStart(marked('abcd', 3), ids('abcd'))).toBe(3)
    expect(spans([ids('abcd'), marked('abcde', 2)])).toEqual([
      [0, 0, 2],
      [1, 2, 5],
    ])
    expect(spans([marked('abcd', 0), marked('abcd!', 0)])).toEqual([
      [0, 0, 4],
      [1, 4, 5],
    ])
    expect(chainKey([marked('abcd', 3)])).not.toBe(chainKey([ids('abcd')]))
    expect(chainKey([marked('abcd', 3)])).not.toBe(chainKey([marked('abcd', 2)]))
  })
})
