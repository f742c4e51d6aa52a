// Alerts from a probe before the thing it predicts has happened.
// Owns: thresholds by their rate of false alarms, and the steps between first alert and first event. Not: the probe's scores.
// Definitions: docs/methods/probes.md, “Early warning”.
import type { ProbeDocument } from '../../contract/probes.ts'
import type { HeldOut } from './heldOut.ts'
import { indicesBy } from './indicesBy.ts'
import { sigmoid } from './losses.ts'
import { RankedScores } from './rankedScores.ts'
import { estimateOf } from './resamples.ts'

type EarlyWarning = ProbeDocument['earlyWarning'][number]

export const FALSE_ALARM_RATES = [0.01, 0.05, 0.1]

/**
 * For each rate: the lowest threshold that no larger share of class-0 steps passes, and what it would have told, episode by episode.
 * @param steps  by row of the data: its step in the episode
 * @returns empty where there is no step of either class
 */
export function earlyWarnings(
  held: HeldOut,
  steps: ArrayLike<number>,
  resamples: readonly Uint16Array[],
): EarlyWarning[] {
  const scores = held.logOdds[0]
  const curve = new RankedScores(scores, held.labels, held.groups).curve()
  if (curve.length === 0) return []
  const episodes = indicesBy(held.groups)
  const ordered = [...episodes].map(([group, samples]) => ({
    group,
    samples: samples.sort((a, b) => steps[held.rows[a]] - steps[held.rows[b]]),
  }))
  return FALSE_ALARM_RATES.map((falsePositiveRate) => {
    const { threshold } = curve.findLast((point) => point.falsePositiveRate <= falsePositiveRate)!
    const warned: { group: number; lead: number }[] = []
    let withEvent = 0
    for (const { group, samples } of ordered) {
      const event = samples.find((sample) => held.labels[sample] === 1)
      if (event === undefined) continue
      withEvent++
      const alert = samples.find((sample) => scores[sample] >= threshold)
      if (alert === undefined) continue
      const lead = steps[held.rows[event]] - steps[held.rows[alert]]
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
      meanLead: estimateOf(meanUnder(null), resamples.map(meanUnder)),
    }
  })
}
