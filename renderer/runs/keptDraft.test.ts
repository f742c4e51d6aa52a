import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { forgetDraft, keepDraft, keptDraft } from './keptDraft.ts'
import { newDraft } from './runDraft.ts'

const stored = new Map<string, string>()
beforeEach(() => {
  stored.clear()
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  })
})
afterEach(() => void vi.unstubAllGlobals())

describe('a kept draft', () => {
  it('comes back as it was left, emptied fields included', () => {
    const draft = {
      ...newDraft(),
      modelId: 'm',
      seed: null,
      otherHooks: ['ln_final.hook_normalized'],
      upTo: 7,
    }
    keepDraft(draft)
    expect(keptDraft()).toEqual(draft)
    forgetDraft()
    expect(keptDraft()).toBeNull()
  })
  it('gives up a field of another kind and what it does not know', () => {
    stored.set(
      'innerview:new-run',
      JSON.stringify({ seed: 'five', otherHooks: [1], episodes: 7, strange: 1 }),
    )
    expect(keptDraft()).toEqual({ ...newDraft(), episodes: 7 })
  })
  it('is none where something else was stored', () => {
    for (const text of ['{', 'null', '7']) {
      stored.set('innerview:new-run', text)
      expect(keptDraft(), text).toBeNull()
    }
  })
})
