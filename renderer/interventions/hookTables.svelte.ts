// The hook points of each model, asked of the engine when they are first needed.
// Owns: asking once, and keeping the answers. Not: what a form makes of them (hookWords.ts).
import { SvelteMap } from 'svelte/reactivity'
import type { HookPointRecord } from '../../main/contract/models.ts'
import { engine, type Engine } from '../client.ts'

export class HookTables {
  #known = new SvelteMap<string, HookPointRecord[]>()
  #asked = new Set<string>()
  #models: Pick<Engine['models'], 'hookPoints'>

  constructor(models: Pick<Engine['models'], 'hookPoints'> = engine.models) {
    this.#models = models
  }

  /** Null until the engine has told, or where it cannot tell: a form without completion still works. */
  of(modelId: string): HookPointRecord[] | null {
    return this.#known.get(modelId) ?? null
  }

  async want(modelId: string): Promise<void> {
    if (!modelId || this.#asked.has(modelId)) return
    this.#asked.add(modelId)
    try {
      this.#known.set(modelId, await this.#models.hookPoints({ id: modelId }))
    } catch {
      this.#asked.delete(modelId) // asked again with the next change
    }
  }
}

export const hookTables = new HookTables()
