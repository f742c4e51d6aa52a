import { describe, expect, it } from 'vitest'
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
