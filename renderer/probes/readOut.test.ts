import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import { EpisodeScores } from './episodeScores.svelte.ts'
import { EpisodeReadOut, type ReadOutQuestion } from './readOut.svelte.ts'

const step = (number: number, tokens: boolean, heldOut: number | null = null) => ({
  ...{ step: number, probability: 0.7, heldOut, isRow: true, named: 1 },
  tokens: tokens ? new Float32Array([0.1, 0.2]) : null,
})

describe('a read-out along an episode', () => {
  it('prefers what the probe said before it had seen the step', async () => {
    const shown = new EpisodeReadOut(async () => ({ steps: [step(0, false, 0.2), step(1, false)] }))
    shown.open('p', 'r', 0)
    await vi.waitFor(() => expect(shown.steps.size).toBe(2))
    expect([shown.probabilityOf(0), shown.probabilityOf(1), shown.probabilityOf(9)]).toEqual([0.2, 0.7, null])
  })
  it('reads tokens when they are asked for, also while the steps are on their way', async () => {
    const asked: ReadOutQuestion[] = []
    const shown = new EpisodeReadOut(async (question) => {
      asked.push(question)
      return { steps: [step(0, question.tokens)] }
    })
    shown.open('p', 'r', 0)
    shown.wantTokens(true)
    await vi.waitFor(() => expect(shown.tokensOf(0)).toHaveLength(2))
    expect(asked.map(({ tokens }) => tokens)).toEqual([false, true])
    shown.wantTokens(false)
    shown.played(2)
    await vi.waitFor(() => expect(asked).toHaveLength(3))
    await vi.waitFor(() => expect(shown.isLoading).toBe(false))
    expect(shown.tokensOf(0)).toHaveLength(2)
  })
  it('begins with the first step of an episode that was opened before it', async () => {
    let stored = 0
    const get = vi.fn(async () => ({ steps: Array.from({ length: stored }, (_, i) => step(i, false)) }))
    const shown = new EpisodeReadOut(get)
    shown.open('p', 'r', 0)
    shown.played(0)
    await vi.waitFor(() => expect(shown.isLoading).toBe(false))
    expect(get).toHaveBeenCalledOnce()
    for (stored = 1; stored < 3; stored++) {
      shown.played(stored)
      await vi.waitFor(() => expect(shown.steps.size).toBe(stored))
    }
    shown.played(2)
    expect(get).toHaveBeenCalledTimes(3)
  })
  it('reads what was played while it read, and nothing twice', async () => {
    const answers: ((steps: number) => void)[] = []
    const shown = new EpisodeReadOut(
      () =>
        new Promise((resolve) =>
          answers.push((steps) =>
            resolve({ steps: Array.from({ length: steps }, (_, i) => step(i, false)) }),
          ),
        ),
    )
    shown.open('p', 'r', 0)
    shown.played(1)
    shown.played(2)
    expect(answers).toHaveLength(1)
    answers[0]!(1)
    await vi.waitFor(() => expect(answers).toHaveLength(2))
    answers[1]!(2)
    await vi.waitFor(() => expect(shown.isLoading).toBe(false))
    expect([shown.steps.size, answers.length]).toEqual([2, 2])
  })
  it('does not try again with every step what could not be read', async () => {
    const get = vi.fn(() => Promise.reject(errors.notFound({ kind: 'probe', id: 'p' })))
    const shown = new EpisodeReadOut(get)
    shown.open('p', 'r', 0)
    await vi.waitFor(() => expect(shown.problem).not.toBeNull())
    shown.played(1)
    expect(get).toHaveBeenCalledOnce()
  })
  it('forgets everything with another episode, and asks nothing without a probe', async () => {
    const get = vi.fn(async () => ({ steps: [step(0, false)] }))
    const shown = new EpisodeReadOut(get)
    shown.open(null, 'r', 0)
    expect(get).not.toHaveBeenCalled()
    shown.open('p', 'r', 0)
    await vi.waitFor(() => expect(shown.steps.size).toBe(1))
    shown.open('p', 'r', 1)
    expect(shown.steps.size).toBe(0)
    shown.open('p', 'r', null)
    expect(shown.isLoading).toBe(false)
  })
  it('keeps why it could not be read', async () => {
    const shown = new EpisodeReadOut(() => Promise.reject(errors.notFound({ kind: 'probe', id: 'p' })))
    shown.open('p', 'r', 0)
    await vi.waitFor(() => expect(shown.problem?.code).toBe('not_found'))
    expect(shown.isLoading).toBe(false)
  })
})

describe('scores of episodes', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())
  it('are read again while the run goes on, gathered', async () => {
    const get = vi.fn(async () => [{ episode: 0, mean: 0.4, max: 0.9 }])
    const shown = new EpisodeScores(get)
    shown.open('p', 'r')
    await vi.runAllTimersAsync()
    expect(shown.scores?.get(0)?.mean).toBe(0.4)
    for (let i = 0; i < 5; i++) shown.changed('r')
    shown.changed('another')
    await vi.runAllTimersAsync()
    expect(get).toHaveBeenCalledTimes(2)
    shown.open(null, 'r')
    expect(shown.scores).toBeNull()
  })
  it('are not there where the probe cannot be read', async () => {
    const shown = new EpisodeScores(() => Promise.reject(errors.notFound({ kind: 'probe', id: 'p' })))
    shown.open('p', 'r')
    await vi.runAllTimersAsync()
    expect(shown.scores).toBeNull()
  })
})
