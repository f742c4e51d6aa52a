import { describe, expect, it } from 'vitest'
import type { PendingQuestion } from '../../main/contract/api.ts'
import { inventRun } from '../testing/invented.ts'
import { activityOf, secondsLeft, waitsForPerson } from './runText.ts'

const question = (runId: string): PendingQuestion => ({
  id: 'q',
  runId,
  episode: 0,
  step: 0,
  task: 'Canoe',
  message: 'Can you ride on it?',
  history: [],
})
const asking = inventRun('asking', 'running', {}, { oracle: { kind: 'human' } })

describe('a run that a person answers', () => {
  it('waits for that person while a question of its own is open', () => {
    expect(waitsForPerson(asking, [question('asking')])).toBe(true)
    expect(activityOf(asking, [question('asking')])).toBe('Waiting for you')
    expect(activityOf(asking, [question('another')])).toBeNull()
    expect(activityOf({ ...asking, status: 'paused' }, [question('asking')])).toBeNull()
  })
  it('has no time left that anybody could know', () => {
    expect(asking.progress.secondsLeft).not.toBeNull()
    expect(secondsLeft(asking)).toBeNull()
    expect(secondsLeft(inventRun('offline', 'running'))).toBe(323)
  })
})

it('a run says what it does before it plays, and nothing once it rests', () => {
  const run = inventRun('loading', 'running')
  const loading = { ...run, progress: { ...run.progress, activity: 'Loading the model' } }
  expect(activityOf(loading, [])).toBe('Loading the model')
  expect(activityOf({ ...loading, status: 'paused' }, [])).toBeNull()
})
