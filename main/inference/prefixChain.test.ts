import { describe, expect, it } from 'vitest'
import { chainKey, chunkLength, commonPrefix, planChain, sharedTokens } from './prefixChain.ts'

const ids = (text: string): Int32Array => Int32Array.from(text, (character) => character.charCodeAt(0))
const spans = (prompts: Int32Array[], known = 0): [number, number, number][] =>
  planChain(prompts, known).map(({ link, from, to }) => [link, from, to])

describe('a chain of prompts', () => {
  it('runs a first prompt in chunks from its beginning', () => {
    expect(spans([new Int32Array(chunkLength * 2 + 5)])).toEqual([
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
    const replayed = planChain([long, next], 0).filter(({ link }) => link === 0)
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
        Int32Array.from({ length: 1 + below(400) }, (_, place) => (place < 150 ? 0 : below(2))),
      )
      const covered = planChain(prompts, 0)
      let position = 0
      for (const { from, to } of covered) {
        expect(from).toBe(position)
        expect(to).toBeGreaterThan(from)
        expect(to - from).toBeLessThanOrEqual(chunkLength)
        position = to
      }
      expect(position).toBe(prompts[prompts.length - 1].length)
    }
  })

  it('has a name of its own', () => {
    expect(chainKey([ids('ab'), ids('c')])).not.toBe(chainKey([ids('a'), ids('bc')]))
    expect(chainKey([ids('ab')])).toBe(chainKey([ids('ab')]))
    expect(chainKey([ids('xab').subarray(1)])).toBe(chainKey([ids('ab')]))
  })

  it('counts what two prompts begin with', () => {
    expect(commonPrefix(ids('abc'), ids('abd'))).toBe(2)
    expect(commonPrefix(ids(''), ids('abd'))).toBe(0)
  })
})
