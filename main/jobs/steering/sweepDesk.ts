// Sweeps as a door sees them: settings in, records and verdicts out.
// Owns: conditions as runs, what is asked of all of them together, when they are judged. Not: the conditions (sweepPlan.ts), what is told before
// (sweepForecast.ts), playing them (runs.ts), judging (sweepJudging.ts).
import { errors } from '../../contract/errors.ts'
import type { RunRecord, RunStatus } from '../../contract/runs.ts'
import type {
  SweepChanges,
  SweepEstimate,
  SweepRecord,
  SweepSettings,
  SweepSummary,
} from '../../contract/sweeps.ts'
import { hitsOf, sweepStatusOf } from '../../contract/sweepStatus.ts'
import type { ProbeGate } from '../../contract/storedProbes.ts'
import type { SweepTables } from '../../contract/sweepTables.ts'
import { openModelFiles } from '../../model/openModelFiles.ts'
import type { StoredSweep } from '../../store/sweeps.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { EventHub } from '../eventHub.ts'
import type { ModelLibrary } from '../modelLibrary.ts'
import { playedAtOnce } from '../playedAtOnce.ts'
import type { Runs } from '../runs.ts'
import { runSteeringTask } from './steeringTasks.ts'
import { SweepForecast } from './sweepForecast.ts'
import { SweepJudging } from './sweepJudging.ts'
import { widened, wideningOf } from './sweepExtension.ts'
import { sweepConditions, vectorLayers, type PlannedCondition } from './sweepPlan.ts'
import { memberOf, runSettings } from './sweepRuns.ts'
import { requireSteps } from './sweepVerdict.ts'
import { asOfNow } from './verdictFacts.ts'

/** Probes as gates. */
export interface ProbeGates {
  /** @throws not_found, probe_no_gate, … */
  gate(id: string, falsePositiveRate: number): ProbeGate
  /** The probe's direction at length 1 as a vector of the library; its id. */
  vectorOf(probe: string): Promise<string>
}

export class SweepDesk {
  private readonly workspace: Workspace
  private readonly hub: EventHub
  private readonly models: ModelLibrary
  private readonly runs: Runs
  private readonly gates: ProbeGates
  private readonly judging: SweepJudging
  private readonly forecast: SweepForecast
  /** Sweeps that are played and will be judged. */
  private readonly followed = new Map<string, Promise<void>>()
  private closed = false

  constructor(
    workspace: Workspace,
    hub: EventHub,
    models: ModelLibrary,
    { runs, gates }: { runs: Runs; gates: ProbeGates },
  ) {
    this.workspace = workspace
    this.hub = hub
    this.models = models
    this.runs = runs
    this.gates = gates
    this.judging = new SweepJudging(workspace, models, (id) => this.tellIfThere(id))
    this.forecast = new SweepForecast(workspace, runs, (id, rate) => gates.gate(id, rate))
  }

  list(): SweepSummary[] {
    const runs = new Map(this.runs.list().map((run) => [run.id, run]))
    return this.workspace.sweeps.list().map((sweep) => this.summaryOf(sweep, (id) => runs.get(id)!)) // conditions go with their runs
  }

  /** @throws not_found */
  get(id: string): SweepRecord {
    const sweep = this.workspace.sweeps.get(id)
    const summary = this.summaryOf(sweep, (run) => this.runs.get(run))
    return { ...summary, verdict: sweep.verdict && asOfNow(sweep.verdict, summary.conditions).verdict }
  }

  /**
   * Checks all that starting checks, and tells what it would cost and could find.
   * @throws as start; the signal's reason
   */
  async estimate(settings: SweepSettings, signal: AbortSignal): Promise<SweepEstimate> {
    const conditions = this.planned(settings)
    await this.drafts(settings, conditions)
    return this.forecast.estimate(settings, conditions, signal)
  }

