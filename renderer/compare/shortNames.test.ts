import { expect, it } from 'vitest'
import { shortNames, shownNames } from './shortNames.ts'

it('parts that all names share are left out', () => {
  expect(shortNames(['Embedded, 6 × 5, T 1, seed 0', 'Embedded, 6 × 5, T 0, seed 0'])).toEqual(['T 1', 'T 0'])
  expect(shortNames(['a, x', 'b, x, y'])).toEqual(['a', 'b, y'])
})

it('names stay whole where that would leave nothing, or two the same', () => {
  for (const names of [['a', 'a, b'], ['a, b', 'a, b'], ['only, one'], ['baseline', 'α = 4'], []])
    expect(shortNames(names)).toEqual(names)
})

it('a condition of a sweep is called by its title', () => {
  const named = shownNames([
    { id: 'r1', name: 'model, sweep, baseline', sweep: { id: 's1', title: 'baseline' } },
    { id: 'r2', name: 'model, T 1' },
  ])
  expect([...named]).toEqual([
    ['r1', 'baseline'],
    ['r2', 'model, T 1'],
  ])
})
