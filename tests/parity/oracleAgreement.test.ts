// The knowledge-base oracle against hand labels on a real model's messages; figures and method: docs/oracle.md.
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { halfOf, judgeAll, report, wilson } from '../../scripts/oracleAgreement.ts'

const resources = fileURLToPath(new URL('../../resources', import.meta.url))
const golden = fileURLToPath(new URL('golden/oracleQuestions.json', import.meta.url))

describe('agreement with hand labels', () => {
  it.each(['lenient', 'strict'] as const)(
    'stays where docs/oracle.md says it is (%s)',
    async (strictness) => {
      const rows = await judgeAll(resources, golden, strictness)
      expect(rows.length).toBeGreaterThanOrEqual(300)
      for (const half of ['dev', 'held out'] as const) {
        const some = rows.filter((row) => row.half === half)
        const right = some.filter((row) => row.expected === row.given).length
        // Measured at 97 % and more; the margin is for labels that are added later.
        expect(right / some.length, report(some).join('\n')).toBeGreaterThan(0.94)
      }
    },
  )

  it('splits by the text alone, about half and half', () => {
    expect(halfOf('Is it alive?')).toBe(halfOf('Is it alive?'))
    const dev = Array.from({ length: 1000 }, (_, i) => halfOf(`Is it ${i}?`)).filter((half) => half === 'dev')
    // Standard deviation 16.
    expect(Math.abs(dev.length - 500)).toBeLessThan(80)
  })

  it('gives Wilson’s interval', () => {
    // 9 of 10 by Wilson 1927, z = 1.959964, computed apart in Python: 0.595850, 0.982124
    expect(wilson(9, 10)?.[0]).toBeCloseTo(0.59585, 4)
    expect(wilson(9, 10)?.[1]).toBeCloseTo(0.98212, 4)
    expect(wilson(0, 10)?.[0]).toBeCloseTo(0, 12)
    expect(wilson(0, 0)).toBeNull()
  })
})
