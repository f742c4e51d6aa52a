import { describe, expect, it } from 'vitest'
import { makeStep } from '../testing/steps.ts'
import { differingTokens, pairSteps } from './stepPairs.ts'

describe('differing tokens', () => {
  it('are those in no common subsequence', () => {
    expect(differingTokens([1, 2, 3, 4], [1, 9, 3, 4])).toEqual([[1], [1]])
    expect(differingTokens([1, 2, 3], [1, 2, 3])).toEqual([[], []])
    expect(differingTokens([1, 2, 3, 4, 5], [1, 3, 5, 6])).toEqual([[1, 3], [3]])
    expect(differingTokens([], [1, 2])).toEqual([[], [0, 1]])
  })
  it('are as few as can be, for any two rows', () => {
    const rows = [
      [1, 2, 1, 2, 3],
      [2, 1, 3, 2, 1],
      [3, 3, 1],
      [2, 2, 2, 1],
    ]
    const common = (a: number[], b: number[]): number =>
      a.length === 0 || b.length === 0
        ? 0
        : a[0] === b[0]
          ? 1 + common(a.slice(1), b.slice(1))
          : Math.max(common(a.slice(1), b), common(a, b.slice(1)))
    for (const a of rows)
      for (const b of rows) {
        const [inA, inB] = differingTokens(a, b)
        expect(a.length - inA.length).toBe(common(a, b))
        expect(a.filter((_, i) => !inA.includes(i))).toEqual(b.filter((_, i) => !inB.includes(i)))
      }
  })
  it('of very long rows are all from the first difference to the last', () => {
    const long = Array.from({ length: 3000 }, (_, i) => i)
    const [inA, inB] = differingTokens(
      long,
      long.map((id) => (id === 0 || id === 2999 ? id : id + 1)),
    )
    expect([inA.length, inB.length]).toEqual([2998, 2998])
  })
})

describe('steps side by side', () => {
  it('are told apart by prompt and answer, and know where they part first', () => {
    const bases = [makeStep({ step: 0 }), makeStep({ step: 1, completion: ['Yes', '.'] })]
    const owns = [
      makeStep({ step: 0 }),
      makeStep({ step: 1, completion: ['No', '.'] }),
      makeStep({ step: 2 }),
    ]
    const { pairs, firstDifference } = pairSteps(bases, owns)
    expect(firstDifference).toBe(1)
    expect(pairs.map(({ step, isSame }) => [step, isSame])).toEqual([
      [0, true],
      [1, false],
      [2, false],
    ])
    expect([...(pairs[1]?.differing.own ?? [])]).toEqual([2])
    expect(pairs[2]?.base).toBeNull()
  })
  it('part where only the prompt differs', () => {
    const { firstDifference, pairs } = pairSteps([makeStep({ prompt: ['a'] })], [makeStep({ prompt: ['b'] })])
    expect(firstDifference).toBe(0)
    expect(pairs[0]?.differing.base.size).toBe(0)
  })
  it('never part in two equal episodes', () => {
    expect(pairSteps([makeStep()], [makeStep()]).firstDifference).toBeNull()
  })
})
