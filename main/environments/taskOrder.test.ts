import { describe, expect, it } from 'vitest'
import { seededGenerator, shuffled } from './seededGenerator.ts'
import { taskOrder } from './taskOrder.ts'

const tasks = Array.from({ length: 10 }, (_, i) => `task ${i}`)

describe('the order of tasks', () => {
  it('gives every task once before it gives one again', () => {
    const taskOf = taskOrder(tasks)
    const round = tasks.map((_, episode) => taskOf(episode, 7))
    expect([...round].sort()).toEqual(tasks)
    expect(tasks.map((_, episode) => taskOf(episode + 10, 7))).toEqual(round)
  })

  it('depends on the seed alone, not on what was asked before', () => {
    const forwards = taskOrder(tasks)
    const first = tasks.map((_, episode) => forwards(episode, 1))
    const mixed = taskOrder(tasks)
    mixed(3, 2)
    expect(tasks.map((_, i) => mixed(9 - i, 1)).reverse()).toEqual(first)
    expect(tasks.map((_, episode) => forwards(episode, 2))).not.toEqual(first)
  })

  it('refuses an episode that is no count, and an empty list', () => {
    expect(() => taskOrder(tasks)(-1, 0)).toThrow(TypeError)
    expect(() => taskOrder(tasks)(0.5, 0)).toThrow(TypeError)
    expect(() => taskOrder([])).toThrow(TypeError)
  })
})

describe('the seeded generator', () => {
  it('gives the same numbers for the same text and others for another', () => {
    const draw = (seed: string) => Array.from({ length: 4 }, seededGenerator(seed))
    expect(draw('a')).toEqual(draw('a'))
    expect(draw('a')).not.toEqual(draw('b'))
  })

  it('is spread evenly: ten bins of 100,000 draws stay within 3 % of each other', () => {
    const random = seededGenerator('spread')
    const bins = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) bins[Math.floor(random() * 10)]!++
    for (const bin of bins) expect(Math.abs(bin / 10_000 - 1)).toBeLessThan(0.03)
  })

  it('shuffles without bias: each of six orders of three comes up about equally often', () => {
    const counts = new Map<string, number>()
    const random = seededGenerator('orders')
    for (let i = 0; i < 60_000; i++) {
      const order = shuffled(['a', 'b', 'c'], random).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    // Standard deviation of each count is about 91.
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })
})
