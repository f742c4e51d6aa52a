import { describe, expect, it } from 'vitest'
import { makeStep } from '../testing/steps.ts'
import {
  addedText,
  idList,
  promptGrowth,
  promptText,
  tokenDetails,
  verdictOf,
  verdictsOf,
} from './stepTokens.ts'

const view = makeStep({
  prompt: ['<|im_start|>', 'Q1:', ' Is', ' it'],
  completion: ['Yes', '.'],
  shared: 2,
})

describe('tokens of a step', () => {
  it('counts positions through prompt and completion', () => {
    expect(tokenDetails(view, 0)).toMatchObject({ part: 'prompt', index: 0, token: { text: '<|im_start|>' } })
    expect(tokenDetails(view, 4)).toMatchObject({ part: 'completion', index: 0, token: { text: 'Yes' } })
    expect(tokenDetails(view, 5)).toMatchObject({ part: 'completion', index: 1 })
  })

  it('knows nothing beyond either end', () => {
    expect(tokenDetails(view, -1)).toBeNull()
    expect(tokenDetails(view, 6)).toBeNull()
  })

  it('tells a generated token’s probability, rank, entropy and rivals', () => {
    const second = tokenDetails(view, 5)?.drawn
    expect(second?.probability).toBeCloseTo(Math.exp(view.record.logProbabilities[1] ?? 0))
    expect(second?.rank).toBe(view.record.ranks[1])
    expect(second?.top).toHaveLength(5)
    expect(second?.top.map((one) => one.id)).toEqual([...view.record.topIds.slice(5, 10)])
    expect(second?.top.filter((one) => one.isChosen)).toHaveLength(1)
  })

  it('has no numbers for a prompt token', () => {
    expect(tokenDetails(view, 1)?.drawn).toBeNull()
  })

  it('splits a prompt into what the step before had and what is new', () => {
    expect(promptGrowth(view)).toEqual({ total: 4, shared: 2, added: 2 })
    expect(tokenDetails(view, 1)?.isShared).toBe(true)
    expect(tokenDetails(view, 2)?.isShared).toBe(false)
    expect(addedText(view)).toBe(' Is it')
    expect(promptText(view)).toBe('<|im_start|>Q1: Is it')
  })

  it('never counts more shared tokens than there are', () => {
    expect(promptGrowth(makeStep({ prompt: ['a', 'b', 'c', 'd'], shared: 99 }))).toEqual({
      total: 4,
      shared: 4,
      added: 0,
    })
  })

  it('writes ids as a list', () => {
    expect(idList(new Int32Array([1, 2, 30]))).toBe('[1, 2, 30]')
    expect(idList(new Int32Array())).toBe('[]')
  })

  it('reads verdicts from a record and from letters', () => {
    expect(verdictOf({ isWin: true, isInvalid: false })).toBe('win')
    expect(verdictOf({ isWin: false, isInvalid: true })).toBe('invalid')
    expect(verdictsOf('viw')).toEqual(['valid', 'invalid', 'win'])
  })
})
