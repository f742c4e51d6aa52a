// A hundred seeded trials in which nothing is planted: how often a probe's headline is a false alarm. The larger table, with power, is
// docs/methods/probe-power.md. At most ten of a hundred may be significant; the headline asks for an interval above 0 and p < .05, so few are.
import { expect, it } from 'vitest'
import { judgeProbe } from '../../main/analysis/probes/judgeProbe.ts'
import { probeSettings } from '../../main/contract/probes.ts'
import { plantedRows } from '../support/plantedRows.ts'

const settings = probeSettings.parse({ dataSetId: 'trial', permutations: 20, bootstraps: 100 })

it.each([
  ['noise', 0],
  ['the label’s own history', 4],
])('features that hold only %s are not significant, and a warning says why', (_, history) => {
  let [significant, warned] = [0, 0]
  for (let trial = 0; trial < 100; trial++) {
    const data = plantedRows({ seed: `null ${trial}`, episodes: 20, steps: 8, width: 12, history })
    const { headline, warnings } = judgeProbe(data, settings, () => {})
    if (headline.significant) significant++
    if (warnings.some(({ kind }) => kind === 'rivalAsGood')) warned++
  }
  console.log({ history, significant, warned })
  expect(significant).toBeLessThanOrEqual(10)
  expect(warned).toBeGreaterThanOrEqual(90)
})

it('a direction planted beyond the history is significant under the same settings', () => {
  let significant = 0
  for (let trial = 0; trial < 10; trial++) {
    const data = plantedRows({ seed: `planted ${trial}`, episodes: 20, steps: 8, width: 12, strength: 6 })
    if (judgeProbe(data, settings, () => {}).headline.significant) significant++
  }
  expect(significant).toBeGreaterThanOrEqual(9)
})
