// Runs from start to end: queue, pause, cancel, resume, and the record that a window shows.
// Owns: which status follows which, and who may ask for it. Not: the work (collect.ts) or writing it down (runLedger.ts).
import { errors } from '../contract/errors.ts'
import type { RunRecord, RunStatus } from '../contract/runs.ts'
import type { EventHub } from './eventHub.ts'
import { ProgressMeter } from './progressMeter.ts'
import type { RecordedStep } from './playEpisode.ts'
import { RunLedger } from './runLedger.ts'
import type { Workspace } from '../store/workspace.ts'

/** What a run needs that is made for it alone; released by `close` however it ends. */
export interface RunWork {
  /**
   * Plays until done or aborted.
   * @param onEnd  told of a run of several that has come to its end before the others, or failed by itself
   */
  play(
    onStep: (step: RecordedStep) => void,
    signal: AbortSignal,
    onEnd: (id: string, failure?: unknown) => void,
  ): Promise<void>
  close(): void | Promise<void>
}

/** Loads what runs that are played together need and tells what it does meanwhile. */
export type Prepare = (
  runs: readonly RunRecord[],
  tell: (activity: string) => void,
  signal: AbortSignal,
) => Promise<RunWork>

/** What is played now: one run, or the conditions of a sweep together. */
interface Current {
  ids: readonly string[]
  /** Those that go on while others have ended. */
  alive: Set<string>
  stop: AbortController
  /** What the run becomes once it has stopped. */
  becomes: RunStatus
  meters: Map<string, ProgressMeter>
  startedMs: number
  storedSeconds: number
  toldMs: Map<string, number>
  activity: string | null
}

/** Work time is stored this often, so that a kill loses little of it. */
const STORE_SECONDS_MS = 2000
/** A running run is told no more often than this: counting its rows costs a little each time. */
const TELL_MS = 50
const resumable: readonly RunStatus[] = ['paused', 'interrupted', 'cancelled', 'failed']

export class RunControl {
  /** Groups of runs that are played together. */
  private readonly waiting: (readonly string[])[] = []
  private current: Current | null = null
  private readonly watchers = new Map<string, ((run: RunRecord) => void)[]>()
  private closed = false
  private readonly ledger: RunLedger
  private readonly workspace: Workspace
  private readonly hub: EventHub
  private readonly prepare: Prepare

  /** @param prepare  loads what the run needs; may take long and is aborted with the run. */
  constructor(workspace: Workspace, hub: EventHub, prepare: Prepare) {
    this.workspace = workspace
    this.hub = hub
    this.ledger = new RunLedger(workspace, hub)
    this.prepare = prepare
  }

  /** Queues a run that has been created. @throws disk_full where that cannot be written down. */
  enqueue(id: string): RunRecord {
    this.enqueueTogether([id])
    return this.get(id)
  }

  /** Queues runs of one model that are played at once, row beside row: pausing or cancelling one of them does so to all. @throws disk_full */
  enqueueTogether(ids: readonly string[]): void {
    for (const id of ids)
      try {
        this.ledger.write(id, 'queued')
      } catch (error) {
        this.ledger.conclude(id, 'failed', error)
        throw error
      }
    this.waiting.push(ids)
    for (const id of ids) this.tell(id)
    queueMicrotask(() => void this.next())
  }

  /** @throws run_not_resumable */
  checkResumable(id: string): void {
    const { status } = this.ledger.get(id)
    if (this.isActive(id) || !resumable.includes(status)) throw errors.runNotResumable({ id, status })
  }

  /** @throws run_not_resumable */
  resume(id: string): RunRecord {
    this.checkResumable(id)
    return this.enqueue(id)
  }

  /** The run stops after the forward pass that is under way. @throws run_not_active */
  pause(id: string): RunRecord {
    return this.stop(id, 'paused')
  }

  /** Also of a run that rests and could be resumed. @throws run_not_active */
  cancel(id: string): RunRecord {
    const { status } = this.ledger.get(id)
    if (this.isActive(id) || !(status === 'paused' || status === 'interrupted'))
      return this.stop(id, 'cancelled')
    this.ledger.write(id, 'cancelled')
    return this.tell(id)
  }

  /** @throws run_busy while it is queued or running. */
  remove(id: string): void {
    const { status } = this.ledger.get(id)
    if (this.isActive(id)) throw errors.runBusy({ id, status })
    this.workspace.runs.remove(id)
    this.ledger.forget(id)
    this.hub.emit({ kind: 'runRemoved', id })
  }

  /** The stored record, with speed and time left while it runs. */
  get(id: string): RunRecord {
    return this.withSpeed(this.ledger.get(id))
  }

  list(): RunRecord[] {
    return this.ledger.list().map((run) => this.withSpeed(run))
  }

  activeRuns(): RunRecord[] {
    return [...(this.current?.alive ?? []), ...this.waiting.flat()].map((id) => this.get(id))
  }

  /** Resolves when the run is neither queued nor running. */
  ended(id: string): Promise<RunRecord> {
    if (!this.isActive(id)) return Promise.resolve(this.get(id))
    return new Promise((resolve) => this.watchers.set(id, [...(this.watchers.get(id) ?? []), resolve]))
  }

