// A direction that is searched for by what it does to whole episodes.
// Owns: objective, budget, training and held-out objects, going on after a stop. Not: the search itself (analysis/steering/directionSearch.ts)
// or playing (directionTrials.ts).
// Every candidate plays the same episodes with the same random numbers, so that a search is a function of its recipe: one that was cut short goes
// on from its last generation to the same vector.
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { DirectionSearch, type DirectionSearchState } from '../../analysis/steering/directionSearch.ts'
import type { WorkProgress } from '../../contract/api.ts'
import type { DataSetRecord } from '../../contract/dataSets.ts'
import { errors } from '../../contract/errors.ts'
import { interventionList } from '../../contract/interventions.ts'
import type { ModelRecord } from '../../contract/models.ts'
import type { CollectSettings } from '../../contract/runs.ts'
import type { VectorRecipe } from '../../contract/vectors.ts'
import type { PlannedIntervention } from '../../inference/interventionPlan.ts'
import { openModelFiles } from '../../model/openModelFiles.ts'
import type { Workspace } from '../../store/workspace.ts'
import { hookOf } from '../dataSets/recipeHooks.ts'
import { replayModel } from '../dataSets/replayGround.ts'
import { planForModel } from '../interventions.ts'
import type { ModelLibrary } from '../modelLibrary.ts'
import { requireRuns } from '../probes/probeRows.ts'
import { parseSettings } from '../settings.ts'
import type { World } from '../worlds.ts'
import { tryDirections, type TrialEpisode, type TrialWorld } from './directionTrials.ts'
import { flagsOfLearned, learnedEffect, rateOf } from './learnedEffect.ts'
import { runSteeringTask } from './steeringTasks.ts'
import { placePositions } from './sweepPlan.ts'
import { hashOf, normOfRow, type MadeVector } from './vectorMaking.ts'

export type LearnedRecipe = Extract<VectorRecipe, { kind: 'learned' }>

export interface LearningWorld {
  workspace: Workspace
  models: ModelLibrary
  worldOf(settings: CollectSettings): World
}

type Tell = (progress: WorkProgress) => void

const numbers = z.array(z.number())
const searchState: z.ZodType<{ search: DirectionSearchState }> = z.object({
  search: z.object({
    generation: z.number(),
    sigma: z.number(),
    mean: numbers,
    covariance: numbers,
    pathSigma: numbers,
    pathCovariance: numbers,
    best: z.object({ coordinates: numbers, loss: z.number() }).nullable(),
  }),
})

/** All that is settled before anything is played. */
interface Plan {
  recipe: LearnedRecipe
  dataSet: DataSetRecord
  model: ModelRecord
  runId: string
  settings: CollectSettings
  world: World
  layer: number
  hook: string
  train: number[]
  heldOut: number[]
}

/**
 * @throws not_found, data_set_run_gone, replay_refused where the run's model is gone, invalid_input, vector_refused where no candidate gives
 *   numbers, and what playing throws; the signal's reason: what was searched by then is kept
 */