  /** Those of the estimate that need no reckoning. @throws not_found */
  warnings(settings: SweepSettings): string[] {
    this.planned(settings)
    return this.forecast.warnings(settings)
  }

  /**
   * Checks all conditions, stores them as runs and queues them together.
   * @throws before anything is stored: not_found, invalid_input, vector_lacks, hook_unknown, layer_out_of_range, the intervention_… errors
   */
  async start(asked: SweepSettings): Promise<SweepSummary> {
    this.planned(asked)
    const gated = await this.withGate(asked)
    const conditions = this.planned(gated)
    const model = this.models.get(gated.modelId)
    const settings = { ...gated, batch: playedAtOnce(gated, model, conditions.length * gated.episodes) }
    const drafts = await this.drafts(settings, conditions)
    const { sweeps, runs } = this.workspace
    const ids: string[] = []
    const id = sweeps.atomically(() => {
      const sweepId = sweeps.create(settings.name || this.nameOf(settings), settings)
      drafts.forEach((draft, index) => {
        const run = runs.create(draft)
        sweeps.addCondition({ sweepId, ...memberOf(conditions[index]) }, run.id)
        ids.push(run.id)
      })
      return sweepId
    })
    this.runs.playTogether(ids)
    this.follow(id, ids)
    return this.tell(id)
  }

  /**
   * Adds what the settings name beyond the conditions that are there, which are not played again.
   * @param changes  vectors, doses, layers, places, gate and controls; all else stays, or conditions could not be compared
   * @throws run_busy while it is played, and as start
   */
  async extend(id: string, changes: SweepChanges): Promise<SweepSummary> {
    const { sweeps, runs } = this.workspace
    const { settings } = sweeps.get(id)
    this.requireResting(id)
    const wider = await this.withGate(widened(settings, changes, this.playedLayers(settings)))
    const widening = wideningOf(sweeps.conditions(id), this.planned(wider))
    if (widening.fresh.length + widening.changed.length === 0)
      throw errors.invalidInput({ field: 'conditions', reason: 'the sweep has all of these already' })
    const drafts = await this.drafts(wider, widening.fresh)
    const ids: string[] = []
    sweeps.atomically(() => {
      // Somebody else may have widened, resumed or removed it meanwhile.
      this.requireResting(id)
      const now = wideningOf(sweeps.conditions(id), widening.fresh)
      if (now.fresh.length < widening.fresh.length)
        throw errors.runBusy({ id, status: this.summary(id).status })
      sweeps.setSettings(id, wider)
      for (const { runId, member } of widening.changed) sweeps.setCondition(runId, member)
      drafts.forEach((draft, index) => {
        const run = runs.create(draft)
        sweeps.addCondition({ sweepId: id, ...memberOf(widening.fresh[index]) }, run.id)
        ids.push(run.id)
      })
    })
    if (ids.length > 0) this.runs.playTogether(ids)
    this.follow(id, ids)
    return this.tell(id)
  }

  /** Stops after the forward pass that is under way. @throws not_found, run_not_active */
  pause(id: string): SweepSummary {
    return this.stop(id, (run) => this.runs.pause(run))
  }

  /** @throws not_found, run_not_active */
  cancel(id: string): SweepSummary {
    return this.stop(id, (run) => this.runs.cancel(run))
  }

  /**
   * Plays what is left of all conditions, or judges where nothing is.
   * @throws not_found, run_busy, and as runs.resume
   */
  async resume(id: string): Promise<SweepSummary> {
    this.requireResting(id)
    const left = this.members(id)
      .filter(({ status }) => status !== 'done')
      .map((run) => run.id)
    if (left.length > 0) await this.runs.resumeTogether(left)
    this.follow(id, left)
    return this.tell(id)
  }

  /** Scores what has not been scored and judges anew. @throws not_found, run_busy, sweep_without_baseline */
  async judge(id: string): Promise<SweepRecord> {
    this.requireResting(id)
    requireSteps(this.get(id))
    await this.judging.judge(this.summary(id))
    return this.get(id)
  }

