// Probes from settings to document: queue, thread, cancel, resume.
// Owns: which training runs, and what of it is stored when. Not: the mathematics (analysis/probes/) or using a probe (probeReader.ts).
import { checkProbeData } from '../../analysis/probes/judgeProbe.ts'
import type { DataSetRecord } from '../../contract/dataSets.ts'
import { errors, reportOf } from '../../contract/errors.ts'
import type { ProbeSettings } from '../../contract/probes.ts'
import type { ProbeRecord, ProbeStatus, ProbeSummary } from '../../contract/storedProbes.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { EventHub } from '../eventHub.ts'
import type { CostlyRivals } from './costlyRivals.ts'
import { probeDataOf, requireRuns } from './probeRows.ts'
import { runProbeTask } from './probeTasks.ts'

interface Current {
  id: string
  stop: AbortController
  becomes: ProbeStatus
  progress: NonNullable<ProbeSummary['progress']>
  ended: Promise<void>
}

const resumable: readonly ProbeStatus[] = ['interrupted', 'cancelled', 'failed']

interface Watcher {
  resolve: (probe: ProbeSummary) => void
  reject: (error: unknown) => void
}

export class ProbeTraining {
  private readonly workspace: Workspace
  private readonly hub: EventHub
  private readonly rivals: CostlyRivals
  private readonly categories: () => ReadonlyMap<string, string>
  private readonly waiting: string[] = []
  private current: Current | null = null
  private readonly watchers = new Map<string, Watcher[]>()
  private isClosed = false

  constructor(
    workspace: Workspace,
    hub: EventHub,
    rivals: CostlyRivals,
    categories: () => ReadonlyMap<string, string>,
  ) {
    this.workspace = workspace
    this.hub = hub
    this.rivals = rivals
    this.categories = categories
  }

  /** The newest first. */
  list(): ProbeSummary[] {
    return this.workspace.probes.list().map((probe) => this.withProgress(probe))
  }

  /** @throws not_found, workspace_damaged */
  get(id: string): ProbeRecord {
    return { summary: this.summary(id), document: this.workspace.probes.document(id) }
  }

  /** Cells that an unfinished sweep has stored. */
  doneCells(id: string): number {
    return this.workspace.probes.cells(id).length
  }

  active(): ProbeSummary[] {
    return [...(this.current ? [this.current.id] : []), ...this.waiting].map((id) => this.summary(id))
  }

  /**
   * Checks all that can be checked without reading activations, stores the probe and queues it.
   * @throws not_found, data_set_run_gone, invalid_input, and what the data cannot support (the probe_… errors)
   */
  train(settings: ProbeSettings): ProbeSummary {
    const dataSet = this.check(settings)
    const { recipe, models } = dataSet
    const { id } = this.workspace.probes.create({
      name: settings.name || probeName(settings, dataSet),
      settings,
      recipe,
      models,
    })
    return this.enqueue(id)
  }

  /** Ends the thread at once; cells that are done stay. @throws probe_not_active */
  cancel(id: string): ProbeSummary {
    const place = this.waiting.indexOf(id)
    if (place >= 0) {
      this.waiting.splice(place, 1)
      return this.settle(id, 'cancelled')
    }
    const { current } = this
    if (current?.id !== id) throw errors.probeNotActive({ id, status: this.summary(id).status })
    current.becomes = 'cancelled'
    current.stop.abort()
    return this.summary(id)
  }

  /** Goes on with the cells that are left. @throws probe_not_resumable, and what `train` throws */
  resume(id: string): ProbeSummary {
    const { status, settings } = this.summary(id)
    if (this.isActive(id) || !resumable.includes(status)) throw errors.probeNotResumable({ id, status })
    this.check(settings)
    return this.enqueue(id)
  }

  rename(id: string, name: string): ProbeSummary {
    this.workspace.probes.rename(id, name)
    return this.tell(id)
  }

  /** A training that is under way ends. @throws not_found */
  remove(id: string): void {
    const place = this.waiting.indexOf(id)
    if (place >= 0) this.waiting.splice(place, 1)
    if (this.current?.id === id) this.current.stop.abort()
    this.workspace.probes.remove(id)
    for (const { reject } of this.takeWatchers(id)) reject(errors.notFound({ kind: 'probe', id }))
    this.hub.emit({ kind: 'probeRemoved', id })
  }

  /** Resolves when the probe is neither queued nor running. @throws not_found where it is removed meanwhile */
  ended(id: string): Promise<ProbeSummary> {
    if (!this.isActive(id)) return Promise.resolve(this.summary(id))
    return new Promise((resolve, reject) => {
      this.watchers.set(id, [...(this.watchers.get(id) ?? []), { resolve, reject }])
    })
  }

