import { describe, expect, test } from 'vitest'
import type { ModelCheck, ModelRecord } from './models.ts'
import { trustOf } from './modelTrust.ts'

const content = { hash: 'w', configHash: 'c', tokenizerHash: 't' }
const ground = { innerview: '1.0.0', onnxruntime: '2.0.0', device: 'cpu: X' }
const passing = { name: 'batch', passed: true, largestError: 0, detail: '' }
const failing = (name: string) => ({ name, passed: false, largestError: null, detail: '' })
const checkOf = (change: Partial<ModelCheck> = {}): ModelCheck => ({
  results: [passing],
  reference: null,
  checkedAt: '2026-01-01T00:00:00.000Z',
  dtype: 'float32',
  ...content,
  ...ground,
  ...change,
})
const modelOf = (check: ModelCheck | null): ModelRecord => ({
  id: 'a',
  name: 'A',
  path: '/a',
  format: 'gguf',
  architecture: 'llama',
  shape: {
    layers: 1,
    residualWidth: 8,
    heads: 1,
    keyValueHeads: 1,
    headWidth: 8,
    mlpWidth: 8,
    vocabulary: 8,
    contextLength: 8,
  },
  parameters: 1,
  dtype: 'Q4_1',
  sizeBytes: 1,
  hasChatTemplate: true,
  memoryBytes: 1,
  addedAt: '2026-01-01T00:00:00.000Z',
  notes: [],
  ...content,
  check,
  otherChecks: [],
})

describe('what a check is worth', () => {
  test('without one nothing is claimed', () => {
    expect(trustOf(modelOf(null), ground)).toEqual({
      standing: 'unchecked',
      text: 'Not checked',
      changes: [],
    })
  })

  test('with another program’s values the largest error is named, with its place and that program', () => {
    const reference = {
      program: 'transformers 5.23.0',
      largestError: 0.0000024,
      at: 'blocks.9.mlp.hook_post',
    }
    expect(trustOf(modelOf(checkOf({ reference })), ground)).toEqual({
      standing: 'reference',
      text: 'Checked: largest relative error 2.4e-6 at blocks.9.mlp.hook_post, against transformers 5.23.0',
      changes: [],
    })
  })

  test('it holds for the dtype that was checked, and for no other', () => {
    const model = { ...modelOf(null), otherChecks: [checkOf({ dtype: 'int8' })] }
    expect(trustOf(model, ground).standing).toBe('unchecked')
    expect(trustOf(model, ground, 'int4').standing).toBe('unchecked')
    expect(trustOf(model, ground, 'int8')).toMatchObject({ standing: 'selfConsistent', changes: [] })
  })

  test('without such values it says that the model was compared with itself alone', () => {
    expect(trustOf(modelOf(checkOf()), ground)).toMatchObject({
      standing: 'selfConsistent',
      text: 'Self-consistent only',
    })
  })

  test('one failed check outweighs all that passed, and many are counted', () => {
    const reference = { program: 'transformers 5.23.0', largestError: 0, at: 'logits' }
    const one = checkOf({ reference, results: [passing, failing('residual stream')] })
    expect(trustOf(modelOf(one), ground)).toMatchObject({
      standing: 'failed',
      text: 'Failed: residual stream',
    })
    const four = checkOf({ results: ['a', 'b', 'c', 'd'].map(failing) })
    expect(trustOf(modelOf(four), ground).text).toBe('Failed: a, b and 2 more')
  })
})

describe('a check that was outlived', () => {
  test.each([
    [{ hash: 'other' }, 'the weights have changed'],
    [{ configHash: 'other' }, 'the configuration has changed'],
    [{ tokenizerHash: 'other' }, 'the tokeniser has changed'],
    [{ innerview: '0.9.0' }, 'Innerview was 0.9.0, is 1.0.0'],
    [{ onnxruntime: '1.9.0' }, 'ONNX Runtime was 1.9.0, is 2.0.0'],
    [{ device: 'cpu: Y' }, 'the device was cpu: Y, is cpu: X'],
  ])('%o is told', (change, sentence) => {
    expect(trustOf(modelOf(checkOf(change)), ground)).toEqual({
      standing: 'outdated',
      text: 'Outdated: self-consistent only',
      changes: [sentence],
    })
  })

  test('keeps what it found, and every change is told', () => {
    const check = checkOf({ hash: 'other', device: 'cpu: Y', results: [failing('batch')] })
    const trust = trustOf(modelOf(check), ground)
    expect(trust.text).toBe('Outdated: failed: batch')
    expect(trust.changes).toHaveLength(2)
  })

  test('by the device alone is not told before the device is known', () => {
    expect(trustOf(modelOf(checkOf({ device: 'cpu: Y' })), null).changes).toEqual([])
    expect(trustOf(modelOf(checkOf({ hash: 'other' })), null).changes).toHaveLength(1)
  })
})
