// How fast a run goes and how long it will take.
// Owns: speed over the last seconds and the time left. Not: the counts themselves (store/ keeps them).

/** Speed is judged over this much of the past. */
const WINDOW_MS = 15_000

interface Sample {
  atMs: number
  steps: number
  tokens: number
}

export class ProgressMeter {
  private readonly samples: Sample[]
  private steps = 0
  private tokens = 0

  constructor(nowMs: number) {
    this.samples = [{ atMs: nowMs, steps: 0, tokens: 0 }]
  }

  /** @param tokens  those computed for the step: new prompt tokens and generated ones. */
  stepDone(nowMs: number, tokens: number): void {
    this.steps++
    this.tokens += tokens
    this.samples.push({ atMs: nowMs, steps: this.steps, tokens: this.tokens })
    while (this.samples.length > 2 && this.samples[1].atMs < nowMs - WINDOW_MS) this.samples.shift()
  }

  /** Null before the first step is done. */
  tokensPerSecond(nowMs: number): number | null {
    return this.rate(nowMs, (s) => s.tokens)
  }

  /** Null before the first step is done. @param stepsLeft  an upper bound, so the time is one as well. */
  secondsLeft(nowMs: number, stepsLeft: number): number | null {
    const rate = this.rate(nowMs, (s) => s.steps)
    return rate === null || rate === 0 ? null : stepsLeft / rate
  }

  private rate(nowMs: number, count: (s: Sample) => number): number | null {
    if (this.steps === 0) return null
    const first = this.samples[0]
    const last = this.samples[this.samples.length - 1]
    const seconds = (nowMs - first.atMs) / 1000
    return seconds > 0 ? (count(last) - count(first)) / seconds : null
  }
}
