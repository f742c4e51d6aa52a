import { expect, it } from 'vitest'
import type { ModelShape } from '../contract/models.ts'
import { expandHooks } from './hookGlobs.ts'

const shape: ModelShape = {
  layers: 4,
  residualWidth: 8,
  heads: 2,
  keyValueHeads: 1,
  headWidth: 4,
  mlpWidth: 16,
  vocabulary: 50,
  contextLength: 64,
}
const post = (...layers: number[]): string[] => layers.map((layer) => `blocks.${layer}.hook_resid_post`)

it.each([
  ['blocks.1.hook_resid_post', post(1)],
  ['blocks.*.hook_resid_post', post(0, 1, 2, 3)],
  ['blocks.{1,3}.hook_resid_post', post(1, 3)],
  ['blocks.{1, 3}.hook_resid_post', post(1, 3)],
  ['blocks.{0,2..3}.hook_resid_post', post(0, 2, 3)],
  ['blocks.{1..1}.{hook_resid_post,attn.hook_z}', [...post(1), 'blocks.1.attn.hook_z']],
  ['blocks.2.hook_resid_{pre,post}', ['blocks.2.hook_resid_pre', ...post(2)]],
  ['blocks.{2}.attn.hook_*_scores', ['blocks.2.attn.hook_attn_scores']],
])('%s names hook points', (pattern, names) => {
  expect(expandHooks([pattern], shape)).toEqual(names)
})

it('each hook point comes once, in the order in which it was asked for', () => {
  expect(expandHooks([...post(2), 'blocks.{1,2}.hook_resid_post'], shape)).toEqual(post(2, 1))
})

it.each([
  ['blocks.{1,9}.hook_resid_post', 'layer_out_of_range'],
  ['blocks.{2..4}.hook_resid_post', 'layer_out_of_range'],
  ['blocks.{1,3.hook_resid_post', 'hook_unknown'],
  ['blocks.{3..1}.hook_resid_post', 'hook_unknown'],
  ['blocks.{}.hook_resid_post', 'hook_unknown'],
  ['blocks.{0..9999}.hook_resid_post', 'hook_unknown'],
  ['blocks.*.hook_resid_pst', 'hook_unknown'],
])('%s is an error, though part of it may fit', (pattern, code) => {
  expect(() => expandHooks([pattern], shape)).toThrow(expect.objectContaining({ code }))
})

it('what fits nothing names what is near', () => {
  const near = (name: string): unknown =>
    expect.objectContaining({ cure: expect.stringContaining(name) as string })
  expect(() => expandHooks(['blocks.*.hook_resid_pst'], shape)).toThrow(near('blocks.*.hook_resid_post'))
  expect(() => expandHooks(['blocks.{0,1}.hook_resid_pst'], shape)).toThrow(near('blocks.0.hook_resid_post'))
})
