// What a recipe finds in a workspace, before anything is computed.
// Owns: rows, layers, what is stored and what would have to be replayed. Not: replaying (replay.ts) or storing the data set (dataSetDesk.ts).
import { pointsOfPooling, type StepPoint } from '../../analysis/poolings.ts'
import type { DataSetRecipe, DataSetRecord } from '../../contract/dataSets.ts'
import { errors, type AppError } from '../../contract/errors.ts'
import type { ModelRecord, ModelShape } from '../../contract/models.ts'
import type { RunRecord } from '../../contract/runs.ts'
import { parseStoredHook } from '../../model/hookNames.ts'
import type { Workspace } from '../../store/workspace.ts'
import { chooseSteps, type ChosenSteps } from './chosenSteps.ts'
import { isStored, StoredVectors, type SizedStep } from './pooledRows.ts'
import { choicesOf, hookOf, rivalHooks } from './recipeHooks.ts'
import type { ReplayNeed } from './replay.ts'
import { replayModel } from './replayGround.ts'

/** What a replay would have to compute of one run. */
export interface RunNeed extends ReplayNeed {
  /** The run's model, or why it cannot be had. */
  ground: { model: ModelRecord } | { refusal: AppError }
}

export interface Survey {
  recipe: DataSetRecipe
  runs: RunRecord[]
  chosen: ChosenSteps
  steps: SizedStep[]
  layers: number[]
  /** D; 0 where neither a stored vector nor a model tells it. */
  width: number
  /** Rows of which some layer and pooling is not stored. */
  missing: number
  needs: RunNeed[]
}

/**
 * @throws not_found for a run that is not there, hook_unknown, hook_not_stored, layer_out_of_range, data_set_widths_differ,
 * invalid_input, workspace_damaged
 */
export function surveyRecipe(workspace: Workspace, recipe: DataSetRecipe): Survey {
  const runs = [...new Set(recipe.runIds)].map((id) => workspace.runs.get(id))
  const models = workspace.models.list()
  const grounds = new Map(runs.map((run) => [run.id, replayModel(run, models)]))
  const shapes = runs.flatMap(
    (run) => models.find(({ hash }) => hash === run.manifest.modelHash)?.shape ?? [],
  )
  const layers = layersOf(workspace, recipe, runs, shapes)
  const chosen = chooseSteps(workspace, recipe)
  const steps = chosen.keys.map((key, row) => {
    const { promptTokens: prompt, completionTokens: generated } = chosen.facts[row]
    return { key, prompt, generated }
  })
  const stored = new StoredVectors(workspace)
  const width = widthOf(stored, recipe, { runs, layers, shapes })
  const lacking = steps.filter((step) =>
    layers.some((layer) =>
      choicesOf(recipe).some((choice) => !isStored(stored, step, hookOf(recipe.hook, layer), choice)),
    ),
  )
  const needs = runs.flatMap((run): RunNeed[] => {
    const own = lacking.filter(({ key }) => key.runId === run.id)
    if (own.length === 0) return []
    const ground = grounds.get(run.id)!
    return [{ run, ground, ...needOf(stored, own, recipe, layers) }]
  })
  return {
    recipe,
    runs,
    chosen,
    steps,
    layers,
    width,
    missing: layers.length === 0 ? steps.length : lacking.length,
    needs,
  }
}

/** What a replay would have to compute so that embedding and layer 0 can be rivals. @throws not_found */
export function surveyRivals(
  workspace: Workspace,
  { recipe }: Pick<DataSetRecord, 'recipe'>,
  steps: readonly SizedStep[],
): RunNeed[] {
  const models = workspace.models.list()
  const stored = new StoredVectors(workspace)
  const choices = choicesOf(recipe)
  const lacking = steps.filter((step) =>
    Object.values(rivalHooks).some((hook) => choices.some((choice) => !isStored(stored, step, hook, choice))),
  )
  return [...new Set(lacking.map(({ key }) => key.runId))].map((runId) => {
    const run = workspace.runs.get(runId)
    const own = lacking.filter(({ key }) => key.runId === runId)
    return { run, ground: replayModel(run, models), ...needOf(stored, own, recipe, []) }
  })
}

