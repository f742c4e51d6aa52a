import { beforeEach, describe, expect, it } from 'vitest'
import { FirstPrompts, type FirstPrompt } from './firstPrompts.ts'
import { chunkLength, plainLink, type ChainLink } from './prefixChain.ts'

const hook = 'blocks.0.hook_resid_post'
const ids = (start: number, length = 10): ChainLink =>
  plainLink(Int32Array.from({ length }, (_, i) => start + i))
const beginning = ({ ids: all }: ChainLink, length: number): ChainLink => plainLink(all.slice(0, length))
const longer = ({ ids: all }: ChainLink, id: number): ChainLink => plainLink(Int32Array.from([...all, id]))
const entry = (prompt: ChainLink, further: Partial<FirstPrompt> = {}): FirstPrompt => ({
  prompt,
  layers: [{ keys: new Float32Array(4), values: new Float32Array(4) }],
  activations: new Map([[hook, new Float32Array(prompt.ids.length)]]),
  openings: new Map(),
  lastLogits: new Float32Array(3),
  ...further,
})
const mostEntries = 8

let kept: FirstPrompts
beforeEach(() => {
  kept = new FirstPrompts()
})

describe('first prompts', () => {
  it('gives the whole of the same prompt', () => {
    const one = entry(ids(1))
    kept.keep(one)
    expect(kept.take(ids(1), [hook])).toEqual({ source: one, count: 10 })
    expect(kept.take(ids(2), [])).toBeNull()
  })

  it('gives whole chunks of a prompt that begins alike, and never all of one that ends there', () => {
    const long = ids(1, 2 * chunkLength + 9)
    kept.keep(entry(long))
    expect(kept.take(longer(long, 5), [])?.count).toBe(2 * chunkLength)
    expect(kept.take(beginning(long, chunkLength + 1), [])?.count).toBe(chunkLength)
    expect(kept.take(beginning(long, chunkLength), [])).toBeNull()
  })

  it('knows of a prompt only where every hook was recorded', () => {
    kept.keep(entry(ids(1)))
    expect(kept.has(ids(1), [hook])).toBe(true)
    expect(kept.has(ids(1), [hook, 'hook_embed'])).toBe(false)
    expect(kept.take(ids(1), ['hook_embed'])).toBeNull()
  })

  it('does not take a longer prompt, or one that shares as many tokens, for this one', () => {
    const long = ids(1, chunkLength * 2)
    kept.keep(entry(long))
    expect(kept.has(beginning(long, chunkLength), [])).toBe(false)
    expect(kept.has(longer(long, 7), [])).toBe(false)
    expect(kept.has(ids(1, 0), [])).toBe(false)
  })

  it('gives nothing of what was computed under interventions to a prompt without, and the other way round', () => {
    const steered = { ...ids(1, chunkLength * 3), marks: new Map([[chunkLength + 5, 'steered']]) }
    kept.keep(entry(steered))
    expect(kept.has(ids(1, chunkLength * 3), [])).toBe(false)
    expect(kept.take(ids(1, chunkLength * 3), [])?.count).toBe(chunkLength)
    expect(kept.take({ ...steered, marks: new Map([[0, 'steered']]) }, [])).toBeNull()
    expect(kept.take({ ...steered, marks: new Map(steered.marks) }, [])?.count).toBe(chunkLength * 3)
  })

  it('drops the least recently taken; asking whether one is there is no use of it', () => {
    for (let i = 0; i < mostEntries; i++) kept.keep(entry(ids(100 * i)))
    kept.take(ids(0), [])
    expect(kept.has(ids(100), [])).toBe(true)
    kept.keep(entry(ids(9900)))
    expect(kept.has(ids(0), [])).toBe(true)
    expect(kept.has(ids(100), [])).toBe(false)
  })

  it('replaces a prompt that is kept again', () => {
    kept.keep(entry(ids(1)))
    const bytes = kept.bytes
    const again = entry(ids(1))
    kept.keep(again)
    expect(kept.bytes).toBe(bytes)
    expect(kept.take(ids(1), [])?.source).toBe(again)
  })

  it('stays within its bytes, and leaves out what is too large by itself', () => {
    const large = (start: number, mebibytes: number): FirstPrompt =>
      entry(ids(start), {
        layers: [{ keys: new Float32Array(mebibytes * 2 ** 18), values: new Float32Array(0) }],
      })
    kept.keep(large(1, 129))
    expect(kept.bytes).toBe(0)
    for (let i = 1; i <= 3; i++) kept.keep(large(100 * i, 50))
    expect(kept.bytes).toBeLessThan(128 * 2 ** 20)
    expect([1, 2, 3].map((i) => kept.has(ids(100 * i), []))).toEqual([false, true, true])
  })
})
