import { describe, expect, it } from 'vitest'
import type { TableCondition } from '../../contract/sweepTables.ts'
import { upstreamTables } from './sweepTables.ts'
import { targetStep } from './targetStep.ts'

/** Each letter a step: `x` invalid, `?` a valid question. */
const condition = (alpha: number | null, ...episodes: string[]): TableCondition => ({
  id: alpha === null ? 'baseline' : `α = ${alpha}`,
  alpha,
  episodes: episodes.map((letters, episode) => ({
    episode,
    steps: [...letters].map((letter, step) => ({
      step,
      isInvalid: letter === 'x',
      completion: letter === 'x' ? 'It is a cat.' : 'Is it a cat?',
      isSteered: alpha !== null,
    })),
  })),
})

describe('upstream’s tables', () => {
  const tables = upstreamTables([
    condition(2, '?x', '????'),
    condition(null, 'xx', 'x?x?'),
    condition(1, 'xx', 'xxxx'),
  ])

  it('stand in the order baseline, then α, and name what they count', () => {
    expect(tables.conditions).toEqual(['baseline', 'α = 1', 'α = 2'])
    expect(tables.overall.map(({ hits, steps }) => `${hits}/${steps}`)).toEqual(['4/6', '6/6', '1/6'])
    expect(tables.overall.map(({ difference }) => difference)).toEqual([null, 1 - 4 / 6, 1 / 6 - 4 / 6])
    expect(tables.questionMarks[2]).toEqual({ hits: 5, steps: 6, rate: 5 / 6 })
  })

  it('have no rate where there is no step', () => {
    expect(tables.phases[3].cells).toEqual(Array(3).fill({ hits: 0, steps: 0, rate: null }))
    expect(tables.steps.length).toBe(4)
  })

  it('show the episode that was rescued, statements that became questions, and the same step side by side', () => {
    const { best, rescued, statements, questions, sameStep, strongest } = tables.examples
    expect(best).toBe('α = 2')
    // Both episodes fell by half: the earlier is shown, at both conditions.
    expect(rescued.map(({ condition: id, episode, step }) => `${id}/${episode}/${step}`)).toEqual([
      'baseline/0/0',
      'baseline/0/1',
      'α = 2/0/0',
      'α = 2/0/1',
    ])
    expect(statements.map(({ episode, step }) => [episode, step])).toEqual([
      [0, 0],
      [1, 0],
    ])
    expect(questions.every(({ isInvalid }) => !isInvalid)).toBe(true)
    expect(sameStep.length).toBe(6)
    expect(strongest.length).toBe(6)
  })

  it('have no best condition where nothing was steered, and no rescue where nothing fell', () => {
    expect(upstreamTables([condition(null, 'x')]).examples).toMatchObject({
      best: null,
      rescued: [],
      strongest: [],
    })
    expect(upstreamTables([condition(null, '?'), condition(1, 'x')]).examples.rescued).toEqual([])
  })

  it('are refused without a baseline or with an α twice', () => {
    expect(() => upstreamTables([condition(1, 'x')])).toThrow(TypeError)
    expect(() => upstreamTables([condition(null, 'x'), condition(1, 'x'), condition(1, 'x')])).toThrow(
      TypeError,
    )
    expect(() => upstreamTables([])).toThrow(TypeError)
  })
})

describe('the target step', () => {
  it('falls back to the most accurate probe, the earlier of equals', () => {
    const step = (index: number, accuracy: number) => ({ step: index, accuracy, valid: 4, invalid: 30 })
    expect(targetStep([step(3, 0.9), step(1, 0.95), step(2, 0.95)])).toMatchObject({
      step: 1,
      by: 'accuracy',
    })
  })

  it('is none without steps, and a step without rows has no rate', () => {
    expect(targetStep([])).toBeNull()
    expect(targetStep([{ step: 0, accuracy: 1, valid: 0, invalid: 0 }])!.steps[0]).toMatchObject({
      invalidRate: null,
      score: null,
      qualifies: false,
    })
  })
})
