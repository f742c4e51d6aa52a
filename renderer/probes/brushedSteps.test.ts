import { describe, expect, it } from 'vitest'
import { BrushedSteps } from './brushedSteps.svelte.ts'

const step = (episode: number, number: number) => ({ runId: 'r', episode, step: number, label: 0 })

describe('steps inside the rectangle', () => {
  it('are found again in their episodes', () => {
    const brushed = new BrushedSteps()
    brushed.choose('p', [step(0, 1), step(2, 0)])
    expect(brushed.has('p', step(2, 0))).toBe(true)
    expect(brushed.has('p', step(0, 2))).toBe(false)
    expect(brushed.has('p', { ...step(2, 0), runId: 'other' })).toBe(false)
    brushed.choose('p', [])
    expect(brushed.has('p', step(2, 0))).toBe(false)
  })
  it('mean nothing where another probe is looked at', () => {
    const brushed = new BrushedSteps()
    brushed.choose('p', [step(0, 1)])
    expect(brushed.has('q', step(0, 1))).toBe(false)
    expect(brushed.has(null, step(0, 1))).toBe(false)
  })
})
