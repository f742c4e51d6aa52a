// First prompts that several sequences begin with, computed once.
// Owns: copies of keys, values and activations of recent first prompts. Not: the slots they go into (scheduler.ts).
// Only whole prompts and whole chunks are shared: then the bits are those of a sequence that computed them itself.
import { chunkLength, commonPrefix } from './prefixChain.ts'
import type { NewKeyValues } from './keyValueCache.ts'

export interface FirstPrompt {
  prompt: Int32Array
  /** Per layer [KV, prompt, K]. */
  layers: NewKeyValues[]
  /** Per hook [prompt, width]. */
  activations: Map<string, Float32Array>
  /** V values of the last position. */
  lastLogits: Float32Array
}

/** What a new sequence can take over. */
export interface SharedStart {
  source: FirstPrompt
  /** Positions 0 … count − 1. */
  count: number
}

const mostEntries = 8
const mostBytes = 128 * 2 ** 20

const bytesOf = (entry: FirstPrompt): number =>
  entry.layers.reduce((sum, { keys, values }) => sum + keys.byteLength + values.byteLength, 0) +
  [...entry.activations.values()].reduce((sum, rows) => sum + rows.byteLength, entry.lastLogits.byteLength)

export class FirstPrompts {
  /** Most recently used last. */
  private entries: FirstPrompt[] = []

  /** The longest start that a sequence with this first prompt may take over, with all of these hooks; null where there is none. */
  find(prompt: Int32Array, hooks: readonly string[]): SharedStart | null {
    let best: SharedStart | null = null
    for (const source of this.entries) {
      if (!hooks.every((hook) => source.activations.has(hook))) continue
      const common = commonPrefix(source.prompt, prompt)
      const isSame = common === prompt.length && common === source.prompt.length
      const wholeChunks = Math.floor(Math.min(common, prompt.length - 1) / chunkLength) * chunkLength
      const count = isSame ? common : wholeChunks
      if (count > (best?.count ?? 0)) best = { source, count }
    }
    if (best) this.entries = [...this.entries.filter((entry) => entry !== best.source), best.source]
    return best
  }

  /** True where exactly this prompt is kept, with all of these hooks. */
  has(prompt: Int32Array, hooks: readonly string[]): boolean {
    return this.find(prompt, hooks)?.count === prompt.length
  }

  /** Keeps a first prompt; the least recently used ones make room. */
  keep(entry: FirstPrompt): void {
    if (bytesOf(entry) > mostBytes) return
    this.entries = this.entries.filter(({ prompt }) => {
      return prompt.length !== entry.prompt.length || commonPrefix(prompt, entry.prompt) < prompt.length
    })
    this.entries.push(entry)
    while (this.entries.length > mostEntries || this.bytes > mostBytes) this.entries.shift()
  }

  get bytes(): number {
    return this.entries.reduce((sum, entry) => sum + bytesOf(entry), 0)
  }
}
