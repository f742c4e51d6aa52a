// How many false alarms an alert may cost: set at the early-warning card, followed by every read-out.
// Owns: the chosen rate, kept by this browser or window. Not: the thresholds, which are each probe's own (contract/probes.ts).
import type { ProbeDocument } from '../../main/contract/probes.ts'

type Alarms = ProbeDocument['earlyWarning']

const key = 'innerview:false-alarms'
const usual = 0.05

export class AlertRate {
  /** 0 … 1 of class-0 steps. */
  #rate = $state(usual)

  constructor() {
    const stored = typeof localStorage === 'undefined' ? NaN : Number(localStorage.getItem(key) ?? NaN)
    if (stored > 0 && stored < 1) this.#rate = stored
  }

  /** Place of the rate among those that were judged, or of the nearest to it; −1 where none was. */
  placeIn(alarms: Alarms): number {
    const far = (i: number): number => Math.abs((alarms[i]?.falsePositiveRate ?? Infinity) - this.#rate)
    return alarms.reduce((best, _, i) => (best < 0 || far(i) < far(best) ? i : best), -1)
  }

  choose(rate: number): void {
    this.#rate = rate
    if (typeof localStorage !== 'undefined') localStorage.setItem(key, String(rate))
  }
}

export const alertRate = new AlertRate()
