import { expect, test } from 'vitest'
import { sweepChanges, sweepSettings } from '../../contract/sweeps.ts'
import { widened } from './sweepExtension.ts'

const settings = (changes: object = {}) =>
  sweepSettings.parse({
    modelId: 'm',
    environment: { name: 'twenty_questions' },
    oracle: { kind: 'kb' },
    sampling: {},
    capture: {},
    vectors: ['v1'],
    alphas: [1, 4],
    ...changes,
  })
const wider = (before: object, changes: object, played: number[] = []) =>
  widened(settings(before), sweepChanges.parse(changes), played)

test('controls that were asked for stay, whatever else is asked for', () => {
  const controls = { random: 5, shuffled: true, negated: true, prompt: 'Ask.', at: 'largest', seed: 7 }
  const none = { random: 0, shuffled: false, negated: false, prompt: '', orthogonalTo: [] }
  expect(wider({ controls }, { controls: none }).controls).toEqual({ ...controls, orthogonalTo: [] })
  const more = wider({ controls }, { controls: { ...none, random: 8, orthogonalTo: ['v2'] } }).controls
  expect(more).toEqual({ ...controls, random: 8, orthogonalTo: ['v2'] })
})

test('controls of which nothing is said are not added', () => {
  const controls = { random: 0, shuffled: false, negated: false, orthogonalTo: ['v2'] }
  const after = wider({ controls }, { controls: { orthogonalTo: ['v3', 'v2'] } }).controls
  expect(after).toMatchObject({ ...controls, prompt: '', at: 'every', orthogonalTo: ['v2', 'v3'] })
  expect(wider({ controls }, { controls: { at: 'largest', prompt: 'Ask.' } }).controls).toMatchObject({
    ...controls,
    at: 'largest',
    prompt: 'Ask.',
  })
})

test('other words than those of a sweep are for another', () => {
  expect(() => wider({ controls: { prompt: 'Ask.' } }, { controls: { prompt: 'Reply.' } })).toThrow(
    expect.objectContaining({ code: 'invalid_input' }),
  )
})

test('vectors, doses, layers and places are added to those that are there, each once', () => {
  const places = [
    { kind: 'lastPrompt' },
    { kind: 'firstGenerated', count: 5 },
    { kind: 'firstGenerated', count: 8 },
  ]
  const changes = { vectors: ['v2', 'v1'], alphas: [2, 4], layers: [3, 5], places }
  const after = wider({ places: places.slice(0, 2) }, changes, [3])
  expect(after).toMatchObject({ vectors: ['v1', 'v2'], alphas: [1, 4, 2], layers: [3, 5], places })
  expect(after.places).toHaveLength(3)
})
