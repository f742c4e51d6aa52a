import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeEpisode, makeStep } from '../testing/steps.ts'
import type { Episode } from './stepView.ts'
import { Timeline } from './timeline.svelte.ts'

const episodeOf = (steps: number): Episode => ({
  summary: makeEpisode(0, { steps }),
  steps: Array.from({ length: steps }, (_, step) =>
    makeStep({ step, prompt: ['Guess', ` ${step}`], completion: ['Is', ` it${step}`], shared: 1 }),
  ),
})
const settle = () => vi.advanceTimersByTimeAsync(0)

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('the timeline of an episode', () => {
  it('loads the episode once and shows its steps', async () => {
    const get = vi.fn(async () => episodeOf(3))
    const timeline = new Timeline(get)
    timeline.open('run', 0)
    timeline.open('run', 0)
    expect(timeline.isLoading).toBe(true)
    await settle()
    expect(get).toHaveBeenCalledTimes(1)
    expect(timeline.isLoading).toBe(false)
    expect(timeline.steps).toHaveLength(3)
  })

  it('drops the answer for an episode that is no longer chosen', async () => {
    const answers: ((episode: Episode) => void)[] = []
    const timeline = new Timeline(() => new Promise((resolve) => answers.push(resolve)))
    timeline.open('run', 0)
    timeline.open('run', 1)
    answers[1]!(episodeOf(2))
    answers[0]!(episodeOf(9))
    await settle()
    expect(timeline.steps).toHaveLength(2)
  })

  it('walks the steps and stops at both ends', async () => {
    const timeline = new Timeline(async () => episodeOf(3))
    expect(timeline.stepFrom(null, 1)).toBeNull()
    timeline.open('run', 0)
    await settle()
    expect(timeline.stepFrom(null, 1)).toBe(0)
    expect(timeline.stepFrom(null, -1)).toBe(2)
    expect(timeline.stepFrom(0, 1)).toBe(1)
    expect(timeline.stepFrom(2, 1)).toBe(2)
    expect(timeline.stepFrom(0, -1)).toBe(0)
    expect(timeline.stepFrom(77, 1)).toBe(0)
  })

  it('folds one prompt or all of them', async () => {
    const timeline = new Timeline(async () => episodeOf(3))
    timeline.open('run', 0)
    await settle()
    timeline.toggleFold(1)
    expect([...timeline.unfolded]).toEqual([1])
    timeline.toggleAllFolds()
    expect(timeline.isAllUnfolded).toBe(true)
    timeline.toggleAllFolds()
    expect(timeline.unfolded.size).toBe(0)
  })

  it('goes round the hits and unfolds a prompt that holds one', async () => {
    const timeline = new Timeline(async () => episodeOf(3))
    timeline.open('run', 0)
    await settle()
    timeline.seek('it')
    expect(timeline.hits).toHaveLength(3)
    expect(timeline.showHit()).toBe(0)
    expect(timeline.moveHit(-1)).toBe(2)
    expect(timeline.moveHit(1)).toBe(0)
    expect(timeline.unfolded.size).toBe(0)
    timeline.seek(' 2')
    expect(timeline.showHit()).toBe(2)
    expect(timeline.unfolded.has(2)).toBe(true)
    timeline.seek('nowhere')
    expect(timeline.moveHit(1)).toBeNull()
  })

  it('knows the tokens of all hits, and those of the one that is looked at', async () => {
    const timeline = new Timeline(async () => episodeOf(2))
    timeline.open('run', 0)
    await settle()
    timeline.seek('is it')
    expect(timeline.found.get(0)).toEqual(
      new Map([
        [2, true],
        [3, true],
      ]),
    )
    expect(timeline.found.get(1)?.get(2)).toBe(false)
    timeline.moveHit(1)
    expect(timeline.found.get(0)?.get(2)).toBe(false)
    expect(timeline.found.get(1)?.get(2)).toBe(true)
  })

  it('reads a running episode again, not more than once a second, and keeps the steps it has', async () => {
    let length = 2
    const get = vi.fn(async () => episodeOf(length))
    const timeline = new Timeline(get)
    timeline.open('run', 0)
    await settle()
    const first = timeline.steps[0]
    for (length = 3; length < 8; length++)
      timeline.receive(makeEpisode(0, { steps: length, outcome: 'running' }))
    expect(timeline.summary?.steps).toBe(7)
    await vi.advanceTimersByTimeAsync(3000)
    expect(get).toHaveBeenCalledTimes(2)
    expect(timeline.steps).toHaveLength(8)
    expect(timeline.steps[0]).toBe(first)
    timeline.receive(makeEpisode(5, { steps: 99 }))
    expect(timeline.summary?.steps).toBe(8)
  })

  it('says what went wrong and tries again when asked', async () => {
    const fault = new Error('lost')
    const get = vi.fn<() => Promise<Episode>>().mockRejectedValueOnce(fault).mockResolvedValue(episodeOf(1))
    const timeline = new Timeline(get)
    timeline.open('run', 0)
    await settle()
    expect(timeline.problem).toBe(fault)
    timeline.retry()
    await settle()
    expect(timeline.problem).toBeNull()
    expect(timeline.steps).toHaveLength(1)
  })

  it('forgets folds and search with the episode, and keeps the colours', async () => {
    const timeline = new Timeline(async () => episodeOf(2))
    timeline.open('run', 0)
    await settle()
    timeline.toggleFold(0)
    timeline.seek('it')
    timeline.colourMode = 'entropy'
    timeline.open('run', 1)
    expect(timeline.unfolded.size).toBe(0)
    expect(timeline.needle).toBe('')
    expect(timeline.colourMode).toBe('entropy')
  })
})
