// The engine: one workspace, its models, runs and questions, behind methods that a door can call.
// Owns: making these parts and joining them. Not: transports (engineRouter.ts, cli/) or the work of any part.
import { statfsSync } from 'node:fs'
import { availableParallelism, freemem, totalmem } from 'node:os'
import type { EngineEvent, EngineInfo, RunEstimate, WorkProgress } from '../contract/api.ts'
import type { CollectSettings, RunRecord } from '../contract/runs.ts'
import { errors } from '../contract/errors.ts'
import { createEnvironment } from '../environments/createEnvironment.ts'
import type { Environment, Oracle } from '../environments/environment.ts'
import { objectLists } from '../environments/knowledge.ts'
import { memoryEstimateBytes } from '../model/memoryEstimate.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { parseHook } from '../model/hookNames.ts'
import { readTokenizer } from '../model/tokenizer.ts'
import type { ActivationPositions } from '../store/activations.ts'
import { Workspace } from '../store/workspace.ts'
import { runtimeVersion, version } from '../version.ts'
import { collect } from './collect.ts'
import { EpisodeBrowser } from './episodeBrowser.ts'
import { estimateRun } from './estimate.ts'
import { EventHub } from './eventHub.ts'
import { stopId } from './loadedModel.ts'
import { manifestOf } from './manifest.ts'
import { ModelLibrary } from './modelLibrary.ts'
import { OracleDesk } from './oracleDesk.ts'
import { defaultRunName, RunControl, type RunWork } from './runControl.ts'

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
  readonly oracle: OracleDesk
  readonly runs: Runs
  private readonly hub = new EventHub()
  private readonly workspace: Workspace
  private readonly options: EngineOptions

  constructor(workspace: Workspace, options: EngineOptions) {
    this.workspace = workspace
    this.options = options
    this.models = new ModelLibrary(workspace, this.hub, options.cacheFolder)
    this.episodes = new EpisodeBrowser(workspace, (modelId) => this.models.reader(modelId))
    this.oracle = new OracleDesk(this.hub, options.resourcesFolder)
    this.runs = new Runs(workspace, this.hub, this.models, this.oracle)
  }

  info(): EngineInfo {
    return {
      version,
      node: process.versions.node,
      electron: process.versions.electron ?? null,
      onnxruntime: runtimeVersion,
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
    ]
    return this.hub.listen(present, signal)
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
    await this.runs.close()
    await this.models.unload()
    this.workspace.close()
  }
}

const workText = ({ label, fraction }: WorkProgress): string =>
  fraction > 0 ? `${label} ${Math.round(100 * fraction)} %` : label

const usesOracle = ({ environment }: CollectSettings): boolean => environment.name === 'twenty_questions'

/** Runs as a door sees them: settings in, records out. */
class Runs {
  private readonly control: RunControl
  private readonly workspace: Workspace
  private readonly hub: EventHub
  private readonly models: ModelLibrary
  private readonly oracle: OracleDesk

  constructor(workspace: Workspace, hub: EventHub, models: ModelLibrary, oracle: OracleDesk) {
    this.workspace = workspace
    this.hub = hub
    this.models = models
    this.oracle = oracle
    this.control = new RunControl(workspace, hub, (run, tell, signal) => this.prepare(run, tell, signal))
  }

  list(): RunRecord[] {
    return this.control.list()
  }

  get(id: string): RunRecord {
    return this.control.get(id)
  }

  active(): RunRecord[] {
    return this.control.activeRuns()
  }

  /** Checks all that can be checked before anything is loaded, stores the run and queues it. */
  async start(settings: CollectSettings): Promise<RunRecord> {
    const model = this.models.get(settings.modelId)
    const files = await openModelFiles(model.path)
    for (const hook of settings.capture.hooks) parseHook(hook, model.shape)
    if (settings.sampling.maxNewTokens >= model.shape.contextLength)
      throw errors.invalidInput({
        field: 'sampling.maxNewTokens',
        reason: `leaves no room for a prompt in a context of ${model.shape.contextLength} tokens`,
      })
    const tokenizer = await readTokenizer(files)
    for (const text of settings.sampling.stopTokens) stopId(tokenizer, text)
    const { environment, oracle } = this.world(settings)
    const run = this.workspace.runs.create({
      kind: 'collect',
      name: settings.name || defaultRunName(settings, model.name),
      settings,
      manifest: manifestOf(model, files, environment, oracle?.description ?? 'none'),
    })
    return this.control.enqueue(run.id)
  }

  pause(id: string): RunRecord {
    return this.control.pause(id)
  }

  resume(id: string): RunRecord {
    return this.control.resume(id)
  }

  cancel(id: string): RunRecord {
    return this.control.cancel(id)
  }

  rename(id: string, name: string): RunRecord {
    this.workspace.runs.rename(id, name)
    const run = this.control.get(id)
    this.hub.emit({ kind: 'run', run })
    return run
  }

  remove(id: string): void {
    this.control.remove(id)
  }

  /** Resolves when the run is neither queued nor running. */
  ended(id: string): Promise<RunRecord> {
    return this.control.ended(id)
  }

  close(): Promise<void> {
    return this.control.close()
  }

  estimate(settings: CollectSettings): RunEstimate {
    const model = this.models.get(settings.modelId)
    const { bavail, bsize } = statfsSync(this.workspace.folder)
    return estimateRun(settings, {
      model,
      memoryBytes: memoryEstimateBytes(model, {
        rows: settings.batch,
        tokens: Math.min(2048, model.shape.contextLength),
        capturedValuesPerToken: settings.capture.hooks.reduce(
          (sum, hook) => sum + parseHook(hook, model.shape).width,
          0,
        ),
      }),
      freeMemoryBytes: freemem(),
      freeDiskBytes: bavail * bsize,
      runs: this.workspace.runs.list(),
    })
  }

  private world(settings: CollectSettings): { environment: Environment; oracle: Oracle | null } {
    const oracle = usesOracle(settings) ? this.oracle.create(settings.oracle) : null
    const environment = createEnvironment(settings.environment, {
      oracle,
      knowledge: () => this.oracle.knowledge(),
    })
    return { environment, oracle }
  }

  private async prepare(
    run: RunRecord,
    tell: (activity: string) => void,
    signal: AbortSignal,
  ): Promise<RunWork> {
    const { settings } = run
    const { environment } = this.world(settings)
    const loaded = await this.models.load(settings.modelId, settings.batch, (p) => tell(workText(p)), signal)
    const model = loaded.withStopTokens(settings.sampling.stopTokens)
    const { workspace, hub } = this
    return {
      play: (onStep, stop) =>
        collect(
          run,
          {
            workspace,
            environment,
            model,
            onStep(step, episode) {
              hub.emit({ kind: 'episode', episode })
              onStep(step)
            },
          },
          stop,
        ),
      close() {}, // the model stays loaded for the next run
    }
  }
}
