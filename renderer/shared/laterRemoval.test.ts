import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import { LaterRemoval } from './laterRemoval.svelte.ts'
import { Toasts } from './toasts.svelte.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('LaterRemoval', () => {
  it('hides at once and removes when nobody took it back', async () => {
    const toasts = new Toasts()
    const removal = new LaterRemoval(toasts)
    const commit = vi.fn().mockResolvedValue(undefined)
    removal.remove('a', 'Removed a', commit)
    removal.remove('a', 'Removed a', commit)
    expect(removal.hidden.has('a')).toBe(true)
    expect(commit).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(commit).toHaveBeenCalledTimes(1)
    expect(removal.hidden.has('a')).toBe(false)
    expect(toasts.list).toEqual([])
  })
  it('removes nothing after undo', async () => {
    const toasts = new Toasts()
    const removal = new LaterRemoval(toasts)
    const commit = vi.fn()
    removal.remove('a', 'Removed a', commit)
    toasts.list[0]?.action?.run()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(commit).not.toHaveBeenCalled()
    expect(removal.hidden.size).toBe(0)
  })
  it('shows it again with the reason where the engine refused', async () => {
    const toasts = new Toasts()
    const removal = new LaterRemoval(toasts)
    removal.remove('a', 'Removed a', () => Promise.reject(errors.runBusy({ id: 'a', status: 'running' })))
    await vi.advanceTimersByTimeAsync(10_000)
    expect(removal.hidden.has('a')).toBe(false)
    expect(toasts.list[0]).toMatchObject({
      tone: 'error',
      title: 'The run is busy',
      cure: 'Cancel it first.',
    })
  })
})

describe('Toasts', () => {
  it('lets an error stay and the rest go, and does not repeat an error', async () => {
    const toasts = new Toasts()
    const report = errors.diskFull({ path: '/a' }).report()
    expect(toasts.error(report)).toBe(toasts.error(report))
    toasts.say('Hello')
    expect(toasts.list).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(toasts.list.map((toast) => toast.tone)).toEqual(['error'])
  })
  it('keeps four at most', () => {
    const toasts = new Toasts()
    for (let i = 0; i < 9; i++) toasts.say(`message ${i}`)
    expect(toasts.list.map((toast) => toast.title)).toEqual([
      'message 5',
      'message 6',
      'message 7',
      'message 8',
    ])
  })
})
