import { describe, expect, it } from 'vitest'
import { writeNumbers } from '../shared/numberWords.ts'
import { middleLayer, otherHooks, readLayers } from './layerChoice.ts'

describe('readLayers', () => {
  it('takes lists, ranges and names, in any order and once each', () => {
    expect(readLayers('15, 0;8 8', 30).layers).toEqual([0, 8, 15])
    expect(readLayers('0-2,29', 30).layers).toEqual([0, 1, 2, 29])
    expect(readLayers('all', 4).layers).toEqual([0, 1, 2, 3])
    expect(readLayers('middle', 16).layers).toEqual([8])
  })
  it('is empty for nothing and for none', () => {
    for (const text of ['', '  ', 'none', ','])
      expect(readLayers(text, 30)).toEqual({ layers: [], problem: null })
  })
  it('says what is wrong and which layers there are', () => {
    expect(readLayers('30', 30).problem).toContain('0 to 29')
    expect(readLayers('-1', 30).problem).toContain('“-1”')
    expect(readLayers('1.5', 30).problem).toContain('“1.5”')
    expect(readLayers('5-2', 30).problem).toContain('backwards')
    expect(readLayers('99999999', 30).problem).not.toBeNull()
  })
  it('does not know all and middle without a model', () => {
    expect(readLayers('all', null).problem).not.toBeNull()
    expect(readLayers('7', null).layers).toEqual([7])
  })
})

it('what is written reads back the same', () => {
  for (const layers of [[], [15], [0, 1], [0, 1, 2], [0, 2, 3, 4, 9, 10]])
    expect(readLayers(writeNumbers(layers), 30).layers).toEqual(layers)
  expect(writeNumbers([3, 0, 1, 2, 8])).toBe('0-3,8')
})

it('the middle of 30 layers is 15, of 16 is 8', () => {
  expect([middleLayer(30), middleLayer(16), middleLayer(1)]).toEqual([15, 8, 0])
})

it('other hooks are those that are no residual after a block', () => {
  expect(
    otherHooks(['blocks.3.hook_resid_post', 'blocks.3.hook_resid_pre', 'ln_final.hook_normalized']),
  ).toEqual(['blocks.3.hook_resid_pre', 'ln_final.hook_normalized'])
})
