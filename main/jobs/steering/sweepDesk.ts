// Sweeps as a door sees them: settings in, records and verdicts out.
// Owns: conditions as runs, what is asked of all of them together, judging when they have ended. Not: the conditions (sweepPlan.ts),
// playing them (runs.ts) or what they show (sweepVerdict.ts).
import { claimableEffect } from '../../analysis/steering/claimableEffect.ts'
import { reportOf, errors } from '../../contract/errors.ts'
import type { RunRecord, RunStatus } from '../../contract/runs.ts'
import type { SweepEstimate, SweepRecord, SweepSettings, SweepSummary } from '../../contract/sweeps.ts'
import { hitsOf, sweepStatusOf } from '../../contract/sweepStatus.ts'
import type { ProbeGate } from '../../contract/storedProbes.ts'
import type { SweepTables } from '../../contract/sweepTables.ts'
import { openModelFiles } from '../../model/openModelFiles.ts'
import type { StoredSweep } from '../../store/sweeps.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { EventHub } from '../eventHub.ts'
import type { ModelLibrary } from '../modelLibrary.ts'
import type { Runs } from '../runs.ts'
import { runSteeringTask } from './steeringTasks.ts'
import { widened, wideningOf, type SweepWidening } from './sweepExtension.ts'
import { sweepConditions, vectorLayers, type PlannedCondition } from './sweepPlan.ts'
import { memberOf, runSettings } from './sweepRuns.ts'
import { scoreSweep } from './sweepScores.ts'
import { requireSteps } from './sweepVerdict.ts'

/** Between steps of an episode and between the arms of a pair, where nothing is known: docs/methods/verdict.md. */
const USUAL_CORRELATION = 0.1
const UNKNOWN_RATE = 0.5
/** A person should think about what is captured before so much is stored. */
const LARGE_BYTES = 10 * 2 ** 30

/** Probes as gates. */
export interface ProbeGates {
  /** @throws not_found, probe_no_gate, … */
  gate(id: string, falsePositiveRate: number): ProbeGate
  /** The probe's direction at length 1 as a vector of the library; its id. */
  vectorOf(probe: string): Promise<string>
}

interface Judging {
  stop: AbortController
  progress: { label: string; fraction: number }
  done: Promise<void>
}

