// What a sweep will cost and what it can find, before it is started.
// Owns: the estimate and the warnings beside it. Not: whether its settings can be played (sweepDesk.ts) or the simulation (analysis/steering/).
import type { SweepDesign } from '../../analysis/steering/smallestClaim.ts'
import type { SweepEstimate, SweepSettings } from '../../contract/sweeps.ts'
import type { ProbeGate } from '../../contract/storedProbes.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { Runs } from '../runs.ts'
import { runSteeringTask } from './steeringTasks.ts'
import type { PlannedCondition } from './sweepPlan.ts'
import { runSettings } from './sweepRuns.ts'
import { originRuns } from './vectorEpisodes.ts'

/** Between steps of an episode, where nothing is known: docs/methods/verdict.md. */
const USUAL_CORRELATION = 0.1
const UNKNOWN_RATE = 0.5
/** A person should think about what is captured before so much is stored. */
const LARGE_BYTES = 10 * 2 ** 30

type GateOf = (id: string, falsePositiveRate: number) => ProbeGate

export class SweepForecast {
  private readonly workspace: Workspace
  private readonly runs: Runs
  private readonly gateOf: GateOf
  /** What simulations found, by design: the same design gives the same. */
  private readonly found = new Map<string, number | null>()

  constructor(workspace: Workspace, runs: Runs, gateOf: GateOf) {
    this.workspace = workspace
    this.runs = runs
    this.gateOf = gateOf
  }

  /** @param conditions  as planned from the settings @throws the signal's reason */
  async estimate(
    settings: SweepSettings,
    conditions: readonly PlannedCondition[],
    signal: AbortSignal,
  ): Promise<SweepEstimate> {
    const one = this.runs.estimate(runSettings(settings, conditions[0]))
    const factor = conditions.length
    const diskBytes = factor * one.diskBytes
    return {
      conditions: factor,
      episodes: factor * settings.episodes,
      steps: factor * one.steps,
      seconds: one.seconds === null ? null : factor * one.seconds,
      diskBytes,
      smallestEffect: await this.smallestClaim(this.designOf(settings, conditions), signal),
      warnings: [
        ...one.warnings,
        ...(diskBytes > LARGE_BYTES
          ? ['The sweep will store more than 10 GiB: capture fewer hook points.']
          : []),
        ...this.warnings(settings),
      ],
    }
  }

  /** What a person should know who starts it, in whole sentences. */
  warnings(settings: SweepSettings): string[] {
    return [
      ...(settings.controls.random === 0
        ? ['Without random directions no effect will be called one: nothing is green without its control.']
        : []),
      ...this.sameEpisodes(settings),
      ...this.gatePooling(settings),
    ]
  }

  private async smallestClaim(design: SweepDesign, signal: AbortSignal): Promise<number | null> {
    const key = JSON.stringify(design)
    const known = this.found.get(key)
    if (known !== undefined) return known
    const smallest = await runSteeringTask({ kind: 'smallestClaim', design }, signal)
    this.found.set(key, smallest)
    return smallest
  }

  private designOf(settings: SweepSettings, conditions: readonly PlannedCondition[]): SweepDesign {
    const { episodes, environment, outcome, controls, verdict } = settings
    const alphas = [...new Set(settings.alphas)]
    const steered = conditions.filter(({ role }) => role === 'steered').length
    return {
      ...{ episodes, alphas, wanted: verdict.wanted, level: verdict.level },
      steps: outcome.kind === 'won' ? 1 : environment.maxSteps,
      // To the nearest hundredth: with each episode that is played it would be another design.
      rate: Math.round(100 * this.knownRate(settings)) / 100,
      clusterCorrelation: USUAL_CORRELATION,
      randomDirections: controls.random,
      randomAt: controls.at,
      further: steered - alphas.length,
    }
  }

  /** A vector steers the very episodes that it was made from best. */
  private sameEpisodes({ vectors, seed, environment }: SweepSettings): string[] {
    const runs = new Map(this.workspace.runs.list().map((run) => [run.id, run]))
    return [...new Set(vectors)].flatMap((id) => {
      const same = originRuns(this.workspace, id).filter((run) => {
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
    const { pooling } = this.gateOf(id, falsePositiveRate)
    if (pooling === 'lastPrompt' && places.every(({ kind }) => kind === 'lastPrompt')) return []
    return [
      `${id} learnt from “${pooling}”, the gate asks the tokens that are steered: how often it opens there is not what its rate of false alarms says.`,
    ]
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
}
