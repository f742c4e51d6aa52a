// First prompts that several sequences begin with, computed once.
// Owns: copies of keys, values, activations and gates' openings of recent first prompts. Not: the slots they go into (scheduler.ts).
// Only whole prompts and whole chunks are shared: then the bits are those of a sequence that computed them itself.
import type { GateOpenings } from './interventionBinding.ts'
import { keptPrompts } from '../model/memoryEstimate.ts'
import { chunkLength, commonStart, type ChainLink } from './prefixChain.ts'
import type { NewKeyValues } from './keyValueCache.ts'

export interface FirstPrompt {
  prompt: ChainLink
  /** Per layer [KV, prompt, K]. */
  layers: NewKeyValues[]
  /** Per hook [prompt, width]. */
  activations: Map<string, Float32Array>
  openings: GateOpenings
  /** V values of the last position. */
  lastLogits: Float32Array
}

/** What a new sequence can take over. */
export interface SharedStart {
  source: FirstPrompt
  /** Positions 0 … count − 1. */
  count: number
}

const { entries: mostEntries, bytes: mostBytes } = keptPrompts

const bytesOf = (entry: FirstPrompt): number =>
  entry.layers.reduce((sum, { keys, values }) => sum + keys.byteLength + values.byteLength, 0) +
  [...entry.activations.values()].reduce((sum, rows) => sum + rows.byteLength, entry.lastLogits.byteLength)

const isSame = (one: ChainLink, other: ChainLink): boolean =>
  one.ids.length === other.ids.length && commonStart(one, other) === one.ids.length
const hasAll = ({ activations }: FirstPrompt, hooks: readonly string[]): boolean =>
  hooks.every((hook) => activations.has(hook))

export class FirstPrompts {
  /** Most recently used last. */
  private entries: FirstPrompt[] = []

  /**
   * The longest start that a sequence with this first prompt may take over, with all of these hooks; null where there is
   * none. What is found counts as used.
   */
  take(prompt: ChainLink, hooks: readonly string[]): SharedStart | null {
    let best: SharedStart | null = null
    for (const source of this.entries) {
      if (!hasAll(source, hooks)) continue
      const common = commonStart(source.prompt, prompt)
      const wholeChunks = Math.floor(Math.min(common, prompt.ids.length - 1) / chunkLength) * chunkLength
      const count = isSame(source.prompt, prompt) ? common : wholeChunks
      if (count > (best?.count ?? 0)) best = { source, count }
    }
    if (best) this.entries = [...this.entries.filter((entry) => entry !== best.source), best.source]
    return best
  }

  /** True where exactly this prompt is kept, with all of these hooks. Does not count as use. */
  has(prompt: ChainLink, hooks: readonly string[]): boolean {
    return this.entries.some((entry) => isSame(entry.prompt, prompt) && hasAll(entry, hooks))
  }

  /** Keeps a first prompt; the least recently used ones make room. */
  keep(entry: FirstPrompt): void {
    if (bytesOf(entry) > mostBytes) return
    this.entries = this.entries.filter(({ prompt }) => !isSame(prompt, entry.prompt))
    this.entries.push(entry)
    while (this.entries.length > mostEntries || this.bytes > mostBytes) this.entries.shift()
  }

  get bytes(): number {
    return this.entries.reduce((sum, entry) => sum + bytesOf(entry), 0)
  }
}