export class SweepDesk {
  private readonly workspace: Workspace
  private readonly hub: EventHub
  private readonly models: ModelLibrary
  private readonly runs: Runs
  private readonly gates: ProbeGates
  private readonly judging = new Map<string, Judging>()
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
  }

  list(): SweepSummary[] {
    const runs = new Map(this.runs.list().map((run) => [run.id, run]))
    return this.workspace.sweeps.list().map((sweep) => this.summaryOf(sweep, (id) => runs.get(id)!)) // conditions go with their runs
  }

  /** @throws not_found */
  get(id: string): SweepRecord {
    const sweep = this.workspace.sweeps.get(id)
    return { ...this.summaryOf(sweep, (run) => this.runs.get(run)), verdict: sweep.verdict }
  }

  /** @throws not_found, invalid_input, vector_lacks */
  estimate(settings: SweepSettings): SweepEstimate {
    const conditions = this.planned(settings)
    const one = this.runs.estimate(runSettings(settings, conditions[0]))
    const factor = conditions.length
    const warnings = [...one.warnings]
    if (factor * one.diskBytes > LARGE_BYTES)
      warnings.push('The sweep will store more than 10 GiB: capture fewer hook points.')
    if (settings.controls.random === 0)
      warnings.push(
        'Without random directions no effect will be called one: nothing is green without its control.',
      )
    warnings.push(...this.sameEpisodes(settings), ...this.gatePooling(settings))
    const { maxSteps } = settings.environment
    return {
      conditions: factor,
      episodes: factor * settings.episodes,
      steps: factor * one.steps,
      seconds: one.seconds === null ? null : factor * one.seconds,
      diskBytes: factor * one.diskBytes,
      smallestEffect: claimableEffect(
        {
          episodes: settings.episodes,
          steps: settings.outcome.kind === 'won' ? 1 : maxSteps,
          rate: this.knownRate(settings),
          clusterCorrelation: USUAL_CORRELATION,
          comparisons: conditions.filter(({ role }) => role === 'steered').length,
          level: settings.verdict.level,
        },
        settings.controls.random,
      ),
      warnings,
    }
  }

  /**
   * Checks all conditions, stores them as runs and queues them together.
   * @throws before anything is stored: not_found, invalid_input, vector_lacks, hook_unknown, layer_out_of_range, the intervention_… errors
   */
  async start(asked: SweepSettings): Promise<SweepSummary> {
    this.planned(asked)
    const settings = await this.withGate(asked)
    const conditions = this.planned(settings)
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
  async extend(id: string, changes: SweepWidening): Promise<SweepSummary> {
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
    await this.judgeNow(id)
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
    await this.judging.get(id)?.done
    return this.get(id)
  }

  active(): SweepSummary[] {
    return [...new Set([...this.followed.keys(), ...this.judging.keys()])].map((id) => this.summary(id))
  }

  async close(): Promise<void> {
    this.closed = true
    for (const { stop } of this.judging.values()) stop.abort()
    await Promise.all([...this.followed.values(), ...[...this.judging.values()].map(({ done }) => done)])
  }

  private planned(settings: SweepSettings): PlannedCondition[] {
    const { gate, controls, outcome, environment } = settings
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

  /** A vector steers the very episodes that it was made from best. */
  private sameEpisodes({ vectors, seed, environment }: SweepSettings): string[] {
    const runs = new Map(this.workspace.runs.list().map((run) => [run.id, run]))
    return [...new Set(vectors)].flatMap((id) => {
      const { origin } = this.workspace.vectors.summary(id)
      const made =
        origin.kind === 'contrast'
          ? origin.dataSetRecipe.runIds
          : origin.kind === 'learned'
            ? [origin.runId]
            : []
      const same = made.filter((run) => {
        const own = runs.get(run)?.settings
        return own?.seed === seed && own.environment.name === environment.name
      })
      return same.length === 0
        ? []
        : [
            `${id} was made from ${same.join(', ')} with seed ${seed}, too: the sweep plays the same objects with the same draws. Take another seed to see what it does elsewhere.`,
          ]
    })
  }

  /** A threshold holds for vectors as the probe learnt from; a gate asks single tokens. */
  private gatePooling({ gate, places }: SweepSettings): string[] {
    if (!gate?.probe) return []
    const { id, falsePositiveRate } = gate.probe
    const { pooling } = this.gates.gate(id, falsePositiveRate)
    if (pooling === 'lastPrompt' && places.every(({ kind }) => kind === 'lastPrompt')) return []
    return [
      `${id} learnt from “${pooling}”, the gate asks the tokens that are steered: how often it opens there is not what its rate of false alarms says.`,
    ]
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
    // Others may rest since a pause before: a part of the grid is judged where somebody asks for that.
    const all = [...ended, ...this.membersIfThere(id)]
    if (all.some(({ status }) => status !== 'done' && status !== 'failed')) return void this.tellIfThere(id)
    await this.judgeNow(id)
  }

  private judgeNow(id: string): Promise<void> {
    const stop = new AbortController()
    const judging: Judging = {
      stop,
      progress: { label: 'Scoring answers', fraction: 0 },
      done: Promise.resolve(),
    }
    judging.done = this.judgement(id, judging).finally(() => {
      this.judging.delete(id)
      this.tellIfThere(id)
    })
    this.judging.set(id, judging)
    this.tellIfThere(id)
    return judging.done
  }

  private async judgement(id: string, judging: Judging): Promise<void> {
    const { signal } = judging.stop
    const { sweeps, folder } = this.workspace
    const tell = (progress: Judging['progress']): void => {
      judging.progress = progress
      this.tellIfThere(id)
    }
    try {
      requireSteps(this.get(id))
      await scoreSweep(id, { workspace: this.workspace, models: this.models }, tell, signal)
      tell({ label: 'Judging', fraction: 1 })
      const verdict = await runSteeringTask({ kind: 'verdict', workspaceFolder: folder, sweepId: id }, signal)
      sweeps.conclude(id, verdict, null)
    } catch (error) {
      // What was found before stays found.
      if (!signal.aborted) sweeps.conclude(id, sweeps.get(id).verdict, reportOf(error))
    }
  }

  private stop(id: string, stopRun: (run: string) => RunRecord): SweepSummary {
    const judging = this.judging.get(id)
    if (judging) judging.stop.abort()
    else {
      const active = new Set(this.runs.active().map((run) => run.id))
      const rests: RunStatus[] = ['paused', 'interrupted']
      const members = this.members(id)
      const playing = members.find((run) => active.has(run.id))
      if (playing)
        stopRun(playing.id) // all that are played with it stop, too
      else for (const run of members.filter(({ status }) => rests.includes(status))) stopRun(run.id)
    }
    return this.tell(id)
  }

  private members(id: string): RunRecord[] {
    this.workspace.sweeps.get(id)
    return this.workspace.sweeps.conditions(id).map(({ runId }) => this.runs.get(runId))
  }

  private membersIfThere(id: string): RunRecord[] {
    return this.workspace.sweeps.list().some((sweep) => sweep.id === id) ? this.members(id) : []
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
    const judging = this.judging.get(id)
    return {
      id,
      name,
      createdAt,
      settings,
      status: judging ? 'judging' : sweepStatusOf(conditions),
      conditions,
      overall: verdict?.overall ?? null,
      error,
      progress: judging?.progress ?? null,
    }
  }

  private nameOf({ vectors, alphas, episodes, modelId }: SweepSettings): string {
    return `${vectors.join(', ')} at ${alphas.join(', ')}, ${episodes} episodes, ${this.models.get(modelId).name}`
  }

  /** Of the newest run of the model that was asked the same and not steered; a half where there is none. */
  private knownRate({ modelId, outcome, environment }: SweepSettings): number {
    const alike = this.workspace.runs
      .list()
      .find(
        ({ settings, manifest, progress }) =>
          settings.modelId === modelId &&
          settings.environment.name === environment.name &&
          settings.environment.systemPrompt === environment.systemPrompt &&
          settings.interventions.length === 0 &&
          !manifest.fork &&
          progress.steps >= 20,
      )
    if (!alike) return UNKNOWN_RATE
    const { progress: p } = alike
    if (outcome.kind === 'won') return p.episodesDone === 0 ? UNKNOWN_RATE : p.wins / p.episodesDone
    return outcome.kind === 'invalid' ? p.invalid / p.steps : UNKNOWN_RATE
  }

  private tell(id: string): SweepSummary {
    const sweep = this.summary(id)
    this.hub.emit({ kind: 'sweep', sweep })
    return sweep
  }

  /** It may have been removed meanwhile, or the workspace closed. */
  private tellIfThere(id: string): void {
    if (this.closed) return
    if (this.workspace.sweeps.list().some((sweep) => sweep.id === id)) this.tell(id)
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
