// Alerts from a probe before the thing it predicts has happened.
// Owns: the steps between first alert and first event. Not: the probe's scores or the thresholds (quietThreshold.ts).
// Definitions: docs/methods/probes.md, “Early warning”.
import type { ProbeDocument } from '../../contract/probes.ts'
import type { StepKey } from '../../contract/dataSets.ts'
import type { HeldOut } from './heldOut.ts'
import { indicesBy } from './indicesBy.ts'
import { sigmoid } from './losses.ts'
import { quietThreshold } from './quietThreshold.ts'
import { estimateOf } from './resamples.ts'

type EarlyWarning = ProbeDocument['earlyWarning'][number]

/** From hardly ever to every other quiet step: where a person may set the slider. */
export const FALSE_ALARM_RATES = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5]

/**
 * For each rate: the lowest threshold that no larger share of class-0 steps passes, and what it would have told, episode by episode.
 * @param keys  by row of the data
 * @returns empty where there is no step of either class
 */
export function earlyWarnings(
  held: HeldOut,
  keys: readonly StepKey[],
  resamples: readonly Uint16Array[],
): EarlyWarning[] {
  const scores = held.logOdds[0]
  if (new Set(held.labels).size < 2) return []
  // Twins in other runs are of the same group, and episodes of their own.
  const names = Array.from(held.rows, (row) => `${keys[row].runId}/${keys[row].episode}`)
  const groups = new Set(held.groups).size
  const stepOf = (sample: number): number => keys[held.rows[sample]].step
  const ordered = [...indicesBy(names).values()].map((samples) => ({
    group: held.groups[samples[0]],
    samples: samples.sort((a, b) => stepOf(a) - stepOf(b)),
  }))
  return FALSE_ALARM_RATES.map((falsePositiveRate) => {
    const threshold = quietThreshold(scores, held.labels, falsePositiveRate)
    const warned: { group: number; lead: number }[] = []
    let withEvent = 0
    const chance = { alerted: 0, before: 0 }
    for (const { group, samples } of ordered) {
      const event = samples.find((sample) => held.labels[sample] === 1)
      if (event === undefined) continue
      withEvent++
      const earlier = samples.indexOf(event)
      chance.before += 1 - (1 - falsePositiveRate) ** earlier
      chance.alerted += 1 - (1 - falsePositiveRate) ** (earlier + 1)
      const alert = samples.find((sample) => scores[sample] >= threshold)
      if (alert === undefined) continue
      const lead = stepOf(event) - stepOf(alert)
      if (lead >= 0) warned.push({ group, lead })
    }
    const meanUnder = (weights: ArrayLike<number> | null): number | null => {
      let [sum, count] = [0, 0]
      for (const { group, lead } of warned) {
        const weight = weights ? weights[group] : 1
        sum += weight * lead
        count += weight
      }
      return count > 0 ? sum / count : null
    }
    return {
      falsePositiveRate,
      // Where nothing passes: a probability that none reaches.
      threshold: threshold === Infinity ? 1 : sigmoid(threshold),
      episodes: withEvent,
      alerted: warned.length,
      leadSteps: warned.map(({ lead }) => lead),
      chance,
      meanLead: estimateOf(meanUnder(null), resamples.map(meanUnder), groups),
    }
  })
}