  /** Upstream's tables of one cell. @param cell  the headline's where left out @throws not_found, invalid_input */
  tables(id: string, cell: string | undefined, signal: AbortSignal): Promise<SweepTables> {
    this.workspace.sweeps.get(id)
    return runSteeringTask(
      { kind: 'tables', workspaceFolder: this.workspace.folder, sweepId: id, cell: cell ?? null },
      signal,
    )
  }

  rename(id: string, name: string): SweepSummary {
    this.workspace.sweeps.rename(id, name)
    return this.tell(id)
  }

  /** With its runs. @throws run_busy while it is played */
  remove(id: string): void {
    this.requireResting(id)
    for (const { runId } of this.workspace.sweeps.conditions(id)) this.runs.remove(runId)
    this.workspace.sweeps.remove(id)
    this.hub.emit({ kind: 'sweepRemoved', id })
  }

  /** Resolves when it is neither played nor judged. */
  async ended(id: string): Promise<SweepRecord> {
    await this.followed.get(id)
    await this.judging.ended(id)
    return this.get(id)
  }

  active(): SweepSummary[] {
    return [...new Set([...this.followed.keys(), ...this.judging.ids()])].map((id) => this.summary(id))
  }

  async close(): Promise<void> {
    this.closed = true
    await Promise.all([...this.followed.values(), this.judging.close()])
  }

  private planned(settings: SweepSettings): PlannedCondition[] {
    const { gate, controls, outcome, environment, verdict } = settings
    if (verdict.worthwhile > 1)
      throw errors.invalidInput({
        field: 'verdict.worthwhile',
        reason: `no rate changes by ${100 * verdict.worthwhile} points; ${verdict.worthwhile} points are ${verdict.worthwhile / 100}`,
      })
    // Whatever is named must be there before anything is planned with it.
    for (const vector of [...(gate?.vector === undefined ? [] : [gate.vector]), ...controls.orthogonalTo])
      this.workspace.vectors.summary(vector)
    if (outcome.kind === 'invalid' && environment.name !== 'twenty_questions')
      throw errors.invalidInput({
        field: 'outcome',
        reason: `steps of ${environment.name} are never invalid; count “won” or one of its labels`,
      })
    const conditions = sweepConditions(settings, (id) => this.workspace.vectors.summary(id))
    if (gate?.probe) requireHook(conditions, this.gates.gate(gate.probe.id, gate.probe.falsePositiveRate))
    return conditions
  }

  /** A probe's threshold and direction written down as they are now. */
  private async withGate(settings: SweepSettings): Promise<SweepSettings> {
    const { gate } = settings
    if (!gate?.probe || gate.vector !== undefined) return settings
    const { id, falsePositiveRate } = gate.probe
    const { above } = this.gates.gate(id, falsePositiveRate)
    return { ...settings, gate: { ...gate, vector: await this.gates.vectorOf(id), above } }
  }

  /** Where the vectors were made. */
  private playedLayers({ vectors }: SweepSettings): number[] {
    const layers = vectors.flatMap((id) => vectorLayers(this.workspace.vectors.summary(id)) ?? [])
    return [...new Set(layers)]
  }

  private async drafts(settings: SweepSettings, conditions: readonly PlannedCondition[]) {
    const files = await openModelFiles(this.models.get(settings.modelId).path)
    const drafts = []
    for (const condition of conditions)
      drafts.push(await this.runs.draft(runSettings(settings, condition), { files }))
    return drafts
  }

  private follow(id: string, runIds: readonly string[]): void {
    const following = this.playedThenJudged(id, runIds).finally(() => this.followed.delete(id))
    this.followed.set(id, following)
  }

