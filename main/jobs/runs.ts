// Runs as a door sees them: settings in, records out.
// Owns: checking settings, and bringing model, environment and oracle together for a run. Not: when it runs (runControl.ts).
import { statfsSync } from 'node:fs'
import { freemem } from 'node:os'
import type { RunEstimate, WorkProgress } from '../contract/api.ts'
import { errors } from '../contract/errors.ts'
import type { ModelRecord } from '../contract/models.ts'
import type { CollectSettings, ForkSettings, RunRecord } from '../contract/runs.ts'
import { checkEveryStep, type PlannedIntervention } from '../inference/interventionPlan.ts'
import { parseStoredHook } from '../model/hookNames.ts'
import type { ModelFiles } from '../model/modelFiles.ts'
import { openModelFiles } from '../model/openModelFiles.ts'
import { checkDtype } from '../model/prepareWeights.ts'
import type { NewRun } from '../store/runs.ts'
import type { Workspace } from '../store/workspace.ts'
import { collectTogether, type CollectedRun } from './collect.ts'
import { estimateRun } from './estimate.ts'
import type { EventHub } from './eventHub.ts'
import { forkOf } from './forkedRuns.ts'
import { planForModel, readingOf, requireFullPaths, runReader } from './interventions.ts'
import { stopId } from './loadedModel.ts'
import { checkSameGround, manifestOf } from './manifest.ts'
import type { ModelLibrary } from './modelLibrary.ts'
import type { OracleDesk } from './oracleDesk.ts'
import { memoryOf, playedAtOnce } from './playedAtOnce.ts'
import { RunControl, type RunWork } from './runControl.ts'
import { chooserName, type InterventionChooser } from './runInterventions.ts'
import { defaultRunName } from './runName.ts'
import { worldOf } from './worlds.ts'

const workText = ({ label, fraction }: WorkProgress): string =>
  fraction > 0 ? `${label} ${Math.round(100 * fraction)} %` : label

export class Runs {
  private readonly control: RunControl
  /** Rules that a program gave, by run: they are not stored. */
  private readonly choosers = new Map<string, InterventionChooser>()
  private readonly workspace: Workspace
  private readonly hub: EventHub
  private readonly models: ModelLibrary
  private readonly oracle: OracleDesk

