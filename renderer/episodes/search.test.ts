import { describe, expect, it } from 'vitest'
import { makeStep } from '../testing/steps.ts'
import { findInEpisode } from './search.ts'

const steps = [
  makeStep({ prompt: ['<|im_start|>', 'Guess'], completion: ['Is', ' it', ' al', 'ive', '?'] }),
  makeStep({
    step: 1,
    prompt: ['<|im_start|>', 'Guess', ' alive', ' now'],
    completion: ['No', 'No'],
    shared: 2,
    record: { answer: 'Invalid Question.', reason: 'nothing alive' },
  }),
]

describe('finding text in an episode', () => {
  it('finds text that runs over several tokens, whatever its case', () => {
    expect(findInEpisode(steps, 'IT ALIVE')).toEqual([
      { step: 0, part: 'completion', tokens: { first: 3, last: 5 } },
    ])
  })

  it('looks only at the new part of a prompt, so that nothing is found twenty times', () => {
    expect(findInEpisode(steps, 'guess')).toEqual([
      { step: 0, part: 'prompt', tokens: { first: 1, last: 1 } },
    ])
  })

  it('finds hits in reading order, in answers and reasons too', () => {
    expect(findInEpisode(steps, 'alive').map((hit) => [hit.step, hit.part])).toEqual([
      [0, 'completion'],
      [1, 'prompt'],
      [1, 'reason'],
    ])
    expect(findInEpisode(steps, 'question')).toEqual([{ step: 1, part: 'answer', tokens: null }])
  })

  it('finds each of several places in one text', () => {
    expect(findInEpisode(steps, 'no').filter((hit) => hit.part === 'completion')).toEqual([
      { step: 1, part: 'completion', tokens: { first: 4, last: 4 } },
      { step: 1, part: 'completion', tokens: { first: 5, last: 5 } },
    ])
  })

  it('finds nothing for nothing, and takes no pattern for one', () => {
    expect(findInEpisode(steps, '')).toEqual([])
    expect(findInEpisode(steps, '  ')).toEqual([])
    expect(findInEpisode(steps, '.*')).toEqual([])
  })

  it('keeps its place behind a letter that grows in lower case', () => {
    const turkish = [makeStep({ prompt: [], completion: ['İİİ', 'x', 'dog'] })]
    expect(findInEpisode(turkish, 'dog')[0]?.tokens).toEqual({ first: 2, last: 2 })
  })
})
