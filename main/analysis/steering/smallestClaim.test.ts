import { describe, expect, it } from 'vitest'
import { simulatedPower } from './simulatedSweep.ts'
import { smallestClaim, type SweepDesign } from './smallestClaim.ts'

const design: SweepDesign = {
  ...{ episodes: 20, steps: 20, rate: 0.6, wanted: 'down', clusterCorrelation: 0.1 },
  ...{ alphas: [1, 4], randomDirections: 5, randomAt: 'largest', further: 0, level: 0.05 },
}

describe('the smallest effect that a planned sweep claims', () => {
  it.each([
    ['one dose and two directions', { alphas: [4], randomDirections: 2 }],
    ['wins, one number an episode', { steps: 1, episodes: 60, rate: 0.3, wanted: 'up' as const }],
  ])(
    'is claimed in four of five other simulations: %s',
    (_name, changes) => {
      const { wanted, level: _, further: __, ...plan } = { ...design, ...changes }
      const smallest = smallestClaim({ ...design, ...changes })!
      const effect = wanted === 'down' ? -smallest : smallest
      const { claims } = simulatedPower({ ...plan, effect, isPaired: false }, { trials: 200, seed: 77 })
      // Three standard deviations of 200 trials are .085, those of the search behind it about as much.
      expect(Math.abs(claims - 0.8)).toBeLessThan(0.13)
    },
    60_000,
  )

  it('is larger beside many other cells, and the same for the same design', () => {
    const alone = smallestClaim(design)!
    expect(smallestClaim({ ...design, further: 30 })!).toBeGreaterThan(alone)
    expect(smallestClaim(design)).toBe(alone)
  }, 60_000)

  it('is none where no change is large enough, or no direction to compare with', () => {
    expect(smallestClaim({ ...design, episodes: 4 })).toBeNull()
    expect(smallestClaim({ ...design, rate: 0 })).toBeNull()
    expect(smallestClaim({ ...design, rate: 1, wanted: 'up' })).toBeNull()
    expect(smallestClaim({ ...design, randomDirections: 1 })).toBeNull()
  })
})
