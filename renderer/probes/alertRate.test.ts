import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ProbeDocument } from '../../main/contract/probes.ts'
import { AlertRate } from './alertRate.svelte.ts'

const alarmsAt = (...rates: number[]): ProbeDocument['earlyWarning'] =>
  rates.map((falsePositiveRate) => ({
    ...{
      falsePositiveRate,
      threshold: 1 - falsePositiveRate,
      episodes: 0,
      alerted: 0,
      leadSteps: [],
      chance: null,
    },
    meanLead: { value: null, low: null, high: null },
  }))
afterEach(() => vi.unstubAllGlobals())

describe('the rate of false alarms', () => {
  it('is 5 % until it is chosen, or the nearest that a probe was judged at', () => {
    const rate = new AlertRate()
    expect(rate.placeIn(alarmsAt(0.01, 0.05, 0.1))).toBe(1)
    expect(rate.placeIn(alarmsAt(0.2, 0.3))).toBe(0)
    expect(rate.placeIn([])).toBe(-1)
    rate.choose(0.25)
    expect(rate.placeIn(alarmsAt(0.01, 0.3, 0.5))).toBe(1)
  })
  it('is kept, and what was not a rate is left alone', () => {
    const kept = new Map<string, string>()
    vi.stubGlobal('localStorage', {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    })
    new AlertRate().choose(0.1)
    expect(new AlertRate().placeIn(alarmsAt(0.01, 0.05, 0.1))).toBe(2)
    for (const wrong of ['', 'much', '0', '7'])
      for (const key of kept.keys()) {
        kept.set(key, wrong)
        expect(new AlertRate().placeIn(alarmsAt(0.01, 0.05, 0.1))).toBe(1)
      }
  })
})
