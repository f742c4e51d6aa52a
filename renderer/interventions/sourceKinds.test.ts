import { expect, it } from 'vitest'
import { sourceKindsFor } from './sourceKinds.ts'

const offered = (hooks: unknown, chosen: 'file' | 'run' = 'file'): string[] =>
  sourceKindsFor(hooks, chosen).map(({ value }) => value)

it('a stored run is offered where runs store such values, or where it stands already', () => {
  expect(offered('blocks.3.hook_resid_post')).toEqual(['file', 'run', 'values'])
  expect(offered('blocks.{0..3}.attn.hook_pattern')).toEqual(['file', 'values'])
  expect(offered(['hook_embed', 'blocks.*.attn.hook_attn_scores'])).toEqual(['file', 'values'])
  expect(offered('blocks.3.attn.hook_pattern', 'run')).toEqual(['file', 'run', 'values'])
  expect(offered(undefined)).toContain('run')
})
