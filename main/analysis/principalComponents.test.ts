import { describe, expect, it } from 'vitest'
import { normalGenerator } from './normalDraws.ts'
import { principalComponents } from './principalComponents.ts'
import { seededGenerator } from './seededGenerator.ts'

const normal = normalGenerator(seededGenerator('components'))
/** Rows that vary most along the first axis, then along the second, and so on. */
const rows = (n: number, width: number): Float64Array =>
  Float64Array.from({ length: n * width }, (_, i) => 3 + normal() / (1 + (i % width)))

describe('principal components', () => {
  it('are the same whether rows or columns are fewer', () => {
    const data = rows(9, 8)
    const few = principalComponents(data, 8, { count: 3 })
    // The same rows among more columns that are all zero.
    const padded = new Float64Array(9 * 20)
    for (let row = 0; row < 9; row++) padded.set(data.subarray(row * 8, (row + 1) * 8), row * 20)
    const wide = principalComponents(padded, 20, { count: 3 })
    for (let k = 0; k < 3; k++) {
      expect(wide.variances[k]).toBeCloseTo(few.variances[k], 12)
      for (let i = 0; i < 8; i++)
        expect(wide.components[k * 20 + i]).toBeCloseTo(few.components[k * 8 + i], 10)
    }
  })

  it('find the axis that varies most, with its largest entry positive', () => {
    const { components, explained } = principalComponents(rows(400, 5), 5, { count: 2 })
    expect(components[0]).toBeGreaterThan(0.95)
    expect(explained[0]).toBeGreaterThan(explained[1])
  })

  it('see what all rows have in common only if they are not centred', () => {
    const same = Float64Array.from({ length: 12 }, (_, i) => (i % 3 === 1 ? 5 : 0))
    expect(principalComponents(same, 3, { count: 2 }).components.length).toBe(0)
    expect([...principalComponents(same, 3, { count: 2, centre: false }).components]).toEqual([0, 1, 0])
  })

  it('are none of none', () => {
    expect(principalComponents(new Float64Array(0), 4, { count: 2 }).components.length).toBe(0)
  })

  it('are refused for rows that are not whole', () => {
    expect(() => principalComponents(new Float64Array(7), 3, { count: 1 })).toThrow(TypeError)
  })
})
