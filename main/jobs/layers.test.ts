import { expect, test } from 'vitest'
import { residualHooks } from './layers.ts'

test('choices name residual streams in order, each once', () => {
  expect(residualHooks('middle', 30)).toEqual(['blocks.15.hook_resid_post'])
  expect(residualHooks('none', 30)).toEqual([])
  expect(residualHooks('all', 3)).toHaveLength(3)
  expect(residualHooks([2, 0, 2], 3)).toEqual(['blocks.0.hook_resid_post', 'blocks.2.hook_resid_post'])
})

test('a layer that the model does not have is refused', () => {
  for (const bad of [3, -1, 1.5]) expect(() => residualHooks([bad], 3)).toThrow(/layers 0 to 2/)
})
