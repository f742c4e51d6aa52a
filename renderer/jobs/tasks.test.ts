import { describe, expect, it } from 'vitest'
import type { WorkProgress } from '../../main/contract/api.ts'
import { errors } from '../../main/contract/errors.ts'
import { Tasks } from './tasks.svelte.ts'

async function* work(signal: AbortSignal, result: string | undefined): AsyncGenerator<WorkProgress, string> {
  for (let i = 0; i <= 4 && !signal.aborted; i++) {
    yield { label: `part ${i}`, fraction: i / 4 }
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return result as string
}

describe('Tasks', () => {
  it('gives the last value and is empty afterwards', async () => {
    const tasks = new Tasks()
    const following = tasks.follow('Adding', async (signal) => work(signal, 'record'))
    expect(tasks.list).toHaveLength(1)
    expect(await following).toBe('record')
    expect(tasks.list).toEqual([])
  })
  it('is null when it was cancelled, even if the work then failed', async () => {
    const tasks = new Tasks()
    const following = tasks.follow('Adding', async (signal) => {
      signal.addEventListener('abort', () => {})
      return work(signal, 'record')
    })
    tasks.list[0]?.cancel()
    expect(await following).toBeNull()
    const failing = tasks.follow(
      'Adding',
      (signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('gone')))),
    )
    tasks.list[0]?.cancel()
    expect(await failing).toBeNull()
  })
  it('passes on what the engine threw, and leaves nothing behind', async () => {
    const tasks = new Tasks()
    const path = '/no'
    await expect(
      tasks.follow('Adding', () => Promise.reject(errors.modelPathMissing({ path }))),
    ).rejects.toMatchObject({
      code: 'model_path_missing',
    })
    expect(tasks.list).toEqual([])
  })
  it('takes a stream that ended without a result for a lost engine', async () => {
    const tasks = new Tasks()
    await expect(tasks.follow('Adding', async (signal) => work(signal, undefined))).rejects.toMatchObject({
      code: 'engine_lost',
    })
  })
  it('knows the time left only once there is a pace', () => {
    const tasks = new Tasks()
    const task = { id: 1, title: '', label: '', startedAt: 0, cancel: () => {} }
    expect(tasks.secondsLeft({ ...task, fraction: 0.01 }, 10_000)).toBeNull()
    expect(tasks.secondsLeft({ ...task, fraction: 0.5 }, 200)).toBeNull()
    expect(tasks.secondsLeft({ ...task, fraction: 0.25 }, 10_000)).toBeCloseTo(30)
  })
})
