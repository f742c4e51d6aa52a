import { describe, expect, it } from 'vitest'
import { RandomState } from './mersenneTwister.ts'

// numpy 2.4.6
describe('NumPy’s RandomState', () => {
  it('shuffles a list as seed 42 does there', () => {
    const items = Array.from({ length: 12 }, (_, index) => index)
    expect(new RandomState(42).shuffled(items)).toEqual([10, 9, 0, 8, 5, 2, 1, 11, 4, 7, 3, 6])
    expect(items[0]).toBe(0)
  })

  it('permutes as the largest seed does there', () => {
    const items = Array.from({ length: 8 }, (_, index) => index)
    expect(new RandomState(2 ** 32 - 1).shuffled(items)).toEqual([1, 7, 6, 0, 5, 4, 2, 3])
  })

  it('draws integers as randint does there, one range after another', () => {
    const random = new RandomState(42)
    const draw = (count: number, highest: number): number[] =>
      Array.from({ length: count }, () => random.interval(highest))
    expect(draw(15, 6)).toEqual([6, 3, 4, 6, 2, 4, 4, 6, 1, 2, 6, 2, 2, 4, 3])
    expect(draw(4, 65535)).toEqual([60263, 16023, 41090, 1685])
  })

  it('draws nothing where there is one choice', () => {
    const random = new RandomState(42)
    expect(random.interval(0)).toBe(0)
    expect(random.interval(6)).toBe(6)
  })

  it('refuses what is no seed there', () => {
    for (const seed of [-1, 2 ** 32, 0.5, NaN]) expect(() => new RandomState(seed)).toThrow(TypeError)
  })
})
