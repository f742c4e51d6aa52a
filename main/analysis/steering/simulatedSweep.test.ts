import { describe, expect, it } from 'vitest'
import { clusterCorrelation } from './sensitivity.ts'
import { simulatedPower, simulatedSweep, type SimulatedSweep } from './simulatedSweep.ts'

const plan: SimulatedSweep = {
  episodes: 20,
  steps: 20,
  rate: 0.69,
  effect: 0,
  clusterCorrelation: 0.1,
  alphas: [1, 4],
  randomDirections: 5,
}

describe('a simulated sweep', () => {
  it.each([0, 0.1, 0.3])('has the rates and the correlation of %d that it was asked for', (rho) => {
    const [baseline, ...others] = simulatedSweep(
      { ...plan, episodes: 4000, effect: -0.2, clusterCorrelation: rho },
      'rates',
    )
    const steered = others.find(({ id }) => id === 'α = 4')!
    const rates = [baseline, steered].map(({ episodes }) => {
      const outcomes = episodes.flatMap((episode) => episode.outcomes)
      return outcomes.reduce((a, b) => a + b, 0) / outcomes.length
    })
    expect(Math.abs(rates[0] - 0.69)).toBeLessThan(0.02)
    expect(Math.abs(rates[1] - 0.49)).toBeLessThan(0.02)
    expect(
      Math.abs(clusterCorrelation(baseline.episodes.map(({ outcomes }) => outcomes))! - rho),
    ).toBeLessThan(0.02)
  })
})

// docs/methods/steering.md has 200 trials of each, from scripts/steeringPower.ts; these are fewer, so that they are quick.
describe('the verdict on simulated sweeps', () => {
  it.each([0, 0.1, 0.3])(
    'claims no effect where there is none, steps correlating by %d',
    (clusterCorrelation) => {
      // Were one trial in ten a false claim, more than 4 of 40 would be nearly even odds; were it one in five, almost sure.
      expect(
        simulatedPower({ ...plan, clusterCorrelation }, { trials: 40, seed: 1 }).claims,
      ).toBeLessThanOrEqual(0.1)
    },
  )

  it('claims no effect where any direction has one and the vector is but a direction', () => {
    const { claims, coverage } = simulatedPower({ ...plan, directionSpread: 0.1 }, { trials: 40, seed: 2 })
    expect(claims).toBeLessThanOrEqual(0.15)
    expect(coverage).toBeNull()
  })

  it('finds a planted effect of 25 points, and its intervals hold the truth', () => {
    const { claims, coverage } = simulatedPower({ ...plan, effect: -0.25 }, { trials: 40, seed: 3 })
    expect(claims).toBeGreaterThan(0.85)
    expect(coverage).toBeGreaterThan(0.8)
  })
})
