import { expect, it } from 'vitest'
import { seededGenerator } from '../seededGenerator.ts'
import { labelPermutations } from './permutationTest.ts'

/** Three episodes whose labels tell where they come from: 10 × episode + step. */
function rows(lengths: number[]) {
  const keys = lengths.flatMap((length, episode) =>
    Array.from({ length }, (_, step) => ({ runId: 'r', episode, step })),
  )
  return {
    keys,
    groups: Int32Array.from(keys, ({ episode }) => episode),
    labels: Int32Array.from(keys, ({ episode, step }) => 10 * episode + step),
    classes: [],
  }
}

it('gives every episode the labels of one other, step by step', () => {
  const data = rows([4, 4, 4])
  const permuted = labelPermutations(data)(seededGenerator('p'))
  for (const episode of [0, 1, 2]) {
    const own = [...permuted].filter((_, row) => data.groups[row] === episode)
    const donor = Math.floor(own[0] / 10)
    expect(own).toEqual([0, 1, 2, 3].map((step) => 10 * donor + step))
  }
  expect([...permuted].toSorted((a, b) => a - b)).toEqual([...data.labels])
})

it('takes the nearest step where the other episode has none', () => {
  const data = rows([5, 2])
  const permute = labelPermutations(data)
  const random = seededGenerator('q')
  const seen = new Set(Array.from({ length: 20 }, () => permute(random).join()))
  expect(seen).toEqual(new Set(['0,1,2,3,4,10,11', '10,11,11,11,11,0,1']))
})

it('moves twins together, each to the labels of its own run', () => {
  const keys = ['a', 'b'].flatMap((runId) =>
    [0, 1, 2].flatMap((episode) => [0, 1].map((step) => ({ runId, episode, step }))),
  )
  const groups = Int32Array.from(keys, ({ episode }) => episode)
  const labels = Int32Array.from(
    keys,
    ({ runId, episode, step }) => (runId === 'a' ? 0 : 100) + 10 * episode + step,
  )
  const permuted = labelPermutations({ keys, groups, labels, classes: [] })(seededGenerator('twins'))
  keys.forEach(({ runId, step }, row) => {
    expect(permuted[row] >= 100).toBe(runId === 'b')
    expect(permuted[row] % 10).toBe(step)
  })
  expect([...permuted.slice(0, 6)].map((label) => label + 100)).toEqual([...permuted.slice(6)])
})
