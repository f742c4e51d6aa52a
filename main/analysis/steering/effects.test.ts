import { describe, expect, it } from 'vitest'
import { seededGenerator } from '../seededGenerator.ts'
import { holm, movedWrongWay, swapTest } from './effects.ts'
import { effectOf, pairedArm } from './pairedArm.ts'

const episodes = (outcomes: number[][], seeds = outcomes.map((_, i) => i)) =>
  outcomes.map((values, i) => ({
    task: `cat ${seeds[i]}`,
    seed: seeds[i],
    outcomes: values,
    sideEffects: {},
  }))

describe('pairs', () => {
  it('are episodes of the same object and seed; others are counted and left out', () => {
    const arm = pairedArm(
      episodes([[1, 1], [0, 0], [1]], [1, 2, 3]),
      episodes([[0], [1, 1, 1], []], [2, 9, 3]),
    )
    expect(arm).toMatchObject({ pairs: 1, unpaired: 2 })
    expect(effectOf(arm)).toBe(0)
  })

  it('are none where the seed is the same and the object another', () => {
    const [dog] = episodes([[1]])
    expect(pairedArm([{ ...dog, task: 'dog' }], episodes([[1]]))).toMatchObject({ pairs: 0, unpaired: 1 })
  })

  it('weigh steps alike, as upstream’s rates do', () => {
    const arm = pairedArm(
      episodes([[1, 1, 1, 1], [0]]),
      episodes([
        [0, 0],
        [1, 1, 1],
      ]),
    )
    expect(effectOf(arm)).toBeCloseTo(3 / 5 - 4 / 5, 15)
  })

  it('are refused where an episode comes twice or an outcome is no number', () => {
    expect(() => pairedArm(episodes([[1], [0]], [4, 4]), [])).toThrow('twice')
    expect(() => pairedArm([], episodes([[NaN]]))).toThrow('not finite')
  })

  it('give no effect where there is none', () => {
    const arm = pairedArm(episodes([[1]]), [])
    expect(effectOf(arm)).toBeNaN()
    expect(swapTest(arm, 100, seededGenerator('none'))).toBeNull()
    expect(movedWrongWay(arm, 'down')).toBeNull()
  })
})

describe('the swap test', () => {
  const p = (baseline: number[][], steered: number[][]): number =>
    swapTest(pairedArm(episodes(baseline), episodes(steered)), 20_000, seededGenerator('swap'))!

  it('agrees with counting all swaps', () => {
    // Six pairs that all move the same way by as much: 2 of 2⁶ sign patterns are as large.
    const six = Array.from({ length: 6 }, () => [1, 1])
    expect(
      p(
        six,
        six.map(() => [1, 0]),
      ),
    ).toBeCloseTo(2 / 64, 2)
    // Changes +2, −1, −1, −1, of four steps each: |sum| ≥ 1 always, since the sum is odd.
    expect(
      p(
        [
          [0, 0],
          [1, 0],
          [1, 0],
          [1, 0],
        ],
        [
          [1, 1],
          [0, 0],
          [0, 0],
          [0, 0],
        ],
      ),
    ).toBe(1)
  })

  it('is 1 where nothing changes and never 0', () => {
    expect(p([[1], [0]], [[1], [0]])).toBe(1)
    const many = Array.from({ length: 30 }, () => [1])
    expect(
      p(
        many,
        many.map(() => [0]),
      ),
    ).toBeCloseTo(1 / 20_001, 10)
  })
})

describe('Holm’s correction', () => {
  it('is that of the textbook, in any order', () => {
    expect(holm([0.01, 0.04, 0.03, 0.005])).toEqual([0.03, 0.06, 0.06, 0.02])
  })

  it('leaves out what has no p, and stays within 1', () => {
    expect(holm([null, 0.6, 0.9])).toEqual([null, 1, 1])
    expect(holm([])).toEqual([])
  })
})

it('episodes that did not change do not count as moved', () => {
  const arm = pairedArm(
    episodes([
      [1, 0],
      [1, 0],
      [1, 0],
      [1, 1],
    ]),
    episodes([
      [0, 0],
      [1, 1],
      [0, 1],
      [0, 0],
    ]),
  )
  expect(movedWrongWay(arm, 'down')).toMatchObject({ moved: 3, wrong: 1 })
  expect(movedWrongWay(arm, 'up')).toMatchObject({ moved: 3, wrong: 2 })
})

it('an object that comes twice moves once', () => {
  const same = (sides: number[][]) => episodes(sides).map((episode) => ({ ...episode, task: 'cat' }))
  const arm = pairedArm(same([[0, 0], [1, 1], [1]]), same([[1, 0], [0, 0], [1]]))
  expect(movedWrongWay(arm, 'down')).toMatchObject({ moved: 1, wrong: 0 })
})