export async function learnedVector(
  recipe: LearnedRecipe,
  parts: LearningWorld,
  tell: Tell,
  signal: AbortSignal,
): Promise<MadeVector> {
  const plan = planned(recipe, parts)
  const { dataSet, model: record, settings, hook, layer, train, heldOut } = plan
  const { workspace, models } = parts
  const rows = await runSteeringTask(
    {
      kind: 'components',
      workspaceFolder: workspace.folder,
      dataSetId: dataSet.id,
      layer,
      pooling: recipe.pooling ?? dataSet.poolings[0],
      count: recipe.components,
      leftOut: { runIds: sameDraws(plan, workspace), episodes: heldOut },
    },
    signal,
  )
  if (rows.scales.length === 0)
    throw errors.vectorRefused({
      reasons: ['The data set’s rows, those of held-out episodes apart, are all the same.'],
    })
  const generations = generationsOf(recipe, rows.scales.length)
  const need = { rows: settings.batch, dtype: settings.computeDtype, fewerRowsDo: true }
  const { model, release } = await models.borrow(record.id, need, tell, signal)
  try {
    const trials = await trialsOf(plan, model.withStopTokens(settings.sampling.stopTokens))
    const total = generations.count * generations.episodes + 2 * train.length + 2 * heldOut.length
    const played = new PlayedCount(total, tell)
    const options = {
      components: rows.components,
      width: dataSet.width,
      scales: rows.scales,
      longest: recipe.longest * rows.norm,
      seed: recipe.seed,
      population: generations.population,
    }
    const search = await searched(
      options,
      { plan, trials, played, count: generations.count, workspace },
      signal,
    )
    const { best, centre } = search
    const tried = await trials.try(
      [null, ...(normOfRow(centre) > 0 ? [centre] : [])],
      train,
      played.one,
      signal,
    )
    const [trainBaseline, ofCentre = null] = tried
    const isCentre = best === null || (ofCentre !== null && lossOf(ofCentre, recipe) <= best.loss)
    const chosen = isCentre ? centre : best.vector
    const trainSteered = isCentre ? ofCentre : (await trials.try([best.vector], train, () => {}, signal))[0]
    const [baseline, steered] = await trials.try([null, chosen], heldOut, played.one, signal)
    if (!trainBaseline || !trainSteered || !baseline || !steered)
      throw errors.vectorRefused({
        reasons: ['Under every direction that was tried the model gave no numbers.'],
      })
    const looks = countLook(workspace, plan)
    const effects = {
      train: learnedEffect(trainBaseline, trainSteered, recipe.seed),
      heldOut: learnedEffect(baseline, steered, recipe.seed),
    }
    return {
      vector: {
        name: recipe.name || `learned on ${train.length} objects, ${dataSet.name}`,
        origin: {
          kind: 'learned',
          recipe,
          dataSetHash: dataSet.hash,
          dataSetRecipe: dataSet.recipe,
          runId: plan.runId,
          objects: [...train, ...heldOut].map((episode) =>
            plan.world.environment.taskOf(episode, settings.seed),
          ),
          generations: search.generation,
          episodesPlayed: search.generation * generations.episodes,
          looks,
          ...effects,
        },
        model: { name: record.name, hash: record.hash },
        computeDtype: settings.computeDtype,
        width: chosen.length,
        rows: [{ hook, steps: null, norm: normOfRow(chosen) }],
        hash: hashOf(chosen),
        flags: flagsOfLearned({ ...effects, looks }, recipe.wanted),
        documents: [],
      },
      numbers: { data: chosen, shuffled: null },
    }
  } finally {
    release()
  }
}

function planned(recipe: LearnedRecipe, { workspace, models, worldOf }: LearningWorld): Plan {
  const wrong = (field: string, reason: string): Error => errors.invalidInput({ field, reason })
  const dataSet = workspace.dataSets.get(recipe.dataSetId)
  requireRuns(dataSet)
  const layer = recipe.layer ?? dataSet.layers[0]
  if (!dataSet.layers.includes(layer))
    throw wrong('layer', `the data set has no layer ${layer}; it has ${dataSet.layers.join(', ')}`)
  if (recipe.pooling && !dataSet.poolings.includes(recipe.pooling))
    throw wrong('pooling', `the data set has no ${recipe.pooling}; it has ${dataSet.poolings.join(', ')}`)
  const run = workspace.runs.get(dataSet.recipe.runIds[0])
  const ground = replayModel(run, models.list())
  if ('refusal' in ground) throw ground.refusal
  const { outcome, trainEpisodes, heldOutEpisodes } = recipe
  if (outcome.kind === 'hand' || outcome.kind === 'classes')
    throw wrong('outcome', 'it is counted in new steps: invalid, won, an environment’s label or a text')
  const settings: CollectSettings = { ...run.settings, modelId: ground.model.id, interventions: [] }
  const { environment, oracle } = settings
  if (environment.name === 'twenty_questions' && oracle.kind === 'human')
    throw wrong('dataSetId', 'its run was judged by a person, who would have to answer every trial')
  if (outcome.kind === 'invalid' && environment.name !== 'twenty_questions')
    throw wrong('outcome', `steps of ${environment.name} are never invalid; count “won” or one of its labels`)
  const world = worldOf(settings)
  const taskOf = (episode: number): string => world.environment.taskOf(episode, settings.seed)
  const train = Array.from({ length: trainEpisodes }, (_, episode) => episode)
  const heldOut = Array.from({ length: heldOutEpisodes }, (_, index) => trainEpisodes + index)
  const seen = new Set(train.map(taskOf))
  const again = heldOut.map(taskOf).find((task) => seen.has(task))
  if (again !== undefined)
    throw wrong(
      'heldOutEpisodes',
      `${trainEpisodes} + ${heldOutEpisodes} episodes have not as many objects: “${again}” would be held out and trained on`,
    )
  const hook = hookOf(dataSet.recipe.hook, layer)
  return { recipe, dataSet, model: ground.model, runId: run.id, settings, world, layer, hook, train, heldOut }
}

/** @throws invalid_input for a budget below one generation */
function generationsOf(
  { budget, trainEpisodes }: LearnedRecipe,
  size: number,
): { population: number; episodes: number; count: number } {
  const population = Math.max(4, 4 + Math.floor(3 * Math.log(size)))
  const episodes = population * trainEpisodes
  const count = Math.floor(budget / episodes)
  if (count < 1)
    throw errors.invalidInput({
      field: 'budget',
      reason: `one generation of ${population} candidates plays ${episodes} episodes`,
    })
  return { population, episodes, count }
}

