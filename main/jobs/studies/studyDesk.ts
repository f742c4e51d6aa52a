// Studies: stages one after the other, each stored as soon as there is something of it.
// Owns: which stage is next, going on after a stop, pausing. Not: what a stage is asked for (studyPresets.ts), doing it (runs.ts, probes/, steering/), the report (reports/).
// Nothing done is done again: a stage that has an id is gone on with, one that is done stays.
import { AppError, errors, reportOf } from '../../contract/errors.ts'
import type { RunRecord } from '../../contract/runs.ts'
import {
  stageNames,
  type ReportFormat,
  type StageName,
  type StudyPlan,
  type StudyRecord,
  type StudyReport,
  type StudyStage,
} from '../../contract/studies.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { DataSetDesk } from '../dataSets/dataSetDesk.ts'
import type { EventHub } from '../eventHub.ts'
import type { ModelLibrary } from '../modelLibrary.ts'
import type { ProbeTraining } from '../probes/probeTraining.ts'
import type { Runs } from '../runs.ts'
import type { SweepDesk } from '../steering/sweepDesk.ts'
import type { VectorDesk } from '../steering/vectorDesk.ts'
import {
  collectStage,
  probeRows,
  probeStage,
  studyPresets,
  sweepStage,
  switchesOf,
  vectorRows,
  vectorStage,
} from './studyPresets.ts'
import { studyReport } from './studyReport.ts'

export interface StudyParts {
  models: ModelLibrary
  runs: Runs
  dataSets: DataSetDesk
  probes: ProbeTraining
  vectors: VectorDesk
  sweeps: SweepDesk
}

/** Thrown within a stage whose run or sweep was paused or cancelled. */
class Paused extends Error {}

export class StudyDesk {
  private readonly workspace: Workspace
  private readonly hub: EventHub
  private readonly parts: StudyParts
  private readonly working = new Map<string, { work: Promise<void>; stop: AbortController }>()

  constructor(workspace: Workspace, hub: EventHub, parts: StudyParts) {
    this.workspace = workspace
    this.hub = hub
    this.parts = parts
  }

  list(): StudyRecord[] {
    return this.workspace.studies.list()
  }

  /** @throws not_found */
  get(id: string): StudyRecord {
    return this.workspace.studies.get(id)
  }

  active(): StudyRecord[] {
    return [...this.working.keys()].map((id) => this.get(id))
  }

  /** Checks what can be checked, stores the study and begins with it. @throws not_found, layer_out_of_range, invalid_input */
  start(plan: StudyPlan): StudyRecord {
    const model = this.parts.models.get(plan.modelId)
    if (plan.layer !== undefined && plan.layer >= model.shape.layers)
      throw errors.layerOutOfRange({ layer: plan.layer, layers: model.shape.layers })
    for (const [name, id] of Object.entries(plan.given))
      this.requireGiven(name as keyof StudyPlan['given'], id)
    const stage = (name: StageName): StudyStage => {
      const given = name === 'report' ? undefined : plan.given[name]
      const isSkipped = (plan.skipped as readonly string[]).includes(name)
      const status = given !== undefined ? 'given' : isSkipped ? 'skipped' : 'waiting'
      return { name, status, id: given ?? null, seconds: 0, result: null, error: null }
    }
    const study = this.workspace.studies.create({
      name: plan.name || `${studyPresets[plan.preset].title}, ${model.name}`,
      status: 'running',
      plan,
      switches: switchesOf(plan),
      stages: stageNames.map(stage),
    })
    return this.begin(study)
  }

  /**
   * Goes on where it stopped.
   * @param from  a stage that is done anew, with all after it; what came of them before stays in the workspace
   * @throws not_found, invalid_input for one that is at work
   */
  resume(id: string, from?: StageName): StudyRecord {
    if (this.working.has(id)) throw errors.invalidInput({ field: 'id', reason: `${id} is at work` })
    const study = this.get(id)
    const first = from === undefined ? stageNames.length : stageNames.indexOf(from)
    const stages = study.stages.map((stage, index): StudyStage => {
      const isAnew = index >= first && stage.status !== 'skipped'
      if (isAnew) return { ...stage, status: 'waiting', id: null, seconds: 0, result: null, error: null }
      return stage.status === 'failed' || stage.status === 'running'
        ? { ...stage, status: 'waiting', error: null }
        : stage
    })
    return this.begin({ ...study, stages })
  }