  constructor(workspace: Workspace, hub: EventHub, models: ModelLibrary, oracle: OracleDesk) {
    this.workspace = workspace
    this.hub = hub
    this.models = models
    this.oracle = oracle
    this.control = new RunControl(workspace, hub, (runs, tell, signal) => this.prepare(runs, tell, signal))
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

  /**
   * Checks all that can be checked before anything is loaded, stores the run and queues it.
   * @param chooser  says before each step which of the run's interventions act; those that name the step where left out
   */
  async start(settings: CollectSettings, chooser?: InterventionChooser): Promise<RunRecord> {
    const run = this.workspace.runs.create(await this.draft(settings, { chooser }))
    if (chooser) this.choosers.set(run.id, chooser)
    return this.control.enqueue(run.id)
  }

  /** Queues runs of one model, stored already, that are played row beside row. @throws disk_full */
  playTogether(ids: readonly string[]): void {
    this.control.enqueueTogether(ids)
  }

  /**
   * A run as `start` would store it, all checked that can be checked before anything is loaded.
   * @param known  the model's files, where several runs are of one model
   */
  async draft(
    asked: CollectSettings,
    { files: known, chooser }: { files?: ModelFiles; chooser?: InterventionChooser } = {},
  ): Promise<NewRun> {
    const model = this.models.get(asked.modelId)
    checkDtype(model, asked.computeDtype)
    await this.models.requireDevice(model.id, asked.computeDtype, asked.device)
    const settings = { ...asked, batch: playedAtOnce(asked, model) }
    const files = known ?? (await openModelFiles(model.path))
    for (const hook of settings.capture.hooks) parseStoredHook(hook, model.shape)
    if (settings.sampling.maxNewTokens >= model.shape.contextLength)
      throw errors.invalidInput({
        field: 'sampling.maxNewTokens',
        reason: `leaves no room for a prompt in a context of ${model.shape.contextLength} tokens`,
      })
    const { tokenizer } = await readingOf(files)
    for (const text of settings.sampling.stopTokens) stopId(tokenizer, text)
    const { environment, oracle } = worldOf(settings, this.oracle)
    requireFullPaths(settings.interventions)
    const planned = await this.plan(settings, model, files)
    checkEveryStep(planned, environment.maxSteps)
    return {
      kind: 'collect',
      name: settings.name || defaultRunName(settings, model.name),
      settings,
      manifest: manifestOf(settings, { model, files, environment, oracle, planned, chooser }),
    }
  }

  /**
   * Goes on with a stored episode from one of its steps, as a run of its own. With nothing changed it has the rows of the original.
   * @throws not_found, invalid_input, run_model_gone, run_differs where the copied steps could not be made again as they were; and as start
   */
  async fork(asked: ForkSettings): Promise<RunRecord> {
    const origin = this.control.get(asked.runId)
    const fork = forkOf(origin, asked, this.workspace.episodes.get(asked.runId, asked.episode))
    this.requireModel(origin)
    // What acted in the steps that are copied is stored with them, whoever chose it.
    const chooser = chooserName(this.choosers.get(origin.id))
    await this.checkGround({ ...origin, manifest: { ...origin.manifest, chooser } }, new RunGrounds())
    const draft = await this.draft(fork.settings)
    const manifest = { ...draft.manifest, fork: fork.origin }
    const run = this.workspace.forks.create({ ...draft, manifest }, asked, fork.placeOf)
    return this.control.enqueue(run.id)
  }

  pause(id: string): RunRecord {
    return this.control.pause(id)
  }

  /**
   * Goes on with a run that rests. One that cannot go on as it began is refused and keeps its status.
   * @param chooser  of the run's own name, where one began it
   * @throws run_not_resumable, run_model_gone, run_differs, and what opening the model's files throws
   */
  async resume(id: string, chooser?: InterventionChooser): Promise<RunRecord> {
    if (chooser) {
      this.control.checkResumable(id)
      this.choosers.set(id, chooser)
    }
    await this.resumeTogether([id])
    return this.get(id)
  }

  /** The same for runs that are played row beside row. @throws as resume */
  async resumeTogether(ids: readonly string[]): Promise<void> {
    const ground = new RunGrounds()
    for (const id of ids) {
      const run = this.control.get(id)
      this.control.checkResumable(id)
      this.requireModel(run)
      await this.checkGround(run, ground)
    }
    for (const id of ids) this.control.checkResumable(id) // it may have been resumed meanwhile
    this.control.enqueueTogether(ids)
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

  estimate(asked: CollectSettings): RunEstimate {
    const model = this.models.get(asked.modelId)
    checkDtype(model, asked.computeDtype)
    const settings = { ...asked, batch: playedAtOnce(asked, model) }
    const { bavail, bsize } = statfsSync(this.workspace.folder)
    return estimateRun(settings, {
      model,
      memoryBytes: memoryOf(settings, model, settings.batch),
      freeMemoryBytes: freemem(),
      freeDiskBytes: bavail * bsize,
      runs: this.workspace.runs.list(),
    })
  }

  /** @throws the intervention_… errors, hook_unknown, layer_out_of_range, not_found, not_captured */
  private plan(
    { interventions, computeDtype }: CollectSettings,
    model: ModelRecord,
    files: ModelFiles,
  ): Promise<PlannedIntervention[]> {
    const readRun = runReader(this.workspace)
    return planForModel(interventions, files, { modelHash: model.hash, computeDtype, readRun })
  }

  private requireModel({ id, settings: { modelId }, manifest }: RunRecord): void {
    if (!this.models.list().some((model) => model.id === modelId))
      throw errors.runModelGone({ id, model: modelId, name: manifest.modelName })
  }

  /**
   * The run's interventions as they are now, which is as they were.
   * @throws run_differs, what reading interventions throws, and what opening the model's files throws
   */
  private async checkGround(run: RunRecord, grounds: RunGrounds): Promise<PlannedIntervention[]> {
    const { environment, oracle } = worldOf(run.settings, this.oracle)
    const model = this.models.get(run.settings.modelId)
    const files = await grounds.files(model.path)
    const planned = await this.plan(run.settings, model, files)
    const ground = { model, files, environment, oracle, planned, chooser: this.choosers.get(run.id) }
    checkSameGround(run, manifestOf(run.settings, ground))
    await this.models.requireDevice(model.id, run.settings.computeDtype, run.settings.device)
    return planned
  }

  private async prepare(
    runs: readonly RunRecord[],
    tell: (activity: string) => void,
    signal: AbortSignal,
  ): Promise<RunWork> {
    const grounds = new RunGrounds()
    const planned: PlannedIntervention[][] = []
    for (const run of runs) planned.push(await this.checkGround(run, grounds))
    const { modelId, batch: rows, computeDtype: dtype, device } = runs[0].settings // runs that are played together share these
    const onProgress = (progress: WorkProgress): void => tell(workText(progress))
    const { model, release } = await this.models.borrow(modelId, { rows, dtype, device }, onProgress, signal)
    const { workspace, hub } = this
    const played = (run: RunRecord, index: number, onStep: Parameters<RunWork['play']>[0]): CollectedRun => ({
      run,
      workspace,
      environment: worldOf(run.settings, this.oracle).environment,
      model: model.withStopTokens(run.settings.sampling.stopTokens), // `start` has checked them
      planned: planned[index],
      choose: this.choosers.get(run.id)?.choose,
      onStep(step, episode) {
        hub.emit({ kind: 'episode', episode })
        onStep(step)
      },
    })
    return {
      play: (onStep, stop, onEnd) =>
        collectTogether(
          runs.map((run, index) => played(run, index, onStep)),
          rows,
          stop,
          onEnd,
        ),
      close: release,
    }
  }
}

/** Files of a model that several runs ask for. */
class RunGrounds {
  private readonly known = new Map<string, Promise<ModelFiles>>()

  files(path: string): Promise<ModelFiles> {
    const files = this.known.get(path) ?? openModelFiles(path)
    this.known.set(path, files)
    return files
  }
}
