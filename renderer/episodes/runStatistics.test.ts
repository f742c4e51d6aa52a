import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RunStatistics, type RunCounts } from './runStatistics.svelte.ts'

const statistics = (n: number): RunCounts => ({
  byOutcome: { win: 0, limit: n, running: 0 },
  bySteps: {
    step: [0],
    n: [n],
    invalid: [0],
    invalidLow: [0],
    invalidHigh: [0.2],
    meanPromptTokens: [1],
    meanNewTokens: [1],
    meanReusedTokens: [0],
  },
})

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a run’s counts', () => {
  it('are read at once, and once more for a burst of changes', async () => {
    let n = 0
    const get = vi.fn(async () => statistics(++n))
    const counts = new RunStatistics(get)
    counts.open('a')
    counts.open('a')
    await vi.advanceTimersByTimeAsync(0)
    expect(counts.counts?.bySteps.n).toEqual([1])
    for (let i = 0; i < 50; i++) counts.changed('a')
    counts.changed('b')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(get).toHaveBeenCalledTimes(2)
    expect(counts.counts?.bySteps.n).toEqual([2])
  })

  it('follow a single change after a rest at once, and a second one not before its time', async () => {
    const get = vi.fn(async () => statistics(1))
    const counts = new RunStatistics(get)
    counts.open('a')
    await vi.advanceTimersByTimeAsync(5000)
    counts.changed('a')
    await vi.advanceTimersByTimeAsync(100)
    expect(get).toHaveBeenCalledTimes(2)
    counts.changed('a')
    await vi.advanceTimersByTimeAsync(1000)
    expect(get).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(1000)
    expect(get).toHaveBeenCalledTimes(3)
  })

  it('of a run that was left are dropped', async () => {
    const answers: ((value: RunCounts) => void)[] = []
    const counts = new RunStatistics(() => new Promise((resolve) => answers.push(resolve)))
    counts.open('a')
    counts.open('b')
    answers[1]!(statistics(2))
    answers[0]!(statistics(1))
    await vi.advanceTimersByTimeAsync(0)
    expect(counts.counts?.bySteps.n).toEqual([2])
  })

  it('stay on the screen when reading them again fails', async () => {
    const get = vi.fn().mockResolvedValueOnce(statistics(5)).mockRejectedValueOnce(new Error('lost'))
    const counts = new RunStatistics(get)
    counts.open('a')
    await vi.advanceTimersByTimeAsync(0)
    counts.changed('a')
    await vi.advanceTimersByTimeAsync(5000)
    expect(counts.problem).not.toBeNull()
    expect(counts.counts?.bySteps.n).toEqual([5])
  })
})
