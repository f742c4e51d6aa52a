import { describe, expect, it } from 'vitest'
import { claimableEffect } from './claimableEffect.ts'
import { detectableEffect } from './sensitivity.ts'
import { simulatedPower } from './simulatedSweep.ts'

const design = { episodes: 20, steps: 20, rate: 0.6, clusterCorrelation: 0.1 }

describe('the smallest effect that is claimed', () => {
  it.each([2, 5])('is claimed about four times in five with %d random directions', (randomDirections) => {
    const effect = -claimableEffect(design, randomDirections)!
    const { claims } = simulatedPower(
      { ...design, effect, alphas: [4], randomDirections, isPaired: false },
      { trials: 60, seed: 5 },
    )
    // Standard deviation of 60 trials at .8: .05. Correlated coins are no normal draws, so a little more is allowed for.
    expect(claims).toBeGreaterThan(0.6)
    expect(claims).toBeLessThan(0.97)
  })

  it('is more than one test finds, and less with more directions, episodes and fewer comparisons', () => {
    const five = claimableEffect(design, 5)!
    expect(five).toBeGreaterThan(detectableEffect(design)!)
    expect(claimableEffect(design, 2)!).toBeGreaterThan(1.5 * five)
    expect(claimableEffect(design, 20)!).toBeLessThan(five)
    expect(claimableEffect({ ...design, episodes: 80 }, 5)!).toBeLessThan(0.6 * five)
    expect(claimableEffect({ ...design, comparisons: 8 }, 5)!).toBeGreaterThan(five)
    expect(claimableEffect(design, 5)).toBe(five)
  })

  it('is not known from one episode, nor with one direction, and refused for what cannot be', () => {
    expect(claimableEffect({ ...design, episodes: 1 }, 5)).toBeNull()
    expect(claimableEffect(design, 1)).toBeNull()
    expect(() => claimableEffect({ ...design, rate: 2 }, 5)).toThrow(TypeError)
  })
})
