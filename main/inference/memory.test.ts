import { describe, expect, it } from 'vitest'
import type { DecoderConfig, WeightTensor } from '../model/modelFiles.ts'
import { bytesPerPosition, engineBytes, memoryEstimateBytes } from '../model/memoryEstimate.ts'
import { cacheBudget } from './memory.ts'

const shape = {
  layers: 2,
  residualWidth: 8,
  heads: 2,
  keyValueHeads: 2,
  headWidth: 4,
  mlpWidth: 16,
  vocabulary: 100,
  contextLength: 4096,
}
const config: DecoderConfig = {
  architecture: 'llama',
  shape,
  norm: { kind: 'rms', epsilon: 1e-5, isGainLessOne: false, places: 'before' },
  rotary: { width: 4, theta: 1e4, scaling: null },
  windowRotary: null,
  attention: {
    scale: 0.5,
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
}
const tensor = (rows: number, columns: number, dtype: WeightTensor['dtype']): WeightTensor => ({
  file: 'model.safetensors',
  offset: 0,
  byteLength: rows * columns * (dtype === 'float32' ? 4 : 2),
  dtype,
  shape: [rows, columns],
})
const gibibyte = 2 ** 30

describe('memory of a loaded model', () => {
  it('counts half-precision weights at the width they are computed with', () => {
    const half = new Map([['model.layers.0.mlp.up_proj.weight', tensor(16, 8, 'bfloat16')]])
    const whole = new Map([['model.layers.0.mlp.up_proj.weight', tensor(16, 8, 'float32')]])
    expect(cacheBudget(config, half, gibibyte)).toBe(cacheBudget(config, whole, gibibyte))
  })

  it('leaves keys and values a part of what the weights leave', () => {
    const none = new Map<string, WeightTensor>()
    const large = new Map([['lm_head.weight', tensor(2 ** 14, 2 ** 14, 'float32')]])
    const without = cacheBudget(config, none, 4 * gibibyte)
    expect(without).toBeLessThan(4 * gibibyte)
    expect(cacheBudget(config, large, 4 * gibibyte)).toBeLessThan(without - gibibyte / 2)
  })

  it('always leaves room for one short sequence, or refuses with both numbers', () => {
    const none = new Map<string, WeightTensor>()
    const least = 256 * bytesPerPosition(shape)
    expect(cacheBudget(config, none, engineBytes(shape) + least)).toBe(least)
    expect(() => cacheBudget(config, none, engineBytes(shape))).toThrow(
      expect.objectContaining({
        code: 'not_enough_memory',
        details: { neededBytes: engineBytes(shape) + least, freeBytes: engineBytes(shape) },
      }),
    )
  })

  it('counts bytes of blocks as they are, and leaves out floats that are mapped beside them', () => {
    const blocks = new Map([
      ['lm_head.weight.blocks', tensor(2 ** 13, 2 ** 12, 'uint8')],
      ['lm_head.weight.blocks.scales', tensor(2 ** 13, 2 ** 8, 'float32')],
    ])
    const both = new Map([...blocks, ['lm_head.weight', tensor(2 ** 13, 2 ** 13, 'float32')] as const])
    const free = 2 ** 30
    expect(cacheBudget(config, both, free)).toBe(cacheBudget(config, blocks, free))
    const plain = cacheBudget(config, new Map([['x', tensor(2 ** 13, 2 ** 10 + 2 ** 8, 'float32')]]), free)
    expect(cacheBudget(config, blocks, free)).toBe(plain)
  })

  it('reckons as the estimate does that a user sees', () => {
    const numbers = 2 ** 26
    const weights = new Map([['lm_head.weight', tensor(2 ** 13, 2 ** 13, 'float32')]])
    const load = { rows: 4, tokens: 1000 }
    const estimate = memoryEstimateBytes({ shape, parameters: numbers, dtype: 'float32' }, load)
    const budget = cacheBudget(config, weights, estimate)
    const needed = load.rows * load.tokens * bytesPerPosition(shape)
    expect(budget).toBeGreaterThanOrEqual(needed)
    expect(budget).toBeLessThan(needed * 1.01)
  })
})
