import { expect, test } from 'vitest'
import { verdictSettings } from '../../contract/steering.ts'
import { simulatedSweep } from './simulatedSweep.ts'
import { claimsOf, judgedSweep } from './sweepClaims.ts'
import { verdictCard } from './verdictCard.ts'

const plan = {
  ...{ episodes: 16, steps: 12, rate: 0.6, effect: -0.22, clusterCorrelation: 0.1 },
  ...{ alphas: [1, 4], randomDirections: 4, directionSpread: 0.05 },
}

test('what is claimed without the card is what the card claims', () => {
  let claimed = 0
  for (let trial = 0; trial < 25; trial++) {
    const conditions = simulatedSweep(plan, `claims/${trial}`)
    const settings = verdictSettings.parse({
      bootstraps: 200,
      permutations: 199,
      sideEffects: [],
      seed: trial,
    })
    const expected = verdictCard({ conditions }, settings)
      .conditions.filter(({ isClaim }) => isClaim)
      .map(({ id, effect }) => ({ id, effect: effect.value }))
    expect(claimsOf(judgedSweep(conditions, settings), settings)).toEqual(expected)
    claimed += expected.length
  }
  expect(claimed).toBeGreaterThan(5)
})

test('conditions of other cells make a claim harder', () => {
  const conditions = simulatedSweep({ ...plan, effect: -0.4, directionSpread: 0 }, 'further')
  const settings = verdictSettings.parse({ bootstraps: 200, permutations: 199, sideEffects: [] })
  const sweep = judgedSweep(conditions, settings)
  expect(claimsOf(sweep, settings).length).toBeGreaterThan(0)
  expect(claimsOf(sweep, settings, 1000)).toEqual([])
})
