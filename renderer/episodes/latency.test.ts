import { expect, it } from 'vitest'
import { latency } from './latency.ts'

it('keeps to milliseconds below a second', () => {
  expect([0.5, 41.234, 999.4].map(latency)).toEqual(['0.500 ms', '41.2 ms', '999 ms'])
  expect(latency(999.6)).not.toContain('ms')
  expect(latency(125_000)).toContain('min')
})