  private async playedThenJudged(id: string, runIds: readonly string[]): Promise<void> {
    const ended = await Promise.all(runIds.map((run) => this.runs.ended(run)))
    if (this.closed) return
    const hasEnded = ({ status }: { status: RunStatus }): boolean => status === 'done' || status === 'failed'
    if (!ended.every(hasEnded) || !this.isThere(id)) return void this.tellIfThere(id)
    // Others may rest since a pause before: a part of the grid is judged where somebody asks for that. What was given up is waited for by nobody.
    const summary = this.summary(id)
    const isWhole = summary.conditions.every(
      (each) => hasEnded(each) || (each.status === 'cancelled' && each.role !== 'baseline'),
    )
    if (!isWhole) return void this.tellIfThere(id)
    await this.judging.judge(summary)
  }

  private stop(id: string, stopRun: (run: string) => RunRecord): SweepSummary {
    if (this.judging.stop(id)) return this.tell(id)
    const active = new Set(this.runs.active().map((run) => run.id))
    const rests: RunStatus[] = ['paused', 'interrupted']
    const members = this.members(id)
    const playing = members.find((run) => active.has(run.id))
    const resting = members.filter(({ status }) => rests.includes(status))
    if (!playing && resting.length === 0 && !this.followed.has(id))
      throw errors.runNotActive({ id, status: this.summary(id).status })
    if (playing)
      stopRun(playing.id) // all that are played with it stop, too
    else for (const run of resting) stopRun(run.id)
    return this.tell(id)
  }

  private members(id: string): RunRecord[] {
    this.workspace.sweeps.get(id)
    return this.workspace.sweeps.conditions(id).map(({ runId }) => this.runs.get(runId))
  }

  private isThere(id: string): boolean {
    return this.workspace.sweeps.list().some((sweep) => sweep.id === id)
  }

  private requireResting(id: string): void {
    const { status } = this.summary(id)
    if (status === 'running' || status === 'queued' || status === 'judging')
      throw errors.runBusy({ id, status })
  }

  private summary(id: string): SweepSummary {
    return this.summaryOf(this.workspace.sweeps.get(id), (run) => this.runs.get(run))
  }

  private summaryOf(
    { id, name, createdAt, settings, error, verdict }: StoredSweep,
    runOf: (id: string) => RunRecord,
  ): SweepSummary {
    const conditions = this.workspace.sweeps.conditions(id).map(({ sweepId: _, runId, ...condition }) => {
      const { status, progress } = runOf(runId)
      const { episodesDone, steps } = progress
      return { ...condition, runId, status, episodesDone, steps, hits: hitsOf(progress, settings.outcome) }
    })
    const progress = this.judging.progressOf(id)
    const now = verdict && asOfNow(verdict, conditions)
    return {
      id,
      name,
      createdAt,
      settings,
      status: progress ? 'judging' : sweepStatusOf(conditions),
      conditions,
      overall: now?.verdict.overall ?? null,
      isVerdictOutdated: now?.isOutdated ?? false,
      error,
      progress,
    }
  }

  private nameOf({ vectors, alphas, episodes, modelId }: SweepSettings): string {
    return `${vectors.join(', ')} at ${alphas.join(', ')}, ${episodes} episodes, ${this.models.get(modelId).name}`
  }

  private tell(id: string): SweepSummary {
    const sweep = this.summary(id)
    this.hub.emit({ kind: 'sweep', sweep })
    return sweep
  }

  /** It may have been removed meanwhile, or the workspace closed. */
  private tellIfThere(id: string): void {
    if (this.closed) return
    if (this.isThere(id)) this.tell(id)
  }
}

/** A probe's threshold holds for what it was trained on. @throws invalid_input */
function requireHook(conditions: readonly PlannedCondition[], { probeId, hook }: ProbeGate): void {
  for (const { interventions, cell } of conditions)
    for (const { hook: own, gate } of interventions)
      if (gate && own !== hook)
        throw errors.invalidInput({
          field: 'gate.probe',
          reason: `${probeId} was trained on ${hook}, “${cell}” steers ${String(own)}`,
        })
}
