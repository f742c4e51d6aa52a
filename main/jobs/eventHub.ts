// What changed in the engine, told to every window that listens.
// Owns: fan-out of events and their coalescing (≤ 20 a second for each subject). Not: what an event means.
import type { EngineEvent } from '../contract/api.ts'

const COALESCE_MS = 50

/** Events about the same subject replace one another while they wait. */
function subjectOf(event: EngineEvent): string | null {
  switch (event.kind) {
    case 'run':
      return `run ${event.run.id}`
    case 'episode':
      return `episode ${event.episode.runId} ${event.episode.episode}`
    case 'models':
    case 'questions':
    case 'dataSets':
    case 'vectors':
    case 'comparisons':
      return event.kind
    case 'handLabels':
      return `handLabels ${event.runId}`
    case 'study':
      return `study ${event.study.id}`
    case 'sweep':
      return `sweep ${event.sweep.id}`
    case 'probe':
      return `probe ${event.probe.id}`
    default:
      return null
  }
}

class Listener {
  private readonly waiting = new Map<string | symbol, EngineEvent>()
  private wake: (() => void) | null = null
  private lastSent = 0

  push(event: EngineEvent): void {
    const subject = subjectOf(event) ?? Symbol('event')
    this.waiting.delete(subject) // the newest goes to the end, so order of last changes is kept
    this.waiting.set(subject, event)
    this.wake?.()
  }

  async *drain(signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const onAbort = (): void => this.wake?.()
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      while (!signal.aborted) {
        if (this.waiting.size === 0) {
          await new Promise<void>((resolve) => (this.wake = resolve))
          this.wake = null
          continue
        }
        const early = this.lastSent + COALESCE_MS - performance.now()
        if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
        this.lastSent = performance.now()
        const batch = [...this.waiting.values()]
        this.waiting.clear()
        for (const event of batch) yield event
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }
}

export class EventHub {
  private readonly listeners = new Set<Listener>()

  emit(event: EngineEvent): void {
    for (const listener of this.listeners) listener.push(event)
  }

  /** All events from now on, preceded by `present`; ends when the signal is aborted. */
  listen(present: readonly EngineEvent[], signal: AbortSignal): AsyncGenerator<EngineEvent> {
    // Before the first `next`: what happens between the reading of `present` and that must not be lost.
    const listener = new Listener()
    const leave = (): void => void this.listeners.delete(listener)
    if (!signal.aborted) this.listeners.add(listener)
    signal.addEventListener('abort', leave, { once: true })
    return (async function* () {
      try {
        yield* present
        yield* listener.drain(signal)
      } finally {
        signal.removeEventListener('abort', leave)
        leave()
      }
    })()
  }

  get listenerCount(): number {
    return this.listeners.size
  }
}
