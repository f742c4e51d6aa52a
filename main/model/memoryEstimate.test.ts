import { expect, it } from 'vitest'
import type { ComputeDtype } from '../contract/models.ts'
import { memoryEstimateBytes } from './memoryEstimate.ts'

const shape = {
  layers: 30,
  residualWidth: 576,
  heads: 9,
  keyValueHeads: 3,
  headWidth: 64,
  mlpWidth: 1536,
  vocabulary: 49152,
  contextLength: 8192,
}
const model = { shape, parameters: 134_515_008, dtype: 'Q4_1' }
const load = { rows: 16, tokens: 2048 }

it('counts at least weights and keys and values', () => {
  const keysAndValues = 2 * 30 * 3 * 64 * 4 * 16 * 2048
  expect(memoryEstimateBytes(model, load)).toBeGreaterThan(134_515_008 * 4 + keysAndValues)
})

it('grows with rows, tokens and weights', () => {
  const base = memoryEstimateBytes(model, load)
  expect(memoryEstimateBytes(model, { ...load, rows: 32 })).toBeGreaterThan(base)
  expect(memoryEstimateBytes(model, { ...load, tokens: 4096 })).toBeGreaterThan(base)
  expect(memoryEstimateBytes({ ...model, parameters: 2e8 }, load)).toBeGreaterThan(base)
})

it('counts recorded activations like keys and values', () => {
  const base = memoryEstimateBytes(model, load)
  const all = memoryEstimateBytes(model, { ...load, capturedValuesPerToken: 30 * 576 })
  const keysAndValues = memoryEstimateBytes(model, { ...load, tokens: 4096 }) - base
  // 30 layers of 576 values beside 30 layers of 2 · 3 heads of 64.
  expect((all - base) / keysAndValues).toBeCloseTo(576 / (2 * 3 * 64), 5)
})

it('counts fewer bytes for fewer bits, and those of GGUF by its blocks', () => {
  const bytesOf = (dtype: ComputeDtype, stored = 'Q4_1') =>
    memoryEstimateBytes({ ...model, dtype: stored }, { ...load, dtype })
  const order = [bytesOf('int4'), bytesOf('gguf'), bytesOf('int8'), bytesOf('float32')]
  expect([...order].sort((a, b) => a - b)).toEqual(order)
  expect(bytesOf('gguf', 'Q8_0')).toBe(bytesOf('int8'))
  expect(bytesOf('float32')).toBe(memoryEstimateBytes(model, load))
})
