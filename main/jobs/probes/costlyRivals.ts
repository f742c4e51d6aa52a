// Rivals that take a pass over the steps: embedding and layer 0 where no run stored them, and a model with random weights.
// Owns: what they would cost, whether they can be had, and having them ready before a probe is judged. Not: judging them (analysis/probes/).
import type { WorkProgress } from '../../contract/api.ts'
import type { DataSetRecord, RivalCosts } from '../../contract/dataSets.ts'
import type { ProbeSettings } from '../../contract/probes.ts'
import type { ModelRecord } from '../../contract/models.ts'
import type { RunRecord } from '../../contract/runs.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { SizedStep } from '../dataSets/pooledRows.ts'
import { replayModel } from '../dataSets/replayGround.ts'
import { replaySeconds, stepsIn, type StepFiller } from '../dataSets/stepFiller.ts'
import { surveyRivals, type RunNeed, type Survey } from '../dataSets/survey.ts'
import { sizedRows } from './probeRows.ts'
import { randomWeightsRival } from './randomWeightsRival.ts'
import type { RivalFile } from './rivalFile.ts'

/** Weights that are drawn and written in a second, at least. */
const DRAWN_PER_SECOND = 5e6

const refusalOf = (needs: readonly Pick<RunNeed, 'ground'>[]): string | null => {
  const refused = needs.flatMap(({ ground }) => ('refusal' in ground ? [ground.refusal.message] : []))
  return refused.length > 0 ? refused.join(' ') : null
}

/** Upper bounds, from the speed at which the runs were collected. */
export function rivalCosts(workspace: Workspace, { recipe, steps, runs }: Survey): RivalCosts {
  const needs = surveyRivals(workspace, { recipe }, steps)
  const grounds = groundsOf(workspace, runs)
  const parameters = grounds.reduce(
    (sum, { ground }) => sum + ('model' in ground ? ground.model.parameters : 0),
    0,
  )
  const perStep = runs.reduce((sum, { progress }) => sum + progress.seconds, 0)
  const played = runs.reduce((sum, { progress }) => sum + progress.steps, 0)
  return {
    replayed: {
      steps: needs.reduce((sum, need) => sum + stepsIn(need.steps), 0),
      seconds: needs.length === 0 ? 0 : replaySeconds(needs),
      refused: refusalOf(needs),
    },
    randomWeights: {
      steps: steps.length,
      seconds: played === 0 ? null : parameters / DRAWN_PER_SECOND + (steps.length * perStep) / played,
      refused: refusalOf(grounds),
    },
  }
}

const groundsOf = (workspace: Workspace, runs: readonly RunRecord[]) => {
  const models = workspace.models.list()
  return runs.map((run) => ({ run, ground: replayModel(run, models) }))
}

export class CostlyRivals {
  private readonly workspace: Workspace
  private readonly filler: StepFiller
  private readonly cacheFolder: string

  constructor(workspace: Workspace, filler: StepFiller, cacheFolder: string) {
    this.workspace = workspace
    this.filler = filler
    this.cacheFolder = cacheFolder
  }

  /** @throws replay_refused where a rival is asked for that cannot be had */
  check(dataSet: DataSetRecord, { costlyRivals }: ProbeSettings): void {
    const needs = costlyRivals.includes('replayed') ? this.needs(dataSet) : []
    const grounds = costlyRivals.includes('randomWeights') ? this.grounds(dataSet) : []
    for (const { ground } of [...needs, ...grounds]) if ('refusal' in ground) throw ground.refusal
  }

  /**
   * Has everything ready that the settings ask for.
   * @returns where the vectors under random weights are; null where they are not asked for
   * @throws what `check`, replaying and reading a model throw; the signal's reason
   */
  async prepare(
    settings: ProbeSettings,
    tell: (progress: WorkProgress) => void,
    signal: AbortSignal,
  ): Promise<RivalFile | null> {
    const dataSet = this.workspace.dataSets.get(settings.dataSetId)
    this.check(dataSet, settings)
    if (settings.costlyRivals.includes('replayed'))
      for (const need of this.needs(dataSet)) await this.filler.fill(need, tell, signal)
    if (!settings.costlyRivals.includes('randomWeights')) return null
    const models = new Map<string, ModelRecord>()
    for (const { run, ground } of this.grounds(dataSet))
      if ('model' in ground) models.set(run.id, ground.model)
    const request = {
      dataSet,
      steps: this.steps(dataSet),
      models,
      layers: settings.layers ?? dataSet.layers,
      poolings: settings.poolings ?? dataSet.poolings,
      seed: settings.seed,
    }
    return randomWeightsRival(this.workspace, this.cacheFolder, request, tell, signal)
  }

  private steps(dataSet: DataSetRecord): SizedStep[] {
    return sizedRows(this.workspace, dataSet)
  }

  private needs(dataSet: DataSetRecord): RunNeed[] {
    return surveyRivals(this.workspace, dataSet, this.steps(dataSet))
  }

  private grounds(dataSet: DataSetRecord) {
    const runs = [...new Set(dataSet.recipe.runIds)].map((id) => this.workspace.runs.get(id))
    return groundsOf(this.workspace, runs)
  }
}
