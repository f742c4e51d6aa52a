// Data sets as a door sees them: recipes in, records out.
// Owns: the order of checking, replaying, hashing and storing; labels given by hand. Not: any of these by itself.
import type { WorkProgress } from '../../contract/api.ts'
import { poolingsWithAnswer, type DataSetChoices, type DataSetPreview } from '../../contract/dataSets.ts'
import type { DataSetRecipe, DataSetRecord, HandLabel } from '../../contract/dataSets.ts'
import { errors } from '../../contract/errors.ts'
import type { Workspace } from '../../store/workspace.ts'
import type { EventHub } from '../eventHub.ts'
import { dataSetChoicesOf } from './dataSetChoices.ts'
import { dataSetName } from './dataSetName.ts'
import { choicesOf, hookOf } from './recipeHooks.ts'
import { whyNothingIsLeft } from './emptyDataSet.ts'
import { replaySeconds, type StepFiller } from './stepFiller.ts'
import { surveyRecipe, type Survey } from './survey.ts'
import { rivalCosts } from '../probes/costlyRivals.ts'
import { runProbeTask } from '../probes/probeTasks.ts'

type Tell = (progress: WorkProgress) => void

export class DataSetDesk {
  private readonly workspace: Workspace
  private readonly hub: EventHub
  private readonly filler: StepFiller
  /** Category of each task that has one. */
  private readonly categories: () => ReadonlyMap<string, string>

  constructor(
    workspace: Workspace,
    hub: EventHub,
    filler: StepFiller,
    categories: () => ReadonlyMap<string, string>,
  ) {
    this.workspace = workspace
    this.hub = hub
    this.filler = filler
    this.categories = categories
  }

  list(): DataSetRecord[] {
    return this.workspace.dataSets.list()
  }

  get(id: string): DataSetRecord {
    return this.workspace.dataSets.get(id)
  }

  choices(runIds: readonly string[]): DataSetChoices {
    return dataSetChoicesOf(this.workspace, runIds, this.categories())
  }

  /** What the recipe would give now. @throws what surveyRecipe throws */
  preview(recipe: DataSetRecipe): DataSetPreview {
    const survey = surveyRecipe(this.workspace, recipe)
    const { chosen, steps, layers, width, missing, needs } = survey
    const refused = needs.flatMap(({ ground }) => ('refusal' in ground ? [ground.refusal.message] : []))
    return {
      rows: steps.length,
      episodes: episodesOf(survey),
      classes: chosen.classes,
      counts: countsOf(chosen.labels, chosen.classes.length),
      steps: byStep(survey),
      layers,
      missing,
      replayRefused: refused.length > 0 ? refused.join(' ') : null,
      replaySeconds: missing === 0 ? null : replaySeconds(needs),
      bytes: bytesOf(survey, width),
      rivals: rivalCosts(this.workspace, survey),
      warnings: warningsOf(this.workspace, survey),
    }
  }

  /**
   * Gathers what the recipe names and stores it. The same rows, labels and activations under the same recipe are one data set, however often
   * they are asked for. What was replayed stays when the signal is aborted.
   * @throws data_set_empty, data_set_not_captured, replay_refused, replay_differs, and what surveyRecipe throws; the signal's reason
   */
  async create(recipe: DataSetRecipe, tell: Tell, signal: AbortSignal): Promise<DataSetRecord> {
    let survey = surveyRecipe(this.workspace, recipe)
    requireRows(this.workspace, survey)
    if (survey.missing > 0) {
      requireReplay(survey)
      for (const need of survey.needs) await this.filler.fill(need, tell, signal)
      survey = surveyRecipe(this.workspace, recipe)
    }
    const { chosen, steps, layers, width, runs } = survey
    const cells = layers.flatMap((layer) =>
      choicesOf(recipe).map((choice) => ({ hook: hookOf(recipe.hook, layer), choice })),
    )
    const { classes, labels, earlierLabels } = chosen
    const hash = await runProbeTask(
      { kind: 'hash', workspaceFolder: this.workspace.folder, steps, cells, labels, earlierLabels, classes },
      { tell, signal },
    )
    const same = this.list().find(
      (known) => known.hash === hash && JSON.stringify(known.recipe) === JSON.stringify(recipe),
    )
    if (same) return same
    const models = runs.map(({ manifest }) => ({
      ...{ name: manifest.modelName, hash: manifest.modelHash, computeDtype: manifest.computeDtype },
    }))
    const runNames = runs.map(({ name }) => name)
    const record = this.workspace.dataSets.create(
      {
        name: recipe.name || dataSetName(recipe, runNames, this.list().length + 1),
        recipe,
        hash,
        rows: steps.length,
        episodes: episodesOf(survey),
        classes,
        counts: countsOf(labels, classes.length),
        layers,
        poolings: recipe.poolings,
        width,
        models: models.filter(
          (one, i) =>
            models.findIndex(
              (other) => other.hash === one.hash && other.computeDtype === one.computeDtype,
            ) === i,
        ),
        bytes: bytesOf(survey, width),
      },
      { keys: chosen.keys, labels, earlierLabels },
    )
    this.hub.emit({ kind: 'dataSets' })
    return record
  }

