// What the engine holds, kept up to date by its events: runs, models, data sets, probes, vectors, sweeps, studies,
// questions, problems.
// Owns: the connection's state and these lists. Not: doing anything to them (each domain's controller does).
import type { EngineEvent, EngineInfo, PendingQuestion } from '../main/contract/api.ts'
import type { SavedComparison } from '../main/contract/comparison.ts'
import type { DataSetRecord } from '../main/contract/dataSets.ts'
import type { ErrorReport } from '../main/contract/errors.ts'
import type { ModelRecord } from '../main/contract/models.ts'
import type { ProbeSummary } from '../main/contract/storedProbes.ts'
import type { RunRecord } from '../main/contract/runs.ts'
import type { StudyRecord } from '../main/contract/studies.ts'
import type { SweepSummary } from '../main/contract/sweeps.ts'
import type { VectorSummary } from '../main/contract/vectors.ts'
import { appErrorOf, connect, engine, type Engine } from './client.ts'
import type { ConnectionState, Doors } from './doors.ts'

export interface Problem {
  at: string
  error: ErrorReport
}

const problemsKept = 200

export class Workspace {
  connection = $state<ConnectionState>('connecting')
  info = $state.raw<EngineInfo | null>(null)
  /** Newest first; null until the engine has told. */
  runs = $state.raw<RunRecord[] | null>(null)
  models = $state.raw<ModelRecord[] | null>(null)
  /** Newest first; null until the engine has told. */
  dataSets = $state.raw<DataSetRecord[] | null>(null)
  /** Newest first; null until the engine has told. */
  probes = $state.raw<ProbeSummary[] | null>(null)
  /** Newest first; null until the engine has told. */
  vectors = $state.raw<VectorSummary[] | null>(null)
  /** Newest first; null until the engine has told. A condition's progress is its run's. */
  sweeps = $state.raw<SweepSummary[] | null>(null)
  /** Newest first; null until the engine has told. */
  studies = $state.raw<StudyRecord[] | null>(null)
  /** The lists of hidden objects that ship. */
  taskLists = $state.raw<{ name: string; objects: string[] }[]>([])
  /** Named comparisons of runs, newest first; null until the engine has told. */
  comparisons = $state.raw<SavedComparison[] | null>(null)
  questions = $state.raw<PendingQuestion[]>([])
  /** Newest first. */
  problems = $state.raw<Problem[]>([])
  /** Why the engine could not open the workspace; then nothing else here is true. */
  refusal = $state.raw<ErrorReport | null>(null)
  #engine: Engine
  #listeners = new Set<(event: EngineEvent) => void>()
  #follow: AbortController | null = null

  constructor(calls: Engine = engine) {
    this.#engine = calls
  }

  /** Connects and follows until the function returned is called. */
  open(doors?: Doors): () => void {
    const close = connect((state) => this.stateChanged(state), doors)
    return () => {
      close()
      this.#follow?.abort()
    }
  }

  stateChanged(state: ConnectionState): void {
    this.connection = state
    this.#follow?.abort()
    this.#follow = null
    if (state === 'connected') void this.#followEvents((this.#follow = new AbortController()).signal)
  }

  /** What needs the engine is greyed out while this is false: a call would wait for an engine that may never come. */
  get isConnected(): boolean {
    return this.connection === 'connected'
  }

  run(id: string | null): RunRecord | null {
    return this.runs?.find((run) => run.id === id) ?? null
  }
  model(id: string | null): ModelRecord | null {
    return this.models?.find((model) => model.id === id) ?? null
  }

  dataSet(id: string | null): DataSetRecord | null {
    return this.dataSets?.find((dataSet) => dataSet.id === id) ?? null
  }
  probe(id: string | null): ProbeSummary | null {
    return this.probes?.find((probe) => probe.id === id) ?? null
  }

  vector(id: string | null): VectorSummary | null {
    return this.vectors?.find((vector) => vector.id === id) ?? null
  }
  sweep(id: string | null): SweepSummary | null {
    return this.sweeps?.find((sweep) => sweep.id === id) ?? null
  }

  /** Hears every event of the engine after the lists here were brought up to date. */
  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  addProblem(error: ErrorReport): void {
    this.problems = [{ at: new Date().toISOString(), error }, ...this.problems].slice(0, problemsKept)
  }

