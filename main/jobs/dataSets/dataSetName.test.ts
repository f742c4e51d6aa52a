import { expect, test } from 'vitest'
import { dataSetName } from './dataSetName.ts'

const label = { kind: 'invalid' } as const

test('a data set without a name is called by its label, its runs and a number', () => {
  expect(dataSetName({ label }, ['baseline'], 1)).toBe('invalid · baseline · 1')
  expect(dataSetName({ label }, ['baseline', 'steered'], 2)).toBe('invalid · baseline, steered · 2')
  expect(dataSetName({ label: { kind: 'hand', name: 'rude' } }, ['a'], 3)).toBe('rude · a · 3')
})

test('many runs, and runs with long names, keep it short enough to be told from others by its end', () => {
  expect(dataSetName({ label }, ['a', 'b', 'c', 'd'], 7)).toBe('invalid · a, b and 2 more · 7')
  const long = dataSetName({ label }, ['x'.repeat(200), 'y'.repeat(200)], 12)
  expect(long).toMatch(/^invalid · x{47}…, y{47}… · 12$/)
})
