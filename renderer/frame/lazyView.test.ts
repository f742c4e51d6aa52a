import type { Component } from 'svelte'
import { describe, expect, it } from 'vitest'
import { LazyView } from './lazyView.svelte.ts'

const view = (() => ({})) as unknown as Component

describe('a view that is read apart', () => {
  it('is read once, however often it is asked for', async () => {
    let reads = 0
    const lazy = new LazyView(async () => (reads++, { default: view }))
    expect(lazy.view).toBeNull()
    await Promise.all([lazy.load(), lazy.load()])
    await lazy.load()
    expect(lazy.view).toBe(view)
    expect(reads).toBe(1)
  })

  it('can be asked for again after it failed', async () => {
    let isThere = false
    const lazy = new LazyView(async () => {
      if (!isThere) throw new TypeError('gone')
      return { default: view }
    })
    await lazy.load()
    expect(lazy.hasFailed).toBe(true)
    isThere = true
    await lazy.load()
    expect(lazy.hasFailed).toBe(false)
    expect(lazy.view).toBe(view)
  })
})
