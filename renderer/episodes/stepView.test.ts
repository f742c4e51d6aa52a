import { describe, expect, it } from 'vitest'
import { makeEpisode, makeStep } from '../testing/steps.ts'
import { readEpisode, TextsById } from './stepView.ts'

const texts = {
  ids: [3, 7, 9, 0],
  texts: [' Is', ' it', '⟨0xF0⟩', '<s>'],
  specialIds: [0],
  leading: [{ id: 3, text: 'Is' }],
}
const { record } = makeStep()
const episode = (shared: number) =>
  readEpisode({
    summary: makeEpisode(0),
    steps: [
      {
        record: { ...record, promptIds: Int32Array.of(0, 3, 9, 3), completionIds: Int32Array.of(3, 7, 3) },
        sharedWithPrevious: shared,
      },
    ],
    texts,
  })

describe('a step of an episode', () => {
  it('shows each token of prompt and completion in its place', () => {
    const [step] = episode(0).steps
    expect(step?.promptTokens.map((token) => token.text)).toEqual(['<s>', ' Is', '⟨0xF0⟩', ' Is'])
    expect(step?.promptTokens.map((token) => token.isSpecial)).toEqual([true, false, false, false])
    expect(step?.completionTokens.map((token) => token.text)).toEqual(['Is', ' it', ' Is'])
  })

  it('tells alternatives as they would stand in their place', () => {
    const [step] = episode(0).steps
    expect(step?.alternative(3, 0)).toBe('Is')
    expect(step?.alternative(3, 1)).toBe(' Is')
  })

  it('knows what is new in the prompt, however much is said to be shared', () => {
    expect(episode(2).steps[0]?.addedTokens.map((token) => token.id)).toEqual([9, 3])
    expect(episode(99).steps[0]?.addedTokens).toEqual([])
    expect(episode(-1).steps[0]?.shared).toBe(0)
  })

  it('refuses an id that came without a text', () => {
    expect(() => new TextsById(texts).view(5, false)).toThrow(TypeError)
  })
})