  /** Its run or sweep is paused; `resume` goes on. @throws not_found */
  pause(id: string): StudyRecord {
    this.working.get(id)?.stop.abort()
    return this.get(id)
  }

  /** @throws not_found */
  rename(id: string, name: string): StudyRecord {
    return this.tell({ ...this.get(id), name })
  }

  /** What came of its stages stays. @throws not_found, invalid_input for one that is at work */
  remove(id: string): void {
    if (this.working.has(id))
      throw errors.invalidInput({ field: 'id', reason: `${id} is at work; pause it first` })
    this.workspace.studies.remove(id)
    this.hub.emit({ kind: 'studyRemoved', id })
  }

  /** @throws not_found, invalid_input before there is a run */
  report(id: string, format: ReportFormat): StudyReport {
    return this.reportOf(this.get(id), format)
  }

  /** Resolves when it has ended or was paused. */
  async ended(id: string): Promise<StudyRecord> {
    await this.working.get(id)?.work
    return this.get(id)
  }

  async close(): Promise<void> {
    for (const { stop } of this.working.values()) stop.abort()
    await Promise.all([...this.working.values()].map(({ work }) => work))
  }

  private requireGiven(stage: keyof StudyPlan['given'], id: string): void {
    const { runs, probes, vectors, sweeps } = this.workspace
    const lookUp = { collect: runs, probe: probes, vector: vectors, sweep: sweeps }[stage]
    lookUp.get(id)
  }

  private begin(study: StudyRecord): StudyRecord {
    const stop = new AbortController()
    const work = this.work(study.id, stop.signal).finally(() => this.working.delete(study.id))
    const begun = this.tell({ ...study, status: 'running' })
    this.working.set(study.id, { work, stop })
    return begun
  }

  private async work(id: string, signal: AbortSignal): Promise<void> {
    await Promise.resolve() // begin stores the status first
    for (const name of stageNames) {
      const { status } = this.stage(id, name)
      if (status === 'done' || status === 'given' || status === 'skipped') continue
      const began = performance.now()
      const seconds = (): number => this.stage(id, name).seconds + (performance.now() - began) / 1000
      this.put(id, name, { status: 'running' })
      try {
        signal.throwIfAborted()
        const result = await this.perform(id, name, signal)
        this.put(id, name, { status: 'done', result, seconds: seconds() })
      } catch (error) {
        const isPaused = error instanceof Paused || signal.aborted
        this.put(
          id,
          name,
          isPaused
            ? { status: 'waiting', seconds: seconds() }
            : { status: 'failed', error: reportOf(error), seconds: seconds() },
        )
        this.tell({ ...this.get(id), status: isPaused ? 'paused' : 'failed' })
        return
      }
    }
    this.tell({ ...this.get(id), status: 'done' })
  }

  /** @returns one line on what came of it */
  private async perform(id: string, name: StageName, signal: AbortSignal): Promise<string> {
    switch (name) {
      case 'collect':
        return this.collect(id, signal)
      case 'probe':
        return this.probe(id, signal)
      case 'vector':
        return this.vector(id, signal)
      case 'sweep':
        return this.sweep(id, signal)
      case 'report':
        this.reportOf(this.get(id), 'html')
        return 'Ready to be saved as one page, or as Markdown with figures and tables'
    }
  }

  private async collect(id: string, signal: AbortSignal): Promise<string> {
    const { runs, models } = this.parts
    const { plan } = this.get(id)
    const { shape } = models.get(plan.modelId)
    const layer = plan.layer ?? Math.floor(shape.layers / 2)
    const known = this.stage(id, 'collect').id
    const run = known ?? (await runs.start(collectStage(plan, layer))).id
    this.put(id, 'collect', { id: run })
    if (known !== null && runs.get(run).status !== 'done') await runs.resume(run)
    const ended = await following(
      signal,
      () => runs.pause(run),
      () => runs.ended(run),
    )
    requireDone(ended)
    const { episodes, steps, invalid } = ended.progress
    return `${episodes} episodes, ${steps} steps, ${((100 * invalid) / Math.max(1, steps)).toFixed(1)} % invalid`
  }