/** Hooks of which any of the steps lacks something, every point of the recipe, and the rivals' hooks in passing. */
function needOf(
  stored: StoredVectors,
  lacking: readonly SizedStep[],
  recipe: DataSetRecipe,
  layers: readonly number[],
): Pick<ReplayNeed, 'steps' | 'hooks' | 'points'> {
  const steps = new Map<number, Set<number>>()
  for (const { key } of lacking) steps.set(key.episode, (steps.get(key.episode) ?? new Set()).add(key.step))
  const points = new Set<StepPoint>(choicesOf(recipe).flatMap(pointsOfPooling))
  const hooks = layers
    .map((layer) => hookOf(recipe.hook, layer))
    .filter((hook) =>
      lacking.some((step) => choicesOf(recipe).some((choice) => !isStored(stored, step, hook, choice))),
    )
  return { steps, points: [...points], hooks: [...new Set([...hooks, ...Object.values(rivalHooks)])] }
}

function layersOf(
  workspace: Workspace,
  { hook, layers }: DataSetRecipe,
  runs: readonly RunRecord[],
  shapes: readonly ModelShape[],
): number[] {
  const most = Math.min(...shapes.map((shape) => shape.layers))
  if (!hook.includes('{layer}')) {
    for (const shape of shapes) parseStoredHook(hook, shape)
    return [0]
  }
  if (shapes.length > 0) parseStoredHook(hookOf(hook, 0), shapes[0])
  if (layers === 'captured') return capturedLayers(workspace, hook, runs)
  if (layers === 'all') {
    if (!Number.isFinite(most))
      throw errors.invalidInput({
        field: 'layers',
        reason: 'which layers there are is not known without the model; name them',
      })
    return Array.from({ length: most }, (_, layer) => layer)
  }
  const wanted = [...new Set(layers)].sort((one, other) => one - other)
  const outside = wanted.find((layer) => layer >= most)
  if (outside !== undefined) throw errors.layerOutOfRange({ layer: outside, layers: most })
  return wanted
}

/** Hook points that every one of the runs has in its settings or at its first step. */
export function commonHooks(workspace: Workspace, runs: readonly RunRecord[]): string[] {
  const sets = runs.map((run) => {
    const [first] = workspace.episodes.list({
      runId: run.id,
      task: '',
      outcomes: [],
      minInvalidRate: 0,
      maxInvalidRate: 1,
      sort: 'episode',
      descending: false,
      offset: 0,
      limit: 1,
    }).episodes
    const found = first
      ? workspace.activations.hooksOf({ runId: run.id, episode: first.episode, step: 0 })
      : []
    return new Set([...run.settings.capture.hooks, ...found])
  })
  return [...sets[0]].filter((hook) => sets.every((set) => set.has(hook)))
}

/** By the runs' own settings; where these name none, those that a replay has stored, which may be of some poolings alone. */
function capturedLayers(workspace: Workspace, hook: string, runs: readonly RunRecord[]): number[] {
  const asked = runs.map(({ settings }) => new Set(settings.capture.hooks))
  const captured = layersIn(
    hook,
    [...asked[0]].filter((name) => asked.every((set) => set.has(name))),
  )
  return captured.length > 0 ? captured : layersIn(hook, commonHooks(workspace, runs))
}

function layersIn(hook: string, names: readonly string[]): number[] {
  const [head, tail] = hook.split('{layer}')
  return names
    .flatMap((name) => {
      const layer = name.slice(head.length, name.length - tail.length)
      return name.startsWith(head) && name.endsWith(tail) && /^\d+$/.test(layer) ? [Number(layer)] : []
    })
    .sort((one, other) => one - other)
}

/** @throws data_set_widths_differ */
function widthOf(
  stored: StoredVectors,
  recipe: DataSetRecipe,
  {
    runs,
    layers,
    shapes,
  }: { runs: readonly RunRecord[]; layers: readonly number[]; shapes: readonly ModelShape[] },
): number {
  if (layers.length === 0) return 0
  const hook = hookOf(recipe.hook, layers[0])
  const points = choicesOf(recipe).flatMap(pointsOfPooling)
  const found = [
    ...runs.flatMap((run) => points.map((point) => stored.width(run.id, hook, point))),
    ...shapes.map((shape) => parseStoredHook(hook, shape).width),
  ].filter((width) => width > 0)
  const widths = [...new Set(found)]
  if (widths.length > 1) throw errors.dataSetWidthsDiffer({ hook, widths })
  return widths[0] ?? 0
}
