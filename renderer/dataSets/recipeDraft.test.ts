import { describe, expect, it } from 'vitest'
import { dataSetRecipe, type DataSetChoices } from '../../main/contract/dataSets.ts'
import { checkRecipe, draftOfRecipe, isSameRecipe, newRecipe, type RecipeDraft } from './recipeDraft.ts'

const draft = (change: Partial<RecipeDraft> = {}): RecipeDraft => ({
  ...newRecipe(),
  runIds: ['a'],
  ...change,
})
const choices = { allLayers: 30 } as DataSetChoices
const recipeOf = (change: Partial<RecipeDraft>) => checkRecipe(draft(change), choices).recipe
const faultsOf = (change: Partial<RecipeDraft>) => checkRecipe(draft(change), choices).faults

describe('the fields of a recipe', () => {
  it('make the contract’s defaults where nothing was changed', () => {
    expect(recipeOf({})).toEqual(dataSetRecipe.parse({ runIds: ['a'] }))
  })
  it('write layers as people do', () => {
    expect(recipeOf({ layers: '' })?.layers).toBe('captured')
    expect(recipeOf({ layers: ' ALL ' })?.layers).toBe('all')
    expect(recipeOf({ layers: '0-2,8' })?.layers).toEqual([0, 1, 2, 8])
  })
  it('make every kind of label', () => {
    expect(recipeOf({ label: 'won' })?.label).toEqual({ kind: 'won' })
    expect(recipeOf({ label: 'environment', environmentLabel: 'words', equals: '12' })?.label).toEqual({
      ...{ kind: 'environment', label: 'words', equals: 12 },
    })
    expect(
      recipeOf({ label: 'environment', environmentLabel: 'colour', equals: 'red' })?.label,
    ).toMatchObject({ equals: 'red' })
    expect(recipeOf({ label: 'text', contains: '?', textOf: 'prompt' })?.label).toMatchObject({
      of: 'prompt',
    })
    expect(recipeOf({ label: 'hand', handName: 'polite' })?.label).toEqual({ kind: 'hand', name: 'polite' })
    expect(recipeOf({ label: 'classes', environmentLabel: 'words' })?.label).toMatchObject({ label: 'words' })
  })
  it('return from a recipe as they were', () => {
    const drafts = [
      draft({ label: 'environment', environmentLabel: 'words', equals: '12', layers: '3,8' }),
      draft({
        label: 'text',
        contains: 'a b',
        ignoreCase: false,
        poolings: ['lastK', 'mean'].sort() as never,
      }),
      draft({ label: 'hand', handName: 'x', layers: 'all', tasks: ['Cat'], truncated: 'only', lastStep: 4 }),
    ]
    for (const one of drafts) expect(draftOfRecipe(checkRecipe(one, choices).recipe!)).toEqual(one)
  })
})

describe('what is wrong with them', () => {
  it('stands beside the field it is about', () => {
    expect(faultsOf({ runIds: [] })).toEqual({ runIds: 'Choose at least one run.' })
    expect(faultsOf({ poolings: [] })).toHaveProperty('poolings')
    expect(faultsOf({ layers: '30' }).layers).toContain('layers 0 to 29')
    expect(faultsOf({ layers: 'none' })).toHaveProperty('layers')
    expect(faultsOf({ label: 'text', contains: '' })).toEqual({ contains: 'Give the words to look for.' })
    expect(faultsOf({ label: 'hand' })).toHaveProperty('handName')
    expect(faultsOf({ label: 'environment' })).toHaveProperty('environmentLabel')
    expect(faultsOf({ firstStep: -1 })).toHaveProperty('firstStep')
    expect(faultsOf({ firstStep: 5, lastStep: 4 }).lastStep).toContain('before the first')
    expect(faultsOf({ lastK: null, poolings: ['lastK'] })).toHaveProperty('lastK')
  })
  it('leaves no recipe behind', () => {
    expect(recipeOf({ firstStep: 5, lastStep: 4 })).toBeNull()
    expect(recipeOf({ layers: 'x' })).toBeNull()
  })
  it('lets k be empty while nobody asks for it', () => {
    expect(faultsOf({ lastK: null })).toEqual({})
  })
})

describe('the same recipe', () => {
  const recipe = dataSetRecipe.parse({ runIds: ['a'] })
  it('is the same under another name and whether or not a replay was allowed', () => {
    expect(isSameRecipe(recipe, { ...recipe, name: 'x', replayMissing: true })).toBe(true)
  })
  it('is another one with another filter', () => {
    expect(isSameRecipe(recipe, { ...recipe, filter: { ...recipe.filter, firstStep: 1 } })).toBe(false)
  })
})