  /** Stops all training; what ran is `interrupted` and can be resumed. */
  async close(): Promise<void> {
    this.isClosed = true
    for (const id of this.waiting.splice(0)) this.settle(id, 'interrupted')
    const { current } = this
    if (!current) return
    if (!current.stop.signal.aborted) current.becomes = 'interrupted'
    current.stop.abort()
    await current.ended
  }

  private check(settings: ProbeSettings): DataSetRecord {
    const dataSet = this.workspace.dataSets.get(settings.dataSetId)
    requireRuns(dataSet)
    const missing = <T>(field: string, asked: readonly T[] | null, there: readonly T[]): void => {
      const absent = asked?.find((each) => !there.includes(each))
      if (absent === undefined) return
      const reason = `data set ${dataSet.id} has ${there.join(', ')}, not ${String(absent)}`
      throw errors.invalidInput({ field, reason })
    }
    missing('layers', settings.layers, dataSet.layers)
    missing('poolings', settings.poolings, dataSet.poolings)
    const categories = this.categories()
    checkProbeData(probeDataOf(this.workspace, dataSet.id, { categories, texts: false }), settings)
    this.rivals.check(dataSet, settings)
    return dataSet
  }

  private enqueue(id: string): ProbeSummary {
    this.workspace.probes.setStatus(id, 'queued')
    this.waiting.push(id)
    queueMicrotask(() => this.next())
    return this.tell(id)
  }

  private next(): void {
    if (this.current || this.isClosed) return
    const id = this.waiting.shift()
    if (id === undefined) return
    const current: Current = {
      id,
      stop: new AbortController(),
      becomes: 'done',
      progress: { label: 'Reading the data set', fraction: 0 },
      ended: Promise.resolve(),
    }
    this.current = current
    current.ended = this.work(current).then(() => this.next())
  }

  private async work(current: Current): Promise<void> {
    const { id, stop } = current
    const { probes, folder } = this.workspace
    let failure: unknown = null
    let isStored = false
    try {
      const { settings } = probes.setStatus(id, 'running')
      this.tell(id)
      const tell = (progress: Current['progress']): void => {
        current.progress = progress
        this.tell(id)
      }
      const randomWeights = await this.rivals.prepare(settings, tell, stop.signal)
      const document = await runProbeTask(
        {
          kind: 'judge',
          workspaceFolder: folder,
          settings,
          randomWeights,
          knownCells: probes.cells(id),
          categories: this.categories(),
        },
        {
          signal: stop.signal,
          tell,
          onCell: (cell) => probes.addCell(id, cell),
        },
      )
      // A thread that is told to stop may have answered already.
      stop.signal.throwIfAborted()
      probes.conclude(id, { ...document, settings })
      isStored = true
    } catch (error) {
      failure = error
    }
    this.current = null
    if (!probes.list().some((probe) => probe.id === id)) return
    if (stop.signal.aborted && !isStored) this.settle(id, current.becomes)
    else this.settle(id, failure === null ? 'done' : 'failed', failure)
  }

  private settle(id: string, status: ProbeStatus, failure: unknown = null): ProbeSummary {
    try {
      if (status !== 'done')
        this.workspace.probes.setStatus(id, status, failure === null ? null : reportOf(failure))
    } catch (problem) {
      this.hub.emit({ kind: 'problem', error: reportOf(problem) }) // at the next opening it is interrupted
    }
    const probe = this.tell(id)
    for (const { resolve } of this.takeWatchers(id)) resolve(probe)
    return probe
  }

  private takeWatchers(id: string): Watcher[] {
    const found = this.watchers.get(id) ?? []
    this.watchers.delete(id)
    return found
  }

  private isActive(id: string): boolean {
    return this.current?.id === id || this.waiting.includes(id)
  }

  private summary(id: string): ProbeSummary {
    return this.withProgress(this.workspace.probes.get(id))
  }

  private withProgress(probe: ProbeSummary): ProbeSummary {
    return this.current?.id === probe.id ? { ...probe, progress: this.current.progress } : probe
  }

  private tell(id: string): ProbeSummary {
    const probe = this.summary(id)
    this.hub.emit({ kind: 'probe', probe })
    return probe
  }
}

/** For instance `invalid · first try · 3 · logistic`. */
const probeName = ({ estimator }: ProbeSettings, { name }: DataSetRecord): string =>
  `${name} · ${estimator.kind}`.slice(0, 200)
