import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { floatBytes, tinyGguf, tinyShape } from '../../tests/support/tinyGguf.ts'
import { writeGguf, type GgufFileInput, type GgufInput } from '../../tests/support/writeGguf.ts'
import { openGgufModel } from './ggufModel.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gguf-model-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const { input } = tinyGguf({ quantised: true })
const open = (changed: GgufFileInput) => openGgufModel(writeGguf(join(folder, 'tiny.gguf'), changed))
const withMetadata = (changes: Record<string, GgufInput | undefined>): GgufFileInput => {
  const kept = Object.entries({ ...input.metadata, ...changes }).filter(([, value]) => value !== undefined)
  return { ...input, metadata: Object.fromEntries(kept) as Record<string, GgufInput> } // undefined ones are gone
}
const text = (value: string): GgufInput => ({ type: 'string', value })
const count = (value: number): GgufInput => ({ type: 'uint32', value })

describe('openGgufModel', () => {
  it('reads the decoder, its sizes and what it says', () => {
    const files = open(input)
    const { layers, width, heads, keyValueHeads, headWidth, mlpWidth } = tinyShape
    expect(files.config).toEqual({
      architecture: 'llama',
      shape: {
        layers,
        residualWidth: width,
        heads,
        keyValueHeads,
        headWidth,
        mlpWidth,
        vocabulary: 262,
        contextLength: 256,
      },
      norm: { kind: 'rms', epsilon: 2 ** -17, isGainLessOne: false, places: 'before' },
      rotary: { width: headWidth, theta: 10000, scaling: null },
      windowRotary: null,
      attention: {
        scale: 1 / Math.sqrt(headWidth),
        softCap: null,
        queryKeyNorm: 'none',
        projection: 'separate',
        inputBias: false,
        outputBias: false,
        window: null,
      },
      mlp: { activation: 'silu', bias: false, experts: null },
      embeddingScale: null,
      logitSoftCap: null,
      tiedEmbeddings: true,
    })
    expect(files).toMatchObject({ name: 'tiny', dtype: 'Q8_0', format: 'gguf', stopIds: [2] })
    expect(files.chatTemplate).toMatchObject({ bosToken: '<|im_start|>', eosToken: '<|im_end|>' })
    const numbers = input.tensors!.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0)
    expect(files.parameters).toBe(numbers)
  })

  it('takes head width and rope base by default where the file is silent', () => {
    const files = open(
      withMetadata({
        'llama.rope.dimension_count': undefined,
        'llama.rope.freq_base': undefined,
        'llama.attention.head_count_kv': { type: 'int32s', value: [2, 2] },
        'tokenizer.chat_template': undefined,
      }),
    )
    expect(files.config).toMatchObject({
      rotary: { theta: 10000, width: 8 },
      shape: { headWidth: 8, keyValueHeads: 2 },
    })
    expect(files.chatTemplate).toBeNull()
  })

  it('takes frequency factors, as Llama 3 files carry them', () => {
    const factors = {
      name: 'rope_freqs.weight',
      type: 0,
      shape: [4],
      data: floatBytes(Float32Array.of(1, 1, 8, 32)),
    }
    const files = open({ ...input, tensors: [...input.tensors!, factors] })
    expect(files.config.rotary?.scaling).toEqual({ type: 'factors', factors: [1, 1, 8, 32] })
    const zero = { ...factors, data: floatBytes(Float32Array.of(1, 0, 1, 1)) }
    expect(() => open({ ...input, tensors: [...input.tensors!, zero] })).toThrow('not positive')
  })

  it('takes linear scaling and refuses yarn', () => {
    const factor: GgufInput = { type: 'float32', value: 4 }
    const scaled = (type: string) =>
      withMetadata({ 'llama.rope.scaling.type': text(type), 'llama.rope.scaling.factor': factor })
    expect(open(scaled('linear')).config.rotary?.scaling).toEqual({ type: 'linear', factor: 4 })
    expect(() => open(scaled('yarn'))).toThrow(expect.objectContaining({ code: 'model_unsupported' }))
  })

  it.each(['<|eot_id|>', '<end_of_turn>', '<|end|>'])('finds %s, which older files do not name', (end) => {
    const tokens = input.metadata['tokenizer.ggml.tokens']
    const list = tokens.type === 'strings' ? [...tokens.value] : []
    list[10] = end
    const files = open(withMetadata({ 'tokenizer.ggml.tokens': { type: 'strings', value: list } }))
    expect(files.stopIds).toEqual([2, 10])
  })

  it.each<[string, Record<string, GgufInput | undefined>, string, string]>([
    ['another architecture', { 'general.architecture': text('mamba') }, 'architecture_unsupported', 'mamba'],
    ['a vision tower', { 'general.architecture': text('clip') }, 'architecture_unsupported', 'clip'],
    ['no architecture', { 'general.architecture': undefined }, 'architecture_unsupported', 'none named'],
    ['an adapter', { 'general.type': text('adapter') }, 'model_unsupported', 'adapter'],
    ['a part of a split file', { 'split.count': count(3) }, 'model_unsupported', 'merge'],
    ['experts without a router', { 'llama.expert_count': count(8) }, 'model_malformed', 'ffn_gate_inp'],
    [
      'heads that differ by layer',
      { 'llama.attention.head_count': { type: 'int32s', value: [4, 2] } },
      'model_unsupported',
      'differs',
    ],
    ['partial rotary embedding', { 'llama.attention.key_length': count(16) }, 'model_unsupported', 'rotary'],
    ['no number of layers', { 'llama.block_count': undefined }, 'model_malformed', 'llama.block_count'],
    [
      'a text for a number',
      { 'llama.embedding_length': text('32') },
      'model_malformed',
      'llama.embedding_length',
    ],
    ['a width of zero', { 'llama.feed_forward_length': count(0) }, 'model_malformed', 'feed_forward_length'],
    [
      'one layer more than tensors',
      { 'llama.block_count': count(3) },
      'model_malformed',
      'blk.2.attn_norm.weight is missing',
    ],
    [
      'shapes that contradict its tensors',
      { 'llama.feed_forward_length': count(32) },
      'model_malformed',
      'shape [64,32]',
    ],
    [
      'an architecture that is a number',
      { 'general.architecture': count(1) },
      'model_malformed',
      'general.architecture',
    ],
  ])('refuses %s', (_, changes, code, reason) => {
    const changed = withMetadata(changes)
    expect(() => open(changed)).toThrow(expect.objectContaining({ code }))
    expect(() => open(changed)).toThrow(reason)
  })

  it('refuses a file of a vocabulary alone and one that lacks a tensor', () => {
    expect(() => open({ ...input, tensors: [] })).toThrow('no weights')
    expect(() => open({ ...input, tensors: input.tensors!.slice(1) })).toThrow('token_embd.weight is missing')
  })
})