  rename(id: string, name: string): DataSetRecord {
    const record = this.workspace.dataSets.rename(id, name)
    this.hub.emit({ kind: 'dataSets' })
    return record
  }

  remove(id: string): void {
    this.workspace.dataSets.remove(id)
    this.hub.emit({ kind: 'dataSets' })
  }

  /** @param label  null takes the label away */
  handLabel({ label, ...step }: Omit<HandLabel, 'label'> & { label: string | null }): void {
    if (label === null) this.workspace.handLabels.take(step)
    else this.workspace.handLabels.give({ ...step, label })
    this.hub.emit({ kind: 'handLabels', runId: step.runId })
  }

  handLabels(runId: string, episode?: number): HandLabel[] {
    this.workspace.runs.get(runId)
    return this.workspace.handLabels.list(runId, episode)
  }
}

function requireRows(workspace: Workspace, { recipe, steps, runs }: Survey): void {
  if (steps.length > 0) return
  const all = runs.reduce((sum, run) => sum + run.progress.steps, 0)
  const reason = whyNothingIsLeft(workspace, recipe)
  throw errors.dataSetEmpty({ runIds: recipe.runIds, steps: all, reason })
}

function requireReplay({ recipe, layers, missing, steps, needs }: Survey): void {
  if (!recipe.replayMissing || layers.length === 0)
    throw errors.dataSetNotCaptured({ hook: recipe.hook, missing, rows: steps.length })
  for (const { ground } of needs) if ('refusal' in ground) throw ground.refusal
}

const episodesOf = ({ chosen }: Survey): number =>
  new Set(chosen.keys.map(({ runId, episode }) => `${runId}/${episode}`)).size

const bytesOf = ({ steps, layers, recipe }: Survey, width: number): number =>
  steps.length * layers.length * recipe.poolings.length * width * 4

export function countsOf(labels: Int32Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0)
  for (const label of labels) counts[label]++
  return counts
}

function byStep({ chosen }: Survey): DataSetPreview['steps'] {
  const found = new Map<number, number[]>()
  chosen.keys.forEach(({ step }, row) => {
    const counts = found.get(step) ?? new Array<number>(chosen.classes.length).fill(0)
    counts[chosen.labels[row]]++
    found.set(step, counts)
  })
  return [...found].sort(([one], [other]) => one - other).map(([step, counts]) => ({ step, counts }))
}

function warningsOf(workspace: Workspace, { chosen, steps, layers, recipe }: Survey): string[] {
  const counts = countsOf(chosen.labels, chosen.classes.length)
  const warnings: string[] = []
  if (steps.length === 0) warnings.push(`No step is left: ${whyNothingIsLeft(workspace, recipe)}.`)
  else if (counts.filter((count) => count > 0).length < 2)
    warnings.push(
      `All ${steps.length} steps are “${chosen.classes[chosen.labels[0]]}”: a probe needs two classes.`,
    )
  if (layers.length === 0)
    warnings.push(`The runs have not stored ${recipe.hook} at any layer: name layers and replay them.`)
  if (recipe.label.kind === 'invalid' && recipe.poolings.some((pooling) => poolingsWithAnswer.has(pooling)))
    warnings.push(
      'The oracle judges the answer, and a pooling contains it: such a probe reads what was judged.',
    )
  return warnings
}
