import { expect, it } from 'vitest'
import { probability } from './sweepText.ts'

it('never prints a probability of zero', () => {
  expect([null, 0.0001, 0.0009999, 0.001, 0.0425, 1].map(probability)).toEqual([
    '–',
    '< .001',
    '< .001',
    '0.001',
    '0.043',
    '1.000',
  ])
})
