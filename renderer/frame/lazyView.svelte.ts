// The views with charts in them, read apart from the page so that the page stands sooner.
// Owns: when one is read and whether that went well. Not: the views (views/).
import type { Component } from 'svelte'

export class LazyView {
  view = $state.raw<Component | null>(null)
  /** The page's files are gone or changed: only a new start of the page helps. */
  hasFailed = $state(false)
  #read: () => Promise<{ default: Component }>
  #isReading = false

  constructor(read: () => Promise<{ default: Component }>) {
    this.#read = read
  }

  /** Reads it, once; after a failure again. */
  async load(): Promise<void> {
    if (this.view || this.#isReading) return
    this.#isReading = true
    this.hasFailed = false
    try {
      this.view = (await this.#read()).default
    } catch {
      this.hasFailed = true
    } finally {
      this.#isReading = false
    }
  }
}

export const lazyViews = {
  episodes: new LazyView(() => import('../views/EpisodesView.svelte')),
  probe: new LazyView(() => import('../views/ProbeView.svelte')),
  steer: new LazyView(() => import('../views/SteerView.svelte')),
  lab: new LazyView(() => import('../views/LabView.svelte')),
  compare: new LazyView(() => import('../views/CompareView.svelte')),
}

/** Whether a view is read apart. */
export const isLazy = (view: string): view is keyof typeof lazyViews => Object.hasOwn(lazyViews, view)
