import { describe, expect, it } from 'vitest'
import { splitRows, type SplitRows } from './splits.ts'

const episodes = 50
const steps = 3
const count = episodes * steps
const rows: SplitRows = {
  groups: Int32Array.from({ length: count }, (_, row) => Math.floor(row / steps)),
  tasks: Array.from({ length: count }, (_, row) => `task ${Math.floor(row / steps) % 7}`),
  categories: Array.from({ length: count }, (_, row) => (row < 6 ? null : row % 2 ? 'odd' : 'even')),
  runIds: Array.from({ length: count }, (_, row) => (row < 30 ? 'first' : 'second')),
}
const of = <T>(values: ArrayLike<T>, indices: Int32Array): T[] => [
  ...new Set(Array.from(indices, (row) => values[row])),
]

describe('a split', () => {
  it('by episode learns from the 40 episodes of 50 that upstream learns from', () => {
    const [{ train, test }] = splitRows(rows, { kind: 'episode', testShare: 0.2, seed: 42 })
    // numpy 2.4.6: RandomState(42).shuffle(list(range(50))), the first 40
    const learnt = [
      13, 39, 30, 45, 17, 48, 26, 25, 32, 19, 12, 4, 37, 8, 3, 6, 41, 46, 47, 15, 9, 16, 24, 34, 31, 0, 44,
      27, 33, 5, 29, 11, 36, 1, 21, 2, 43, 35, 23, 40,
    ]
    expect(of(rows.groups, train)).toEqual(learnt.toSorted((a, b) => a - b))
    expect(of(rows.groups, test)).toHaveLength(10)
    expect(train.length + test.length).toBe(count)
  })

  it.each([
    ['grouped', rows.groups],
    ['object', rows.tasks],
  ] as const)('%s judges every row once and keeps each unit on one side', (kind, units) => {
    const folds = splitRows(rows, { kind, folds: 5, seed: 1 })
    expect(folds).toHaveLength(5)
    expect(folds.flatMap(({ test }) => [...test]).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: count }, (_, row) => row),
    )
    for (const { train, test } of folds) {
      const learnt = new Set<number | string>(of<number | string>(units, train))
      expect(of<number | string>(units, test).some((unit) => learnt.has(unit))).toBe(false)
    }
    expect(splitRows(rows, { kind, folds: 5, seed: 1 })).toEqual(folds)
    expect(splitRows(rows, { kind, folds: 5, seed: 2 })).not.toEqual(folds)
  })

  it('by category never judges a row without one, and never learns from the category that it judges', () => {
    const folds = splitRows(rows, { kind: 'category' })
    expect(folds.map(({ test }) => of(rows.categories!, test))).toEqual([['even'], ['odd']])
    expect(folds.map(({ train }) => of(rows.categories!, train))).toEqual([
      [null, 'odd'],
      [null, 'even'],
    ])
  })

  it('by run learns from one and judges the other', () => {
    const [{ train, test }] = splitRows(rows, { kind: 'transfer', testRunIds: ['second'] })
    expect([train.length, test.length]).toEqual([30, count - 30])
    expect(() => splitRows(rows, { kind: 'transfer', testRunIds: ['first', 'second'] })).toThrow(
      /to learn from/,
    )
  })

  it('by run never judges a twin of what it learnt from', () => {
    const runIds = Array.from({ length: 40 }, (_, row) => (row < 20 ? 'first' : 'second'))
    const groups = Int32Array.from({ length: 40 }, (_, row) => Math.floor((row % 20) / 2))
    const twins = { runIds, groups, tasks: runIds, categories: null }
    const folds = splitRows(twins, { kind: 'transfer', testRunIds: ['second'] })
    expect(folds).toHaveLength(5)
    for (const { train, test } of folds) {
      expect(train.every((row) => runIds[row] === 'first')).toBe(true)
      expect(test.every((row) => runIds[row] === 'second')).toBe(true)
      const learnt = new Set(of(groups, train))
      expect(of(groups, test).some((group) => learnt.has(group))).toBe(false)
    }
    const judged = folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b)
    expect(judged).toEqual(Array.from({ length: 20 }, (_, row) => 20 + row))
  })

  it('refuses more folds than there are units, and says how many there are', () => {
    expect(() => splitRows(rows, { kind: 'object', folds: 8, seed: 0 })).toThrow(
      /needs 8 objects, there are 7/,
    )
  })

  it('learns from one episode at least, even where the share says none', () => {
    const [{ train }] = splitRows(rows, { kind: 'episode', testShare: 0.999, seed: 0 })
    expect(of(rows.groups, train)).toHaveLength(1)
  })
})
