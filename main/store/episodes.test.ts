import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sampleRun, sampleStep } from '../../tests/fixtures/store/sampleRun.ts'
import { episodeQuery, type EpisodeSummary } from '../contract/runs.ts'
import { Workspace } from './workspace.ts'

let folder: string
let workspace: Workspace

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'innerview-episodes-'))
  workspace = Workspace.open(folder)
  workspace.runs.create(sampleRun({}, 9))
})

afterEach(() => {
  workspace.close()
  rmSync(folder, { recursive: true })
})

const list = (query: object = {}): { total: number; episodes: EpisodeSummary[] } =>
  workspace.episodes.list(episodeQuery.parse({ runId: 'r1', ...query }))
const numbers = (query: object = {}): number[] => list(query).episodes.map(({ episode }) => episode)

/** Plays an episode: one letter a step. */
function play(episode: number, task: string, verdicts: string, outcome: 'running' | 'win' | 'limit'): void {
  workspace.episodes.begin('r1', { episode, task, state: {} })
  verdicts.split('').forEach((letter, step) => {
    const isLast = step === verdicts.length - 1
    const sample = sampleStep('r1', episode, step, {
      outcome: isLast ? outcome : 'running',
      isInvalid: letter === 'i',
    })
    workspace.steps.append(sample)
  })
}

describe('a page of episodes', () => {
  beforeEach(() => {
    play(0, 'Apple', 'iv', 'limit')
    play(1, 'Ärmel 100%', 'iii', 'running')
    play(2, 'pineapple', 'vvvw', 'win')
    play(3, 'boat', '', 'running')
  })

  test('holds the sums of each', () => {
    const { total, episodes } = list()
    expect(total).toBe(4)
    expect(episodes[2]).toMatchObject({
      verdicts: 'vvvw',
      outcome: 'win',
      steps: 4,
      invalid: 0,
      newTokens: 8,
    })
    expect(episodes[3]).toMatchObject({ verdicts: '', steps: 0, outcome: 'running' })
  })

  test('is filtered by part of the task in any case, with no pattern signs', () => {
    expect(numbers({ task: 'APPLE' })).toEqual([0, 2])
    expect(numbers({ task: 'ärm' })).toEqual([1])
    expect(numbers({ task: '0%' })).toEqual([1])
    expect(numbers({ task: '%' })).toEqual([1])
    expect(numbers({ task: '_' })).toEqual([])
    expect(list({ task: 'nothing' })).toEqual({ total: 0, episodes: [] })
  })

  test('is filtered by outcome and by invalid rate, which an episode without steps has not', () => {
    expect(numbers({ outcomes: ['win', 'limit'] })).toEqual([0, 2])
    expect(numbers({ minInvalidRate: 0.5 })).toEqual([0, 1])
    expect(numbers({ maxInvalidRate: 0.5 })).toEqual([0, 2])
    expect(numbers({ minInvalidRate: 0.4, maxInvalidRate: 0.6 })).toEqual([0])
    expect(numbers({ outcomes: ['running'], maxInvalidRate: 0.9 })).toEqual([])
  })

  test('is sorted either way; an undefined rate comes last both times', () => {
    expect(numbers({ sort: 'invalidRate' })).toEqual([2, 0, 1, 3])
    expect(numbers({ sort: 'invalidRate', descending: true })).toEqual([1, 0, 2, 3])
    expect(numbers({ sort: 'steps', descending: true })).toEqual([2, 1, 0, 3])
    expect(numbers({ sort: 'task' })).toEqual([0, 3, 2, 1])
    expect(numbers({ sort: 'outcome' })).toEqual([0, 1, 3, 2])
    expect(numbers({ sort: 'newTokens', descending: true })).toEqual([2, 1, 0, 3])
    expect(numbers({ sort: 'promptTokens' })).toEqual([3, 0, 1, 2])
    expect(numbers({ descending: true })).toEqual([3, 2, 1, 0])
  })

  test('is cut to what was asked for, and still tells how many there are', () => {
    expect(list({ offset: 1, limit: 2 })).toMatchObject({
      total: 4,
      episodes: [{ episode: 1 }, { episode: 2 }],
    })
    expect(list({ offset: 9 })).toEqual({ total: 4, episodes: [] })
  })

  test('of another run is empty', () => {
    expect(list({ runId: 'r2' })).toEqual({ total: 0, episodes: [] })
  })
})

describe('what is left to do', () => {
  test('is the episodes that have no outcome and those that have not begun', () => {
    play(0, 'a', 'v', 'limit')
    play(4, 'b', 'v', 'running')
    play(2, 'c', '', 'running')
    expect(workspace.episodes.unfinished('r1').map(({ episode }) => episode)).toEqual([2, 4])
    expect(workspace.episodes.notBegun('r1')).toEqual([1, 3, 5, 6, 7, 8])
    expect(workspace.episodes.count('r1')).toBe(3)
  })
})

test('an episode begins once', () => {
  play(0, 'a', '', 'running')
  expect(() => play(0, 'a', '', 'running')).toThrow('r1, episode 0 has begun before')
  expect(() => play(-1, 'a', '', 'running')).toThrow(TypeError)
  expect(workspace.episodes.count('r1')).toBe(1)
})

test('statistics of a run without steps are empty', () => {
  expect(workspace.episodes.statistics('r1')).toMatchObject({ step: [], n: [], invalidLow: [] })
})
