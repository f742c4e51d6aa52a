// A probe as the gate of an intervention: open where it sounds the alarm.
// Owns: the threshold at a rate of false alarms, in units of the probe's direction at length 1. Not: the direction as a vector
// (steering/vectorMaking.ts) or what the gate opens (inference/).
// A probe's read-out is σ(w·x + b) ≥ p just where (w/‖w‖)·x ≥ (ln(p/(1 − p)) − b)/‖w‖.
import { quietThreshold } from '../../analysis/probes/quietThreshold.ts'
import { errors } from '../../contract/errors.ts'
import type { ProbeGate } from '../../contract/storedProbes.ts'
import type { TrainedProbe } from './trainedProbe.ts'

/** Probabilities so near to 0 or 1 have no finite log odds. */
const NEAREST = 1e-12

/** @throws probe_no_gate for several classes, no held-out steps of either class, or a rate that no threshold keeps */
export function probeGate(
  { id, document, hook, choice }: TrainedProbe,
  falsePositiveRate: number,
): ProbeGate {
  const refuse = (reason: string): Error => errors.probeNoGate({ id, reason })
  const { coefficients, intercept, predictions, data } = document
  if (coefficients.length !== 1) throw refuse('it tells several classes apart, a gate two')
  const labels = predictions.map(({ label }) => label)
  const logOdds = Float64Array.from(predictions, ({ probability }) => {
    const within = Math.min(Math.max(probability, NEAREST), 1 - NEAREST)
    return Math.log(within / (1 - within))
  })
  const counts = [0, 1].map((label) => labels.filter((each) => each === label).length)
  if (counts.includes(0)) throw refuse('it was judged on no held-out steps of both classes')
  const threshold = quietThreshold(logOdds, labels, falsePositiveRate)
  if (threshold === Infinity)
    throw refuse(
      `its highest scores are of steps that are “${data.classes[0]}”: no threshold keeps false alarms to ${falsePositiveRate}`,
    )
  const passing = (label: number): number =>
    labels.filter((each, row) => each === label && logOdds[row] >= threshold).length / counts[label]
  const norm = Math.sqrt(coefficients[0].reduce((sum, value) => sum + value * value, 0))
  if (!(norm > 0)) throw refuse('its coefficients have no direction')
  return {
    probeId: id,
    hook,
    pooling: choice.pooling,
    opensFor: data.classes[1],
    falsePositiveRate: passing(0),
    truePositiveRate: passing(1),
    probability: 1 / (1 + Math.exp(-threshold)),
    above: (threshold - intercept[0]) / norm,
  }
}
