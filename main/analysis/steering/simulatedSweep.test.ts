import { describe, expect, it } from 'vitest'
import { verdictSettings } from '../../contract/steering.ts'
import { clusterCorrelation } from './sensitivity.ts'
import { simulatedPower, simulatedSweep, type SimulatedSweep } from './simulatedSweep.ts'
import { verdictCard } from './verdictCard.ts'

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

// docs/methods/steering.md has more of each, with four doses, from scripts/steeringPower.ts.
describe('the verdict on simulated sweeps', () => {
  it.each([0, 0.1, 0.3])(
    'claims no effect in more than 5 % of 200 where there is none, steps correlating by %d',
    (clusterCorrelation) => {
      const { claims } = simulatedPower(
        { ...plan, clusterCorrelation, alphas: [4] },
        { trials: 200, seed: 1 },
      )
      expect(claims).toBeLessThanOrEqual(0.05)
    },
    60_000,
  )

  it('claims no effect where any direction has one and the vector is but a direction, nor calls its curve one', () => {
    const moved = { ...plan, directionSpread: 0.1 }
    const { claims, coverage } = simulatedPower(moved, { trials: 40, seed: 2 })
    expect(claims).toBeLessThanOrEqual(0.15)
    expect(coverage).toBeNull()
    let green = 0
    for (let trial = 0; trial < 60; trial++) {
      const conditions = simulatedSweep(moved, `curve/${trial}`)
      const settings = verdictSettings.parse({
        bootstraps: 200,
        permutations: 199,
        sideEffects: [],
        seed: trial,
      })
      const { doseResponses } = verdictCard({ conditions }, settings)
      if (doseResponses[0].colour === 'green') green++
    }
    // One way in twenty, both ways in ten, is what the test allows; more than seven of sixty in the wanted way would be one chance in thirty.
    expect(green).toBeLessThanOrEqual(7)
  }, 60_000)

  it('finds a planted effect of 25 points, and its intervals hold the truth', () => {
    const { claims, coverage } = simulatedPower({ ...plan, effect: -0.25 }, { trials: 40, seed: 3 })
    expect(claims).toBeGreaterThan(0.85)
    expect(coverage).toBeGreaterThan(0.8)
  })
})
