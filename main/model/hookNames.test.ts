import { describe, expect, it } from 'vitest'
import type { AppError } from '../contract/errors.ts'
import { hookShape, listHooks, llamaTraits, parseHook, parseStoredHook, valuesBefore } from './hookNames.ts'

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

function detailsOf(act: () => unknown): { near: string[] } {
  try {
    act()
  } catch (error) {
    return (error as AppError).details as { near: string[] } // hook_unknown's
  }
  throw new TypeError('nothing was thrown')
}

describe('hook names', () => {
  it.each([
    ['blocks.15.hook_resid_post', 15, 'B S D', [576]],
    ['hook_embed', null, 'B S D', [576]],
    ['blocks.0.ln1.hook_scale', 0, 'B S 1', [1]],
    ['blocks.2.attn.hook_q', 2, 'B S H K', [9, 64]],
    ['blocks.2.attn.hook_rot_k', 2, 'B S H K', [3, 64]],
    ['blocks.29.attn.hook_result', 29, 'B S H D', [9, 576]],
    ['blocks.4.mlp.hook_post', 4, 'B S M', [1536]],
    ['blocks.7.attn.hook_pattern', 7, 'B H S T', [9]],
    ['ln_final.hook_normalized', null, 'B S D', [576]],
  ])('parse into layer, axes and sizes: %s', (name, layer, axes, sizes) => {
    const width = sizes.reduce((product, size) => product * size, 1)
    expect(parseHook(name, shape)).toMatchObject({ name, layer, axes, sizes, width })
  })

  it('list every hook point of a model, each of which parses', () => {
    const hooks = listHooks(shape)
    expect(hooks).toHaveLength(3 + 30 * 21)
    expect(new Set(hooks.map(({ name }) => name)).size).toBe(hooks.length)
    for (const hook of hooks) expect(parseHook(hook.name, shape)).toEqual(hook)
    expect(hooks[0].name).toBe('hook_embed')
    expect(hooks.at(-1)?.name).toBe('ln_final.hook_normalized')
  })

  it('are only those that the model has', () => {
    const traits = {
      learnedPositions: true,
      unrotatedLayers: [],
      gatedMlp: false,
      parallelResidual: true,
      postNorms: true,
      queryKeyNorm: 'heads' as const,
      experts: 0,
      expertsPerToken: 0,
    }
    const other = { ...shape, traits }
    for (const name of [
      'hook_pos_embed',
      'blocks.1.ln1_post.hook_scale',
      'blocks.1.ln2_post.hook_normalized',
      'blocks.1.attn.q_norm.hook_scale',
      'blocks.1.attn.k_norm.hook_normalized',
    ]) {
      expect(parseHook(name, other).name).toBe(name)
      expect(() => parseHook(name, shape)).toThrow(expect.objectContaining({ code: 'hook_unknown' }))
    }
    for (const name of [
      'blocks.1.hook_resid_mid',
      'blocks.1.mlp.hook_pre_linear',
      'blocks.1.attn.hook_rot_q',
    ]) {
      expect(parseHook(name, shape).name).toBe(name)
      expect(() => parseHook(name, other)).toThrow(expect.objectContaining({ code: 'hook_unknown' }))
    }
    const unrotated = { ...shape, traits: { ...traits, learnedPositions: false, unrotatedLayers: [3] } }
    expect(parseHook('blocks.2.attn.hook_rot_q', unrotated).layer).toBe(2)
    expect(() => parseHook('blocks.3.attn.hook_rot_q', unrotated)).toThrow(
      expect.objectContaining({ code: 'hook_unknown' }),
    )
    const experts = { ...shape, traits: { ...traits, experts: 8, expertsPerToken: 2 } }
    const ofMlp = listHooks(experts).filter(({ group, layer }) => group === 'mlp' && layer === 4)
    expect(ofMlp.map(({ name, axes, sizes }) => [name, axes, sizes])).toEqual([
      ['blocks.4.mlp.hook_expert_weights', 'B S E', [8]],
      ['blocks.4.mlp.hook_expert_indices', 'B S E', [2]],
    ])
  })

  it('have a scale for each head, or one where a norm is over all heads', () => {
    const scale = (queryKeyNorm: 'heads' | 'whole', letter: string) => {
      const normed = { ...shape, traits: { ...llamaTraits, queryKeyNorm } }
      return parseHook(`blocks.0.attn.${letter}_norm.hook_scale`, normed)
    }
    expect(scale('heads', 'q')).toMatchObject({ axes: 'B S H 1', sizes: [9, 1], width: 9 })
    expect(scale('heads', 'k')).toMatchObject({ axes: 'B S H 1', sizes: [3, 1] })
    expect(scale('whole', 'k')).toMatchObject({ axes: 'B S H 1', sizes: [1, 1] })
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

  it.each(['foo', '', 'x'.repeat(5000)])(
    'name a few that exist even where nothing is near “%.10s”',
    (wrong) => {
      const { near } = detailsOf(() => parseHook(wrong, shape))
      expect(near).toHaveLength(3)
      for (const name of near) expect(parseHook(name, shape).name).toBe(name)
    },
  )

  it('refuse to be stored where their rows grow with the sequence', () => {
    for (const name of ['blocks.3.attn.hook_pattern', 'blocks.3.attn.hook_attn_scores'])
      expect(() => parseStoredHook(name, shape)).toThrow(
        expect.objectContaining({ code: 'hook_not_stored', details: { hook: name } }),
      )
    expect(parseStoredHook('blocks.3.attn.hook_z', shape).width).toBe(576)
    expect(() => parseStoredHook('blocks.3.attn.hook_y', shape)).toThrow(
      expect.objectContaining({ code: 'hook_unknown' }),
    )
  })

  it('refuse a layer that the model does not have', () => {
    expect(() => parseHook('blocks.30.hook_resid_post', shape)).toThrow(
      expect.objectContaining({ code: 'layer_out_of_range', details: { layer: 30, layers: 30 } }),
    )
  })
})

describe('values of a hook point', () => {
  it('are as many at every position', () => {
    const point = parseHook('blocks.2.attn.hook_z', shape)
    expect(valuesBefore(point, 7)).toBe(7 * 9 * 64)
    expect(hookShape(point, 7, 7)).toEqual([1, 7, 9, 64])
  })

  it('are as many as a position has keys, where there are keys', () => {
    const point = parseHook('blocks.2.attn.hook_pattern', shape)
    expect(valuesBefore(point, 3)).toBe(9 * (1 + 2 + 3))
    expect(hookShape(point, 3, 5)).toEqual([1, 9, 3, 5])
  })
})
