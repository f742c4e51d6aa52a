import { describe, expect, it } from 'vitest'
import { inventedHookPoints, inventedModels } from '../testing/invented.ts'
import { hookChoices, hookFault, joinHook, splitHook } from './hookWords.ts'

const points = inventedHookPoints(inventedModels[0]!)

describe('a hook point as words', () => {
  it.each([
    ['blocks.15.hook_resid_post', 'hook_resid_post', '15'],
    ['blocks.{4,8}.attn.hook_z', 'attn.hook_z', '4,8'],
    ['blocks.{0,4..8}.hook_mlp_out', 'hook_mlp_out', '0,4-8'],
    ['blocks.*.hook_resid_post', 'hook_resid_post', 'all'],
    ['hook_embed', 'hook_embed', null],
    ['ln_final.hook_normalized', 'ln_final.hook_normalized', null],
    ['blocks.1*.hook_z', 'blocks.1*.hook_z', null],
  ])('%s is taken apart and put together again', (hook, name, layers) => {
    expect(splitHook(hook)).toEqual({ name, layers })
    expect(joinHook({ name, layers })).toBe(hook)
  })

  it('keeps what is being typed as layers, also where it names none yet', () => {
    for (const layers of ['', 'a', 'al', '4,', '4-', 'x{y']) {
      const hook = joinHook({ name: 'hook_z', layers })
      expect(splitHook(hook).name).toBe('hook_z')
    }
    expect(joinHook({ name: 'hook_z', layers: ' All ' })).toBe('blocks.*.hook_z')
    expect(joinHook({ name: 'hook_z', layers: '3, 5' })).toBe('blocks.{3,5}.hook_z')
  })
})

describe('what a model offers', () => {
  it('is each name once, with its axes', () => {
    const choices = hookChoices(points)
    expect(choices).toHaveLength(new Set(choices.map(({ name }) => name)).size)
    expect(choices).toContainEqual({ name: 'attn.hook_z', isInBlock: true, hint: 'B S H K, 9 × 64' })
    expect(choices).toContainEqual({ name: 'hook_embed', isInBlock: false, hint: 'B S D, 576' })
  })

  it.each([
    ['blocks.15.hook_resid_post', null],
    ['blocks.*.attn.hook_z', null],
    ['hook_embed', null],
    ['blocks.1*.hook_resid_post', null], // a pattern of its own: the engine expands it
    ['blocks.2.hook_resid_pst', /no such hook point.*hook_resid_post/],
    ['blocks.2.attn.hook_patern', /Near: attn\.hook_pattern/],
    ['', /Choose/],
    ['blocks.{}.hook_resid_post', /layers/],
    ['blocks.{a}.hook_resid_post', /“a” names no layers/],
    ['blocks.{4,30}.hook_resid_post', /no blocks\.30\.hook_resid_post/],
  ])('says of %s what is wrong', (hook, fault) => {
    const found = hookFault(splitHook(hook), points)
    if (fault === null) expect(found).toBeNull()
    else expect(found).toMatch(fault)
  })

  it('is not known before the engine has told', () => {
    expect(hookFault(splitHook('anything'), null)).toBeNull()
  })
})