  /** Puts a run that a call returned into the list at once, before its event arrives. */
  putRun(run: RunRecord): void {
    this.runs = withOne(this.runs ?? [], run)
  }
  putProbe(probe: ProbeSummary): void {
    this.probes = withOne(this.probes ?? [], probe)
  }
  putStudy(study: StudyRecord): void {
    this.studies = withOne(this.studies ?? [], study)
  }
  putSweep(sweep: SweepSummary): void {
    this.sweeps = withOne(this.sweeps ?? [], sweep)
  }

  async refreshInfo(): Promise<void> {
    this.info = await this.#engine.info()
  }

  async refreshModels(): Promise<void> {
    this.models = await this.#engine.models.list()
  }

  async refreshComparisons(): Promise<void> {
    this.comparisons = await this.#engine.comparisons.list()
  }

  async refreshDataSets(): Promise<void> {
    this.dataSets = (await this.#engine.dataSets.list()).toSorted(newestFirst)
  }

  async refreshVectors(): Promise<void> {
    this.vectors = (await this.#engine.vectors.list()).toSorted(newestFirst)
  }

  /** Subscribes before it asks for the lists, so that nothing between the two is missed. */
  async #followEvents(signal: AbortSignal): Promise<void> {
    try {
      const events = await this.#engine.events(undefined, { signal })
      const lists = Promise.all([
        this.refreshInfo(),
        this.refreshModels(),
        this.#engine.runs.list().then((runs) => (this.runs = runs.toSorted(newestFirst))),
        this.refreshDataSets(),
        this.refreshComparisons(),
        this.#engine.probes.list().then((probes) => (this.probes = probes.toSorted(newestFirst))),
        this.refreshVectors(),
        this.#engine.sweeps.list().then((sweeps) => (this.sweeps = sweeps.toSorted(newestFirst))),
        this.#engine.studies.list().then((studies) => (this.studies = studies.toSorted(newestFirst))),
        this.#engine.tasks().then((lists) => (this.taskLists = lists)),
        this.#engine.oracle.questions().then((questions) => (this.questions = questions)),
      ])
      lists.then(
        () => (this.refusal = null),
        (error: unknown) => this.#failed(error, signal),
      )
      for await (const event of events) this.#apply(event)
    } catch (error) {
      this.#failed(error, signal)
    }
  }

  #failed(error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return
    const report = appErrorOf(error).report()
    this.addProblem(report)
    if (report.code.startsWith('workspace_')) this.refusal = report
  }

  #apply(event: EngineEvent): void {
    switch (event.kind) {
      case 'run':
        this.putRun(event.run)
        break
      case 'runRemoved':
        this.runs = this.runs?.filter((run) => run.id !== event.id) ?? null
        break
      case 'models':
        void this.refreshModels()
        break
      case 'comparisons':
        void this.refreshComparisons()
        break
      case 'dataSets':
        void this.refreshDataSets()
        break
      case 'probe':
        this.putProbe(event.probe)
        break
      case 'probeRemoved':
        this.probes = this.probes?.filter((probe) => probe.id !== event.id) ?? null
        break
      case 'vectors':
        void this.refreshVectors()
        break
      case 'study':
        this.putStudy(event.study)
        break
      case 'studyRemoved':
        this.studies = this.studies?.filter((study) => study.id !== event.id) ?? null
        break
      case 'sweep':
        this.putSweep(event.sweep)
        break
      case 'sweepRemoved':
        this.sweeps = this.sweeps?.filter((sweep) => sweep.id !== event.id) ?? null
        break
      case 'questions':
        this.questions = event.questions
        break
      case 'problem':
        this.addProblem(event.error)
        break
      case 'episode':
      case 'handLabels':
        break
    }
    for (const listener of this.#listeners) listener(event)
  }
}

interface Dated {
  id: string
  createdAt: string
}
const newestFirst = (a: Dated, b: Dated): number =>
  b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id)

/** The list with this one in its place. */
function withOne<T extends Dated>(list: readonly T[], one: T): T[] {
  const at = list.findIndex((other) => other.id === one.id)
  return at < 0 ? [one, ...list].sort(newestFirst) : list.with(at, one)
}

export const workspace = new Workspace()
