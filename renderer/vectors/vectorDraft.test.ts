import { describe, expect, it } from 'vitest'
import { checkVector, newVectorDraft, type VectorDraft } from './vectorDraft.ts'

const ground = {
  dataSetId: 'd1',
  dataSetLayers: [8, 15],
  modelLayers: 30,
  label: { kind: 'invalid' as const },
}
const pairs = Array.from({ length: 5 }, (_, i) => ({ positive: `yes ${i}`, negative: `no ${i}` }))
const check = (change: Partial<VectorDraft>) => checkVector({ ...newVectorDraft(), ...change }, ground)

describe('a contrast', () => {
  it('leaves to the engine what nobody chose', () => {
    expect(check({}).recipe).toMatchObject({
      kind: 'contrast',
      dataSetId: 'd1',
      settings: { kind: 'meanDifference' },
    })
    expect(check({}).recipe).not.toHaveProperty('layers')
    expect(check({}).recipe).not.toHaveProperty('towards')
  })
  it('takes layers and pooling of a data set that is there, and classes by name', () => {
    const chosen = {
      source: 'dataSet',
      dataSetId: 'd2',
      layers: '15',
      pooling: 'mean',
      towards: 'valid',
    } as const
    expect(check(chosen).recipe).toMatchObject({
      dataSetId: 'd2',
      layers: [15],
      pooling: 'mean',
      towards: 'valid',
    })
  })
  it('says which layer the data set does not have', () => {
    const { recipe, faults } = check({ source: 'dataSet', dataSetId: 'd2', layers: '8,9' })
    expect(recipe).toBeNull()
    expect(faults.layers).toBe('The data set has no layer 9; it has 8, 15.')
  })
  it('refuses a vector from a class to itself', () => {
    expect(check({ towards: 'a', away: 'a' }).faults.away).toMatch(/itself/)
  })
  it('knows windows only with their size', () => {
    expect(check({ scope: 'windows', windowSize: 4 }).recipe).toMatchObject({
      settings: { scope: { kind: 'windows', size: 4 } },
    })
    expect(check({ scope: 'windows', windowSize: null }).faults.windowSize).toMatch(/whole number/)
  })
})

describe('a direction that is learned', () => {
  it('counts what the label counts, at one layer', () => {
    const chosen = {
      source: 'dataSet',
      dataSetId: 'd2',
      layers: '15',
      method: 'learned',
      longest: 25,
    } as const
    expect(check(chosen).recipe).toMatchObject({
      ...{ kind: 'learned', dataSetId: 'd2', layer: 15, longest: 0.25, place: { kind: 'lastPrompt' } },
      ...{ outcome: { kind: 'invalid' }, wanted: 'down', budget: 600 },
    })
    expect(check({ ...chosen, layers: '8,15' }).faults.layers).toMatch(/one layer/)
    expect(check({ ...chosen, budget: 3 }).faults.budget).toMatch(/from 8/)
    expect(check({ ...chosen, longest: null }).faults.longest).toMatch(/above 0/)
  })
  it('cannot count what a person labelled', () => {
    const byHand = { ...ground, label: { kind: 'hand' as const, name: 'polite' } }
    const { recipe, faults } = checkVector({ ...newVectorDraft(), method: 'learned' }, byHand)
    expect(recipe).toBeNull()
    expect(faults.method).toMatch(/by hand/)
  })
  it('is not to be had from prompts', () => {
    const given = { source: 'prompts', modelId: 'm', pairs, method: 'learned' } as const
    expect(check(given).recipe).toMatchObject({ kind: 'prompts', settings: { kind: 'meanDifference' } })
  })
})

describe('pairs of prompts', () => {
  const given = { source: 'prompts', modelId: 'm', pairs } as const
  it('are read at the layers that are named, without what is empty', () => {
    const { recipe } = check({ ...given, pairs: [...pairs, { positive: '', negative: ' ' }] })
    expect(recipe).toMatchObject({ kind: 'prompts', layers: [15], pairs })
    expect(recipe).not.toHaveProperty('settings.scope')
  })
  it('are told what they lack', () => {
    expect(check({ ...given, pairs: [] }).faults.pairs).toMatch(/at least one pair/)
    expect(check({ ...given, pairs: [...pairs, { positive: 'a', negative: '' }] }).faults.pairs).toMatch(
      /One pair lacks/,
    )
    expect(check({ ...given, pairs: pairs.slice(2) }).faults.pairs).toMatch(/3 of at least 5/)
    expect(check({ ...given, modelId: '' }).faults.modelId).toMatch(/model/)
    expect(check({ ...given, promptLayers: '30' }).faults.promptLayers).toMatch(/layers 0 to 29/)
    expect(check({ ...given, promptLayers: '' }).faults.promptLayers).toMatch(/at least one/)
  })
})

it('a probe is asked for by name, and a file needs no recipe', () => {
  expect(check({ source: 'probe', probeId: 'p1' }).recipe).toEqual({ kind: 'probe', name: '', probeId: 'p1' })
  expect(check({ source: 'probe' }).faults.probeId).toMatch(/Choose a probe/)
  expect(check({ source: 'file', windowSize: null })).toEqual({ recipe: null, faults: {} })
})
