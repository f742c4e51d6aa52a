import { describe, expect, it } from 'vitest'
import { listHooks, parseHook } from './hookNames.ts'

const shape = {
  layers: 30,
  residualWidth: 576,
  heads: 9,
  keyValueHeads: 3,
  headWidth: 64,
  mlpWidth: 1536,
  vocabulary: 49152,
  contextLength: 8192,
}

describe('hook names', () => {
  it('parse into layer, axes and width', () => {
    expect(parseHook('blocks.15.hook_resid_post', shape)).toEqual({
      name: 'blocks.15.hook_resid_post',
      layer: 15,
      axes: 'B S D',
      width: 576,
    })
    expect(parseHook('hook_embed', shape).layer).toBeNull()
  })

  it('list every hook point of a model, each of which parses', () => {
    const hooks = listHooks(shape)
    expect(hooks).toHaveLength(1 + 30 * 3)
    expect(new Set(hooks.map(({ name }) => name)).size).toBe(hooks.length)
  })

  it.each([
    ['blocks.3.hook_resid_pots', 'blocks.3.hook_resid_post'],
    ['block.0.hook_resid_mid', 'blocks.0.hook_resid_mid'],
    ['hook_embd', 'hook_embed'],
  ])('of %s suggest %s', (wrong, near) => {
    expect(() => parseHook(wrong, shape)).toThrow(
      expect.objectContaining({
        code: 'hook_unknown',
        details: { hook: wrong, near: expect.arrayContaining([near]) },
      }),
    )
  })

  it.each([
    '',
    'blocks.{i}.hook_resid_post',
    'blocks.01.hook_resid_post',
    'blocks.-1.hook_resid_post',
    'constructor',
  ])('refuse “%s”', (wrong) => {
    expect(() => parseHook(wrong, shape)).toThrow(expect.objectContaining({ code: 'hook_unknown' }))
  })

  it.each(['foo', '', 'x'.repeat(5000)])('name a few even where nothing is near “%.10s”', (wrong) => {
    const near = expect.arrayContaining(['hook_embed', 'blocks.0.hook_resid_pre'])
    expect(() => parseHook(wrong, shape)).toThrow(expect.objectContaining({ details: { hook: wrong, near } }))
  })

  it('refuse a layer that the model does not have', () => {
    expect(() => parseHook('blocks.30.hook_resid_post', shape)).toThrow(
      expect.objectContaining({ code: 'layer_out_of_range', details: { layer: 30, layers: 30 } }),
    )
  })
})
