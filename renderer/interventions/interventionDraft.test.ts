import { describe, expect, it } from 'vitest'
import { changeKind, checkInterventions, newItem, withFolder, writeItems } from './interventionDraft.ts'
import { inventedHookPoints, inventedModels } from '../testing/invented.ts'
import { kindNames, type Kind } from './interventionText.ts'

const zero = { kind: 'zeroAblate', hook: 'blocks.1.hook_mlp_out', positions: 'all' }
const add = {
  kind: 'add',
  hook: 'blocks.1.hook_resid_post',
  positions: 'lastPrompt',
  vector: { values: [0.5, -1e-7, 3] },
  alpha: 2,
}
const faultsOf = (item: object): [string, string][] =>
  checkInterventions(JSON.stringify([item])).faults.map(({ path, message }) => [path, message])

describe('the text', () => {
  it('is a list, bare or in an object as a file has it, or nothing', () => {
    expect(checkInterventions(' ')).toEqual({ items: [], settings: [], faults: [] })
    for (const value of [[zero], { interventions: [zero] }])
      expect(checkInterventions(JSON.stringify(value))).toMatchObject({ items: [zero], settings: [zero] })
  })

  it('that is no list of objects has no items, and says so', () => {
    for (const text of ['[', '3', '{}', '[1]', '[[]]', 'null']) {
      const { items, settings, faults } = checkInterventions(text)
      expect([items, settings, faults.length, faults[0]?.index], text).toEqual([null, null, 1, null])
    }
  })

  it('comes back as it was from its items, rows of numbers on one line', () => {
    const text = writeItems([add, zero])
    expect(text).toContain('"values": [0.5, -1e-7, 3]')
    expect(checkInterventions(text).items).toEqual([add, zero])
    expect(writeItems([])).toBe('')
  })
})

describe('a fault', () => {
  it('stands at its item and its field', () => {
    const { items, settings, faults } = checkInterventions(JSON.stringify([zero, { ...add, alpha: null }]))
    expect([items?.length, settings]).toEqual([2, null])
    expect(faults).toEqual([
      { index: 1, field: 'alpha', path: 'alpha', message: 'Give a number.', isMissing: false },
    ])
  })

  it('says of each field what it wants', () => {
    expect(faultsOf({ ...zero, applyAtSteps: 'x' })[0]?.[0]).toBe('applyAtSteps')
    expect(faultsOf({ ...zero, heads: [] })).toEqual([['heads', 'Give at least one.']])
    expect(faultsOf({ ...zero, kind: 'zero' })[0]?.[0]).toBe('kind')
    expect(faultsOf({ ...zero, alfa: 1 })).toEqual([['', 'No such word: alfa.']])
    expect(faultsOf({ ...add, phase: 'decode' })[0]?.[0]).toBe('phase')
  })

  it('is told apart from what was not given yet', () => {
    const { faults } = checkInterventions(JSON.stringify([newItem('patch', 3), { ...zero, heads: ['x'] }]))
    expect(faults.map(({ path, isMissing }) => [path, isMissing])).toEqual([
      ['source.file', true],
      ['source.tensor', true],
      ['heads.0', false],
    ])
  })

  it('of a source that is not chosen yet says what to choose, in a gate as elsewhere', () => {
    const gate = { vector: { vector: '' }, above: 0 }
    const empty = { ...zero, kind: 'meanAblate', source: { dataSet: '' }, gate }
    const { faults } = checkInterventions(JSON.stringify([empty]))
    expect(faults.map(({ path, message, isMissing }) => [path, message, isMissing])).toEqual([
      ['gate.vector.vector', 'Choose a vector.', true],
      ['source.dataSet', 'Choose a data set.', true],
    ])
    const variant = { kind: 'orthogonal', to: '' }
    expect(faultsOf({ ...add, vector: { vector: 'v1', variant } })).toEqual([
      ['vector.variant.to', 'Choose a vector.'],
    ])
  })

  it('of a hook point is known where the model’s are', () => {
    const points = inventedHookPoints(inventedModels[0]!)
    const text = JSON.stringify([zero, { ...zero, hook: ['hook_embed', 'blocks.99.attn.hook_z'] }])
    expect(checkInterventions(text).faults).toEqual([])
    const { settings, faults } = checkInterventions(text, points)
    expect(settings).toBeNull()
    expect(faults.map(({ index, field, message }) => [index, field, message])).toEqual([
      [1, 'hook', 'There is no blocks.99.attn.hook_z in this model.'],
    ])
  })

  it('of a source is about the form that was begun', () => {
    expect(faultsOf({ ...add, vector: { file: '', tensor: 'v' } })).toEqual([
      ['vector.file', 'Give its full path.'],
    ])
    expect(faultsOf({ ...add, vector: { values: [] } })).toEqual([['vector.values', 'Give at least one.']])
    expect(faultsOf({ ...add, vector: { run: 'r1', at: 'lastPrompt', step: -1 } })).toEqual([
      ['vector.step', 'At least 0.'],
    ])
    expect(faultsOf({ ...add, vector: {} })[0]?.[1]).toMatch(/^Expected \{file, tensor\}/)
    expect(faultsOf({ ...add, vector: undefined })[0]?.[0]).toBe('vector')
  })
})

describe('a new item', () => {
  const kinds = Object.keys(kindNames) as Kind[] // its own keys

  it.each(kinds)('%s lacks nothing but its numbers', (kind) => {
    const item = newItem(kind, 3)
    const faults = faultsOf(item)
    expect(faults.every(([path]) => /^(vector|source)\./.test(path))).toBe(true)
    const values = { values: [1] }
    const whole = Object.fromEntries(
      Object.entries(item).map(([key, value]) => [
        key,
        key === 'vector' || key === 'source' ? values : value,
      ]),
    )
    expect(faultsOf(whole)).toEqual([])
  })

  it('of another kind keeps place, tokens and numbers', () => {
    const patch = changeKind({ ...add, name: 'push', unit: 'valueNorm' }, 'patch')
    const { hook, positions, vector } = add
    expect(patch).toEqual({ kind: 'patch', name: 'push', hook, positions, source: vector })
    expect(changeKind(patch, 'add')).toMatchObject({ kind: 'add', vector, alpha: 1 })
    expect(changeKind(add, 'zeroAblate')).toEqual({ kind: 'zeroAblate', hook, positions })
  })
})

it('paths of an imported file are relative to it, where it is known where that lies', () => {
  const file = { file: 'v.safetensors', tensor: 'v' }
  const items = [
    { ...add, vector: file, gate: { vector: { ...file, file: '/g' }, above: 1 } },
    { ...zero, kind: 'patch', source: file },
  ]
  const [first, second] = withFolder(items, '/data/ada')
  expect(first).toMatchObject({
    vector: { file: '/data/ada/v.safetensors' },
    gate: { vector: { file: '/g' } },
  })
  expect(second).toMatchObject({ source: { file: '/data/ada/v.safetensors' } })
  expect(withFolder(items, null)).toEqual(items)
  const windows = { ...add, vector: { ...file, file: 'C:\\v' } }
  expect(withFolder([windows], 'D:\\x')).toEqual([windows])
})
