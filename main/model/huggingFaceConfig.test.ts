import { describe, expect, it } from 'vitest'
import { parseHuggingFaceConfig } from './huggingFaceConfig.ts'

const llama = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 8,
  vocab_size: 1000,
}
const parse = (changes: object) =>
  parseHuggingFaceConfig('m/config.json', JSON.stringify({ ...llama, ...changes }))

describe('parseHuggingFaceConfig', () => {
  it('fills in what transformers fills in for Llama', () => {
    expect(parse({})).toEqual({
      config: {
        architecture: 'llama',
        shape: {
          layers: 2,
          residualWidth: 64,
          heads: 8,
          keyValueHeads: 8,
          headWidth: 8,
          mlpWidth: 128,
          vocabulary: 1000,
          contextLength: 2048,
        },
        norm: { kind: 'rms', epsilon: 1e-6, isGainLessOne: false, places: 'before' },
        rotary: { width: 8, theta: 10000, scaling: null },
        windowRotary: null,
        attention: {
          scale: 1 / Math.sqrt(8),
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
        tiedEmbeddings: false,
      },
      stopIds: [],
    })
  })

  it('reads Llama 3.2’s numbers in the old spelling and in the new', () => {
    const scaling = {
      factor: 32,
      high_freq_factor: 4,
      low_freq_factor: 1,
      original_max_position_embeddings: 8192,
      rope_type: 'llama3',
    }
    const shared = {
      head_dim: 16,
      num_key_value_heads: 2,
      max_position_embeddings: 131072,
      tie_word_embeddings: true,
      eos_token_id: [5, 6, 7],
    }
    const old = parse({ ...shared, rope_theta: 500000, rope_scaling: scaling })
    const renewed = parse({ ...shared, rope_parameters: { ...scaling, rope_theta: 500000 } })
    expect(renewed).toEqual(old)
    expect(old.stopIds).toEqual([5, 6, 7])
    expect(old.config).toMatchObject({
      tiedEmbeddings: true,
      shape: { headWidth: 16, keyValueHeads: 2, contextLength: 131072 },
      rotary: {
        theta: 500000,
        scaling: {
          type: 'llama3',
          factor: 32,
          lowFrequencyFactor: 1,
          highFrequencyFactor: 4,
          originalContext: 8192,
        },
      },
    })
  })

  it('reads linear scaling by either key, and default as none', () => {
    expect(parse({ rope_scaling: { type: 'linear', factor: 2 } }).config.rotary?.scaling).toEqual({
      type: 'linear',
      factor: 2,
    })
    expect(parse({ rope_parameters: { rope_type: 'default', rope_theta: 7 } }).config).toMatchObject({
      rotary: { scaling: null, theta: 7 },
    })
    expect(parse({ rope_scaling: null }).config.rotary?.scaling).toBeNull()
  })

  it('gives Mistral its window and eight key heads unless it says otherwise', () => {
    const mistral = { model_type: 'mistral', architectures: ['MistralForCausalLM'], attention_bias: true }
    expect(parse({ ...mistral }).config).toMatchObject({
      architecture: 'mistral',
      attention: { inputBias: false, window: { positions: 4096, layers: [0, 1] } },
      shape: { keyValueHeads: 8, contextLength: 131072 },
    })
    expect(parse({ ...mistral, sliding_window: null }).config.attention.window).toBeNull()
    const short = { ...mistral, sliding_window: 4096, max_position_embeddings: 4096 }
    expect(parse(short).config.attention.window).toBeNull()
  })

  it('reads biases', () => {
    expect(parse({ attention_bias: true, mlp_bias: true }).config).toMatchObject({
      attention: { inputBias: true, outputBias: true },
      mlp: { bias: true },
    })
  })

  it.each<[string, object, string, string]>([
    [
      'another architecture',
      { model_type: 'mamba', architectures: ['MambaForCausalLM'] },
      'architecture_unsupported',
      'mamba',
    ],
    [
      'no architecture',
      { model_type: undefined, architectures: undefined },
      'architecture_unsupported',
      'none named',
    ],
    [
      'a classifier',
      { architectures: ['LlamaForSequenceClassification'] },
      'architecture_unsupported',
      'Classification',
    ],
    ['an architecture that is a number', { model_type: 7 }, 'architecture_unsupported', 'none named'],
    ['quantised weights', { quantization_config: { quant_method: 'gptq' } }, 'model_unsupported', 'gptq'],
    ['another activation', { hidden_act: 'relu2' }, 'model_unsupported', 'relu2'],
    ['partial rotary embedding', { partial_rotary_factor: 0.5 }, 'model_unsupported', 'rotary'],
    ['yarn', { rope_scaling: { rope_type: 'yarn', factor: 4 } }, 'model_unsupported', 'yarn'],
    ['scaling without its factor', { rope_scaling: { type: 'linear' } }, 'model_malformed', 'factor'],
    [
      'frequency factors the wrong way round',
      { rope_scaling: { rope_type: 'llama3', factor: 8, low_freq_factor: 4, high_freq_factor: 1 } },
      'model_malformed',
      'high_freq_factor',
    ],
    ['no width', { hidden_size: undefined }, 'model_malformed', 'hidden_size'],
    ['a width of zero', { hidden_size: 0 }, 'model_malformed', 'hidden_size'],
    ['a width beyond reason', { hidden_size: 1e15 }, 'model_malformed', 'hidden_size'],
    ['half a layer', { num_hidden_layers: 1.5 }, 'model_malformed', 'num_hidden_layers'],
    ['a million layers', { num_hidden_layers: 1e6 }, 'model_malformed', 'num_hidden_layers'],
    ['heads that do not divide the width', { num_attention_heads: 7 }, 'model_malformed', 'multiple of 7'],
    ['key heads that do not divide the heads', { num_key_value_heads: 3 }, 'model_malformed', 'cannot share'],
    ['heads of odd width', { head_dim: 7 }, 'model_malformed', 'odd'],
    ['a negative stop token', { eos_token_id: -1 }, 'model_malformed', 'eos_token_id'],
  ])('refuses %s', (_, changes, code, reason) => {
    expect(() => parse(changes)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(reason) }),
    )
  })

  it.each(['', '[]', 'null', '{"model_type": "llama"', '7'])('refuses %j as a whole', (text) => {
    expect(() => parseHuggingFaceConfig('m/config.json', text)).toThrow(/m\/config\.json/)
  })

  it('names what is supported', () => {
    expect(() => parse({ model_type: 'mamba' })).toThrow(
      expect.objectContaining({ cure: expect.stringMatching(/llama.*mistral/) }),
    )
  })
})
