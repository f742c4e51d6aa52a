import { expect, it } from 'vitest'
import { dataSetRecipe } from '../../main/contract/dataSets.ts'
import { classColours, hookText, labelText, recipeText } from './recipeText.ts'

it('tells a recipe in one line', () => {
  const recipe = dataSetRecipe.parse({
    runIds: ['a'],
    layers: [0, 1, 2, 8],
    poolings: ['lastPrompt', 'mean'],
    filter: { firstStep: 1, tasks: ['Cat', 'Dog'], truncated: 'leaveOut' },
  })
  expect(recipeText(recipe)).toBe(
    'invalid answer · residual after block · layers 0-2,8 · last prompt token, mean of all · steps 1–end · 2 objects · no truncated',
  )
  expect(recipeText({ ...recipe, layers: [3] })).toContain('· layer 3 ·')
})
it('names labels as a person would', () => {
  expect(labelText({ kind: 'environment', label: 'hasQuestionMark', equals: true })).toBe('hasQuestionMark')
  expect(labelText({ kind: 'environment', label: 'words', equals: 3 })).toBe('words = 3')
  expect(labelText({ kind: 'text', of: 'completion', contains: '?', ignoreCase: true })).toBe(
    'completion contains “?”',
  )
})
it('keeps the fixed colours of verdicts, and names hook points it does not know', () => {
  expect(classColours({ kind: 'invalid' })).toEqual(['valid', 'invalid'])
  expect(classColours({ kind: 'won' })[1]).toBe('win')
  expect(hookText('blocks.{layer}.attn.hook_z')).toBe('attn.hook_z')
})