interface Trials {
  /** Null is the model as it is. */
  try(
    vectors: readonly (Float32Array | null)[],
    episodes: readonly number[],
    onEpisode: () => void,
    signal: AbortSignal,
  ): Promise<(TrialEpisode[] | null)[]>
}

async function trialsOf(
  { recipe, model, settings, world, hook }: Plan,
  agent: TrialWorld['model'],
): Promise<Trials> {
  const files = await openModelFiles(model.path)
  const { computeDtype } = settings
  const trialWorld: TrialWorld = {
    settings,
    model: agent,
    environment: world.environment,
    outcome: recipe.outcome,
    lanes: settings.batch,
  }
  const planOf = (vector: Float32Array | null): Promise<PlannedIntervention[]> | PlannedIntervention[] => {
    if (!vector) return []
    const add = {
      kind: 'add',
      hook,
      ...placePositions(recipe.place),
      alpha: 1,
      vector: { values: [...vector] },
    }
    const list = parseSettings(interventionList, [add])
    return planForModel(list, files, { modelHash: model.hash, computeDtype, readRun: null })
  }
  return {
    async try(vectors, episodes, onEpisode, signal) {
      const candidates = await Promise.all(vectors.map(planOf))
      return tryDirections(candidates, episodes, trialWorld, onEpisode, signal)
    },
  }
}

interface Searching {
  plan: Plan
  trials: Trials
  played: PlayedCount
  /** Generations. */
  count: number
  workspace: Workspace
}

async function searched(
  options: ConstructorParameters<typeof DirectionSearch>[0],
  { plan, trials, played, count, workspace }: Searching,
  signal: AbortSignal,
): Promise<DirectionSearch> {
  const name = searchName(plan)
  const kept = workspace.searches.get(name, searchState)?.search
  // A smaller budget than before ends earlier.
  const search = new DirectionSearch(options, kept && kept.generation <= count ? kept : undefined)
  played.skip(search.generation * search.population * plan.train.length)
  while (search.generation < count) {
    const results = await trials.try(search.ask(), plan.train, played.one, signal)
    search.tell(results.map((episodes) => (episodes ? lossOf(episodes, plan.recipe) : NaN)))
    // A search that once had more time is not lost to one with less.
    if (!kept || search.generation > kept.generation) workspace.searches.put(name, { search: search.save() })
  }
  return search
}

const lossOf = (episodes: readonly TrialEpisode[], { wanted }: LearnedRecipe): number =>
  (wanted === 'down' ? 1 : -1) * (rateOf(episodes) ?? NaN)

/** Runs of the data set whose episodes are those that are held out, object and draws. */
const sameDraws = ({ dataSet, settings }: Plan, workspace: Workspace): string[] =>
  dataSet.recipe.runIds.filter((id) => workspace.runs.get(id).settings.seed === settings.seed)

/** All that a generation depends on; a larger budget goes on with the same search. */
function searchName({ recipe, dataSet, model, settings }: Plan): string {
  const { name: _, budget: _budget, ...searched } = recipe
  const ground = {
    searched,
    rows: dataSet.hash,
    weights: model.hash,
    settings: { ...settings, batch: 0, name: '' },
  }
  return createHash('sha256').update(JSON.stringify(ground)).digest('hex')
}

const looksState = z.object({
  looks: z.array(z.object({ recipe: z.string(), episodes: z.array(z.number()) })),
})

/** How many searches, this one among them, were judged on objects that it holds out; the same recipe looks once however often it is asked. */
function countLook(workspace: Workspace, { recipe, model, settings, heldOut }: Plan): number {
  const hashOfText = (value: object): string =>
    createHash('sha256').update(JSON.stringify(value)).digest('hex')
  const { name: _, ...asked } = recipe
  const ground = hashOfText({
    heldOutOf: { ...settings, batch: 0, name: '' },
    weights: model.hash,
  })
  const before = workspace.searches.get(ground, looksState)?.looks ?? []
  const own = { recipe: hashOfText(asked), episodes: heldOut }
  const looks = [...before.filter((look) => look.recipe !== own.recipe), own]
  workspace.searches.put(ground, { looks })
  return looks.filter(({ episodes }) => episodes.some((episode) => heldOut.includes(episode))).length
}

class PlayedCount {
  private readonly total: number
  private readonly tell: Tell
  private done = 0

  constructor(total: number, tell: Tell) {
    this.total = total
    this.tell = tell
  }

  readonly one = (): void => this.skip(1)

  skip(episodes: number): void {
    this.done += episodes
    this.tell({
      label: `Trying directions: ${this.done} of ${this.total} episodes`,
      fraction: Math.min(1, this.done / this.total),
    })
  }
}