  /** Stops all work; what ran is `interrupted` and can be resumed. */
  async close(): Promise<void> {
    this.closed = true
    for (const id of this.waiting.splice(0).flat()) this.settle(id, 'interrupted')
    const { current } = this
    if (current) {
      if (!current.stop.signal.aborted) current.becomes = 'interrupted'
      current.stop.abort()
      await Promise.all(current.ids.map((id) => this.ended(id)))
    }
    this.ledger.flush()
  }

  private isActive(id: string): boolean {
    return this.current?.alive.has(id) === true || this.waiting.some((ids) => ids.includes(id))
  }

  private stop(id: string, becomes: 'paused' | 'cancelled'): RunRecord {
    const place = this.waiting.findIndex((ids) => ids.includes(id))
    if (place >= 0) {
      for (const each of this.waiting.splice(place, 1).flat()) this.settle(each, becomes)
      return this.get(id)
    }
    const { current } = this
    if (!current?.alive.has(id)) throw errors.runNotActive({ id, status: this.ledger.get(id).status })
    // A pause that comes after a cancel does not call the run back.
    if (current.becomes !== 'cancelled') current.becomes = becomes
    current.stop.abort()
    return this.get(id)
  }

  private async next(): Promise<void> {
    if (this.current || this.closed) return
    const ids = this.waiting.shift()
    if (ids === undefined) return
    const current: Current = {
      ids,
      alive: new Set(ids),
      stop: new AbortController(),
      becomes: 'done',
      meters: metersOf(ids),
      startedMs: performance.now(),
      storedSeconds: 0,
      toldMs: new Map(),
      activity: 'Loading',
    }
    this.current = current
    let failure: unknown
    try {
      await this.work(current)
    } catch (error) {
      if (!current.stop.signal.aborted) failure = error
    }
    const status = current.stop.signal.aborted ? current.becomes : failure === undefined ? 'done' : 'failed'
    this.storeLastSeconds(current)
    const left = [...current.alive]
    this.current = null
    for (const id of left) this.settle(id, status, failure)
    void this.next()
  }

  private async work(current: Current): Promise<void> {
    const { ids, stop } = current
    for (const id of ids) this.ledger.write(id, 'running')
    const runs = ids.map((id) => this.tell(id))
    const work = await this.prepare(runs, (activity) => this.tellActivity(current, activity), stop.signal)
    try {
      // Loading is over: speed and time left count from here.
      current.meters = metersOf(ids)
      current.activity = null
      for (const id of ids) this.tell(id)
      await work.play(
        (step) => this.stepDone(current, step),
        stop.signal,
        (id, failure) => this.endOne(current, id, failure),
      )
    } finally {
      await work.close()
    }
  }

  /** One of several; the last of them ends with the work. */
  private endOne(current: Current, id: string, failure?: unknown): void {
    if (current.stop.signal.aborted || !current.alive.has(id)) return
    this.storeLastSeconds(current)
    current.alive.delete(id)
    this.settle(id, failure === undefined ? 'done' : 'failed', failure)
  }

  private stepDone(current: Current, { record }: RecordedStep): void {
    const { runId } = record
    const computed = record.promptIds.length - record.reusedTokens + record.completionIds.length
    const now = performance.now()
    current.meters.get(runId)?.stepDone(now, computed)
    if (now - current.startedMs - current.storedSeconds * 1000 > STORE_SECONDS_MS) this.storeSeconds(current)
    if (now - (current.toldMs.get(runId) ?? 0) < TELL_MS) return
    current.toldMs.set(runId, now)
    this.tell(runId)
  }

  private tellActivity(current: Current, activity: string): void {
    current.activity = activity
    for (const id of current.alive) this.tell(id)
  }

  private storeSeconds(current: Current): void {
    const seconds = (performance.now() - current.startedMs) / 1000
    // Those that are played together share the time.
    const share = (seconds - current.storedSeconds) / current.alive.size
    for (const id of current.alive) this.workspace.runs.addSeconds(id, share)
    current.storedSeconds = seconds
  }

  /** A full disk that takes no seconds takes no status either: `settle` tells of it. */
  private storeLastSeconds(current: Current): void {
    try {
      this.storeSeconds(current)
    } catch {
      // A statistic is lost, no row.
    }
  }

  private settle(id: string, status: RunStatus, failure?: unknown): RunRecord {
    this.ledger.conclude(id, status, failure)
    const run = this.tell(id)
    for (const resolve of this.watchers.get(id) ?? []) resolve(run)
    this.watchers.delete(id)
    return run
  }

  private tell(id: string): RunRecord {
    const run = this.get(id)
    this.hub.emit({ kind: 'run', run })
    return run
  }

  private withSpeed(run: RunRecord): RunRecord {
    const { current } = this
    const meter = current?.alive.has(run.id) ? current.meters.get(run.id) : undefined
    if (!current || !meter) return run
    const now = performance.now()
    const left = run.progress.stepsAtMost - run.progress.steps
    return {
      ...run,
      progress: {
        ...run.progress,
        tokensPerSecond: meter.tokensPerSecond(now),
        secondsLeft: meter.secondsLeft(now, left),
        ...(current.activity === null ? {} : { activity: current.activity }),
      },
    }
  }
}

const metersOf = (ids: readonly string[]): Map<string, ProgressMeter> =>
  new Map(ids.map((id) => [id, new ProgressMeter(performance.now())]))
