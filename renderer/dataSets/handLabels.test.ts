import { beforeEach, describe, expect, it, vi } from 'vitest'
import { errors } from '../../main/contract/errors.ts'
import type { HandLabel } from '../../main/contract/dataSets.ts'
import { toasts } from '../shared/toasts.svelte.ts'
import { HandLabels, mostClasses } from './handLabels.svelte.ts'

const key = { runId: 'r', episode: 1, step: 2 }
function made(stored: HandLabel[] = [], handLabel = vi.fn(async () => {})) {
  const calls = { handLabel, handLabels: vi.fn(async () => stored) }
  return { calls, labels: new HandLabels(calls as never) }
}

beforeEach(() => void (toasts.list = []))

describe('labels by hand', () => {
  it('stand at once and are sent', async () => {
    const { labels, calls } = made()
    labels.chooseSet('polite')
    const given = labels.give(key, 'yes')
    expect(labels.labelOf(1, 2)).toBe('yes')
    await given
    expect(calls.handLabel).toHaveBeenCalledWith({ ...key, name: 'polite', label: 'yes' })
    await labels.give(key, 'no')
    expect([labels.labelOf(1, 2), labels.count]).toEqual(['no', 1])
    await labels.give(key, null)
    expect([labels.labelOf(1, 2), labels.count]).toEqual([null, 0])
  })
  it('are taken back where the engine refuses, and it says why', async () => {
    const { labels } = made([], vi.fn().mockRejectedValue(errors.notFound({ kind: 'step', id: '2' })))
    labels.chooseSet('polite')
    await labels.give(key, 'yes')
    expect(labels.labelOf(1, 2)).toBeNull()
    expect(toasts.list[0]?.tone).toBe('error')
  })
  it('need a name for their set', async () => {
    const { labels, calls } = made()
    await labels.give(key, 'yes')
    expect(calls.handLabel).not.toHaveBeenCalled()
    expect(toasts.list[0]?.title).toContain('Name the set')
  })
  it('take their set and its classes from what was given before', async () => {
    const { labels } = made([
      { ...key, name: 'mood', label: 'glad' },
      { ...key, step: 3, name: 'mood', label: 'sad' },
    ])
    await labels.open('r')
    expect([labels.setName, labels.classes, labels.labelOf(1, 3)]).toEqual(['mood', ['glad', 'sad'], 'sad'])
    labels.chooseSet('polite')
    expect(labels.classes).toEqual(['yes', 'no'])
    expect(labels.labelOf(1, 3)).toBeNull()
  })
  it('have as many classes as there are keys, each once', () => {
    const { labels } = made()
    for (let i = 0; i < 20; i++) labels.addClass(` class ${i % 10} `)
    labels.addClass('  ')
    expect(labels.classes).toHaveLength(mostClasses)
    expect(labels.classes.slice(0, 3)).toEqual(['yes', 'no', 'class 0'])
  })
})