  private async probe(id: string, signal: AbortSignal): Promise<string> {
    const { dataSets, probes } = this.parts
    const { plan } = this.get(id)
    const rows = await dataSets.create(probeRows(plan, this.runOf(id)), () => {}, signal)
    const known = this.stage(id, 'probe').id
    const probe = known ?? probes.train(probeStage(plan, rows.id)).id
    this.put(id, 'probe', { id: probe })
    if (known !== null && probes.get(probe).summary.status !== 'done') probes.resume(probe)
    const ended = await following(
      signal,
      () => probes.cancel(probe),
      () => probes.ended(probe),
    )
    if (ended.status === 'failed' && ended.error) throw new AppError(ended.error)
    if (ended.status !== 'done') throw new Paused()
    return this.workspace.probes.document(probe)?.headline.sentence ?? ''
  }

  private async vector(id: string, signal: AbortSignal): Promise<string> {
    const { dataSets, vectors } = this.parts
    const rows = await dataSets.create(vectorRows(this.runOf(id)), () => {}, signal)
    const made = await vectors.make(vectorStage(this.get(id).plan, rows.id), () => {}, signal)
    this.put(id, 'vector', { id: made.id })
    const flags = made.flags.length === 0 ? 'nothing speaks against it' : made.flags[0]
    return `${made.rows.length === 1 ? 'One direction' : `${made.rows.length} directions`}; ${flags}`
  }

  private async sweep(id: string, signal: AbortSignal): Promise<string> {
    const { sweeps } = this.parts
    const vector = this.stage(id, 'vector').id
    if (vector === null) throw new TypeError(`${id} has no vector to sweep`)
    const known = this.stage(id, 'sweep').id
    const sweep = known ?? (await sweeps.start(sweepStage(this.get(id).plan, vector))).id
    this.put(id, 'sweep', { id: sweep })
    if (known !== null && sweeps.get(sweep).verdict === null) await sweeps.resume(sweep)
    const ended = await following(
      signal,
      () => sweeps.pause(sweep),
      () => sweeps.ended(sweep),
    )
    if (ended.error) throw new AppError(ended.error)
    for (const { runId } of ended.conditions) requireDone(this.parts.runs.get(runId))
    if (!ended.verdict) throw new Paused()
    return ended.verdict.overall.sentence
  }

  private reportOf(study: StudyRecord, format: ReportFormat): StudyReport {
    const { workspace } = this
    return studyReport({ workspace, sweepOf: (id) => this.parts.sweeps.get(id) }, study, format)
  }

  private runOf(id: string): string {
    const run = this.stage(id, 'collect').id
    if (run === null) throw new TypeError(`${id} has no run yet`)
    return run
  }

  private stage(id: string, name: StageName): StudyStage {
    return this.get(id).stages[stageNames.indexOf(name)]
  }

  private put(id: string, name: StageName, change: Partial<StudyStage>): void {
    const study = this.get(id)
    const stages = study.stages.map((stage) => (stage.name === name ? { ...stage, ...change } : stage))
    this.tell({ ...study, stages })
  }

  private tell(study: StudyRecord): StudyRecord {
    const stored = this.workspace.studies.put(study)
    this.hub.emit({ kind: 'study', study: stored })
    return stored
  }
}

/** Waits for the end; where the signal is aborted before, it is asked for. */
async function following<T>(signal: AbortSignal, stop: () => unknown, ended: () => Promise<T>): Promise<T> {
  const onAbort = (): void => {
    try {
      stop()
    } catch (error) {
      if (!(error instanceof AppError)) throw error // it had just ended
    }
  }
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  try {
    return await ended()
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function requireDone({ status, error }: RunRecord): void {
  if (status === 'failed' && error) throw new AppError(error)
  if (status !== 'done') throw new Paused()
}
