// The engine: one workspace, its models, runs and questions, behind methods that a door can call.
// Owns: making these parts and joining them. Not: transports (engineRouter.ts, cli/) or the work of any part.
import { availableParallelism, freemem, totalmem } from 'node:os'
import type { EngineEvent, EngineInfo } from '../contract/api.ts'
import type { StepKey } from '../contract/dataSets.ts'
import type { PlaygroundItem, PlaygroundSettings } from '../contract/playground.ts'
import { categoriesOf, objectLists } from '../environments/knowledge.ts'
import type { ReadRun } from '../inference/interventionSources.ts'
import type { ActivationPositions } from '../store/activations.ts'
import { Workspace } from '../store/workspace.ts'
import { runtimeVersion, version } from '../version.ts'
import { ComparisonDesk } from './comparisonDesk.ts'
import { DataSetDesk } from './dataSets/dataSetDesk.ts'
import { StepFiller } from './dataSets/stepFiller.ts'
import { StepReplay } from './dataSets/stepReplay.ts'
import { deviceName } from './device.ts'
import { embeddedModelFolder } from './embeddedModel.ts'
import { EpisodeBrowser } from './episodeBrowser.ts'
import { EventHub } from './eventHub.ts'
import { ImportDesk } from './imports/importDesk.ts'
import { runReader } from './interventions.ts'
import { ModelLibrary } from './modelLibrary.ts'
import { playground, playgroundOf } from './playground.ts'
import { OracleDesk } from './oracleDesk.ts'
import { CostlyRivals } from './probes/costlyRivals.ts'
import { ProbeReader } from './probes/probeReader.ts'
import { ProbeTraining } from './probes/probeTraining.ts'
import { Runs } from './runs.ts'
import { SweepDesk, type ProbeGates } from './steering/sweepDesk.ts'
import { VectorDesk } from './steering/vectorDesk.ts'
import { StudyDesk } from './studies/studyDesk.ts'
import { worldOf } from './worlds.ts'
import { TokenReaders } from './tokenReaders.ts'

export interface EngineOptions {
  workspaceFolder: string
  /** For what can be made again: dequantised weights. */
  cacheFolder: string
  resourcesFolder: string
  transport: EngineInfo['transport']
  /** Works beside another engine that has the workspace open; nothing can be changed then. */
  readOnly?: boolean
}

export async function openEngine(options: EngineOptions): Promise<EngineService> {
  const workspace = Workspace.open(options.workspaceFolder, { readOnly: options.readOnly ?? false })
  return new EngineService(workspace, options)
}

export class EngineService {
  readonly models: ModelLibrary
  readonly episodes: EpisodeBrowser
  readonly comparisons: ComparisonDesk
  readonly oracle: OracleDesk
  readonly runs: Runs
  readonly imports: ImportDesk
  readonly dataSets: DataSetDesk
  readonly probes: ProbeTraining
  readonly probeReader: ProbeReader
  readonly vectors: VectorDesk
  readonly sweeps: SweepDesk
  readonly studies: StudyDesk
  /** For interventions that take their numbers from runs. */
  readonly readRun: ReadRun
  private readonly hub = new EventHub()
  private readonly workspace: Workspace
  private readonly options: EngineOptions

  constructor(workspace: Workspace, options: EngineOptions) {
    this.workspace = workspace
    this.options = options
    const embedded = embeddedModelFolder(options.resourcesFolder)
    this.models = new ModelLibrary(workspace, this.hub, options.cacheFolder, embedded)
    const readers = new TokenReaders(() => workspace.models.list())
    this.episodes = new EpisodeBrowser(
      workspace,
      this.models,
      (run) => readers.of(run),
      (probe, runId) => this.probeReader.scores(probe, runId),
    )
    this.comparisons = new ComparisonDesk(workspace, this.hub)
    this.oracle = new OracleDesk(this.hub, options.resourcesFolder)
    this.readRun = runReader(workspace)
    this.runs = new Runs(workspace, this.hub, this.models, this.oracle)
    this.imports = new ImportDesk(workspace, this.hub)
    const categories = (): ReadonlyMap<string, string> => categoriesOf(this.oracle.knowledge())
    const filler = new StepFiller(workspace, this.models)
    this.dataSets = new DataSetDesk(workspace, this.hub, filler, categories)
    const rivals = new CostlyRivals(workspace, filler, options.cacheFolder)
    this.probes = new ProbeTraining(workspace, this.hub, rivals, categories)
    this.probeReader = new ProbeReader(workspace, new StepReplay(workspace, this.models))
    this.vectors = new VectorDesk(workspace, this.hub, this.models, (settings) =>
      worldOf(settings, this.oracle),
    )
    const gates: ProbeGates = {
      gate: (id, rate) => this.probeReader.gate(id, rate),
      vectorOf: async (probeId) =>
        (
          await this.vectors.make(
            { kind: 'probe', name: '', probeId },
            () => {},
            new AbortController().signal,
          )
        ).id,
    }
    this.sweeps = new SweepDesk(workspace, this.hub, this.models, { runs: this.runs, gates })
    this.studies = new StudyDesk(workspace, this.hub, this)
  }

  info(): EngineInfo {
    return {
      version,
      node: process.versions.node,
      electron: process.versions.electron ?? null,
      onnxruntime: runtimeVersion,
      device: deviceName(),
      transport: this.options.transport,
      workspace: this.workspace.folder,
      cores: availableParallelism(),
      memoryBytes: totalmem(),
      freeMemoryBytes: freemem(),
    }
  }

  /** What is under way now, then all that changes. */
  events(signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const present: EngineEvent[] = [
      { kind: 'models' },
      { kind: 'questions', questions: this.oracle.questions() },
      ...this.runs.active().map((run): EngineEvent => ({ kind: 'run', run })),
      ...this.probes.active().map((probe): EngineEvent => ({ kind: 'probe', probe })),
      ...this.studies.active().map((study): EngineEvent => ({ kind: 'study', study })),
      ...this.sweeps.active().map((sweep): EngineEvent => ({ kind: 'sweep', sweep })),
    ]
    return this.hub.listen(present, signal)
  }

  /** @throws as playground */
  play(
    settings: PlaygroundSettings,
    tell: (item: PlaygroundItem) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { workspace, models, probeReader } = this
    const probeOf = (id: string, hash: string) => probeReader.onTokens(id, hash)
    return playground(settings, { workspace, models, probeOf }, tell, signal)
  }

  /** @throws not_found, replay_refused */
  playgroundOf(step: StepKey): PlaygroundSettings {
    const { workspace, models } = this
    return playgroundOf(step, { workspace, models })
  }

  tasks(): { name: string; objects: string[] }[] {
    const lists = objectLists(this.oracle.knowledge())
    return Object.entries(lists).map(([name, objects]) => ({ name, objects }))
  }

  /** [S, D] over every prompt and generated position of a step; only where the run captured all of them. */
  activation(runId: string, episode: number, step: number, hook: string): ActivationPositions {
    return this.workspace.activations.positions({ runId, episode, step, hook })
  }

  /** Stops all work in good order and lets the workspace go. */
  async close(): Promise<void> {
    try {
      // A full disk may refuse the last word on a run; the model's worker must not outlive it.
      await Promise.all([
        this.studies.close(),
        this.sweeps.close(),
        this.runs.close(),
        this.probes.close(),
      ]).finally(() => this.models.unload())
    } finally {
      this.workspace.close()
    }
  }
}
