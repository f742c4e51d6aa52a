import { expect, it } from 'vitest'
import { activationSource, vectorVariant } from '../../main/contract/interventions.ts'
import {
  fitsModel,
  sourceKindOf,
  sourceKindsFor,
  sourceOf,
  variantNames,
  variantOf,
  type SourceKind,
  type SourceUse,
} from './sourceKinds.ts'

const offered = (hooks: unknown, use: SourceUse = 'source', chosen: SourceKind = 'file'): string[] =>
  sourceKindsFor(hooks, chosen, use).map(({ value }) => value)

it('what a workspace stores is offered where it stores such values, or where it stands already', () => {
  expect(offered('blocks.3.hook_resid_post')).toEqual(['file', 'dataSet', 'run', 'values'])
  expect(offered('blocks.{0..3}.attn.hook_pattern')).toEqual(['file', 'values'])
  expect(offered(['hook_embed', 'blocks.*.attn.hook_attn_scores'])).toEqual(['file', 'values'])
  expect(offered('blocks.3.attn.hook_pattern', 'source', 'run')).toEqual(['file', 'run', 'values'])
  expect(offered(undefined)).toContain('run')
})

it('a direction comes from the library, rows from a data set', () => {
  expect(offered('hook_embed', 'vector')).toEqual(['file', 'vector', 'run', 'values'])
  expect(offered('hook_embed', 'source', 'vector')).toContain('vector')
})

it('every kind is told from what it begins with, and is one of the language once it is filled in', () => {
  const filled = { file: 'a', tensor: 'b', run: 'r1', dataSet: 'd1', vector: 'v1', values: [1] }
  for (const kind of ['file', 'vector', 'dataSet', 'run', 'values'] as const) {
    const source = sourceOf(kind)
    expect(sourceKindOf(source)).toBe(kind)
    const whole = Object.fromEntries(
      Object.entries(source).map(([key, value]) => [
        key,
        filled[key as keyof typeof filled] ?? (value as unknown),
      ]),
    )
    expect(activationSource.safeParse(whole).success, kind).toBe(true)
  }
  expect(sourceKindOf(undefined)).toBe('file')
})

it('a control of a vector begins as one that can be drawn', () => {
  for (const kind of Object.keys(variantNames)) {
    const variant = variantOf(kind)
    if (kind === 'itself') expect(variant).toBeUndefined()
    else
      expect(
        vectorVariant.safeParse({ ...variant, ...(kind === 'orthogonal' && { to: 'v2' }) }).success,
      ).toBe(true)
  }
})

it('numbers of another model are not offered, those of an unknown one are', () => {
  expect(fitsModel([{ hash: 'a' }, { hash: 'b' }], 'b')).toBe(true)
  expect(fitsModel([{ hash: 'a' }], 'b')).toBe(false)
  expect(fitsModel(null, 'b')).toBe(true)
  expect(fitsModel([{ hash: 'a' }], null)).toBe(true)
})
