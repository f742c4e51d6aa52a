// What is read from config.json beyond what the tiny decoders of tests/parity have; numbers are those of the published files.
import { describe, expect, it } from 'vitest'
import { parseHuggingFaceConfig } from '../huggingFaceConfig.ts'
import type { DecoderConfig } from '../modelFiles.ts'
import { knownArchitectures } from './knownArchitectures.ts'
import { storedTensor } from './tensorNames.ts'

const sizes = {
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 8,
  num_attention_heads: 4,
  vocab_size: 100,
}
const parse = (changes: object): DecoderConfig =>
  parseHuggingFaceConfig('config.json', JSON.stringify({ ...sizes, ...changes })).config

describe('an architecture', () => {
  it.each(knownArchitectures)('$type opens with transformers’ defaults', ({ type, classes }) => {
    const gpt2 = { n_embd: 64, n_layer: 8, n_head: 4 }
    const config = parse({
      model_type: type,
      architectures: classes,
      head_dim: 16,
      num_key_value_heads: 4,
      ...gpt2,
    })
    expect(config.architecture).toBe(type)
    expect(config.shape).toMatchObject({ layers: 8, residualWidth: 64, heads: 4, headWidth: 16 })
  })

  it('Gemma 2 has its caps unless they are null, and a window in every other layer', () => {
    const gemma = { model_type: 'gemma2', head_dim: 16, query_pre_attn_scalar: 24 }
    const config = parse(gemma)
    expect(config).toMatchObject({ logitSoftCap: 30, embeddingScale: 8, tiedEmbeddings: true })
    expect(config.attention).toMatchObject({ softCap: 50, window: { positions: 4096, layers: [0, 2, 4, 6] } })
    expect(config.attention.scale).toBeCloseTo(24 ** -0.5)
    const uncapped = parse({ ...gemma, attn_logit_softcapping: null, final_logit_softcapping: null })
    expect([uncapped.attention.softCap, uncapped.logitSoftCap]).toEqual([null, null])
  })

  it('Gemma 3 turns by other angles under windows, in the old spelling and in the new', () => {
    const gemma = { model_type: 'gemma3_text', head_dim: 16, sliding_window: 512 }
    const old = parse({
      ...gemma,
      rope_theta: 1e6,
      rope_local_base_freq: 1e4,
      rope_scaling: { rope_type: 'linear', factor: 8 },
      sliding_window_pattern: 6,
    })
    const renewed = parse({
      ...gemma,
      rope_parameters: {
        full_attention: { rope_type: 'linear', factor: 8, rope_theta: 1e6 },
        sliding_attention: { rope_type: 'default', rope_theta: 1e4 },
      },
    })
    expect(renewed).toEqual(old)
    expect(old.rotary).toEqual({ width: 16, theta: 1e6, scaling: { type: 'linear', factor: 8 } })
    expect(old.windowRotary).toEqual({ width: 16, theta: 1e4, scaling: null })
    expect(old.attention.window?.layers).toEqual([0, 1, 2, 3, 4, 6, 7])
  })

  it('Phi-3 with two sets of angles ends where the first does', () => {
    const factors = Array.from({ length: 8 }, (_, pair) => 1 + pair)
    const config = parse({
      model_type: 'phi3',
      max_position_embeddings: 131072,
      original_max_position_embeddings: 4096,
      rope_scaling: { type: 'longrope', short_factor: factors, long_factor: factors },
    })
    expect(config.shape.contextLength).toBe(4096)
    const scaling = {
      type: 'longrope',
      factors,
      attentionFactor: Math.sqrt(1 + Math.log(32) / Math.log(4096)),
    }
    expect(config.rotary?.scaling).toEqual(scaling)
  })

  it('SmolLM3 takes its list of rotating layers at its word', () => {
    const smol = { model_type: 'smollm3', num_key_value_heads: 2 }
    expect(parse(smol).shape.traits?.unrotatedLayers).toEqual([3, 7])
    expect(
      parse({ ...smol, no_rope_layers: [1, 0, 1, 1, 1, 1, 1, 0] }).shape.traits?.unrotatedLayers,
    ).toEqual([1, 7])
  })

  it.each<[string, object, string, string]>([
    [
      'partial rotary embedding in a Llama',
      { model_type: 'llama', partial_rotary_factor: 0.5 },
      'unsupported',
      'rotary',
    ],
    ['half a value turned', { model_type: 'phi3', partial_rotary_factor: 0.2 }, 'malformed', 'rotary'],
    [
      'too few factors',
      { model_type: 'phi3', rope_scaling: { type: 'longrope', short_factor: [1] } },
      'malformed',
      'short_factor',
    ],
    [
      'experts in some layers only',
      { model_type: 'qwen3_moe', num_key_value_heads: 2, decoder_sparse_step: 2 },
      'unsupported',
      'experts',
    ],
    [
      'layers of a kind unknown',
      { model_type: 'gemma2', head_dim: 16, layer_types: Array(8).fill('chunked_attention') },
      'unsupported',
      'chunked',
    ],
    [
      'kinds for too few layers',
      { model_type: 'gemma2', head_dim: 16, layer_types: ['full_attention'] },
      'malformed',
      'layer_types',
    ],
    [
      'attention both ways',
      { model_type: 'gemma3_text', head_dim: 16, use_bidirectional_attention: true },
      'unsupported',
      'directions',
    ],
    [
      'attention scaled by the layer',
      { model_type: 'gpt2', scale_attn_by_inverse_layer_idx: true },
      'unsupported',
      'layer',
    ],
    ['a vision model', { model_type: 'gemma3' }, 'architecture', 'gemma3'],
    [
      'rotation told for too few layers',
      { model_type: 'smollm3', num_key_value_heads: 2, no_rope_layers: [1] },
      'malformed',
      'no_rope_layers',
    ],
  ])('is refused with %s', (_, changes, code, reason) => {
    expect(() => parse(changes)).toThrow(
      expect.objectContaining({
        code: expect.stringContaining(code),
        message: expect.stringContaining(reason),
      }),
    )
  })
})

describe('a stored tensor', () => {
  const { shape } = parse({ model_type: 'phi3' })
  it('may be rows of another', () => {
    const phi3 = knownArchitectures.find(({ type }) => type === 'phi3')?.tensors ?? {}
    expect(storedTensor('model.layers.2.self_attn.k_proj.weight', phi3, shape)).toMatchObject({
      name: 'model.layers.2.self_attn.qkv_proj.weight',
      part: { firstRow: 64, rows: 64, ofRows: 192 },
    })
  })

  it('may lie the other way round, but not embeddings and norms', () => {
    const gpt2 = knownArchitectures.find(({ type }) => type === 'gpt2')?.tensors ?? {}
    const stored = (name: string): [string, boolean] => {
      const found = storedTensor(name, gpt2, shape)
      return [found.name, found.isTransposed]
    }
    expect(stored('model.layers.0.mlp.up_proj.weight')).toEqual(['transformer.h.0.mlp.c_fc.weight', true])
    expect(stored('model.layers.0.mlp.up_proj.bias')).toEqual(['transformer.h.0.mlp.c_fc.bias', false])
    expect(stored('model.embed_tokens.weight')).toEqual(['transformer.wte.weight', false])
    expect(stored('model.norm.bias')).toEqual(['transformer.ln_f.bias', false])
  })
})
