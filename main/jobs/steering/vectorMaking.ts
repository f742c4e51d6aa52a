// Vectors from what a workspace has: classes of a data set, probes, lists of prompts.
// Owns: checking a recipe, and turning what is found into a record of the library. Not: the mathematics (analysis/steering/) or its
// thread (steeringTasks.ts).
import { createHash } from 'node:crypto'
import { contrastSettings, type ContrastSettings, type VectorReport } from '../../contract/contrasts.ts'
import type { DataSetRecord } from '../../contract/dataSets.ts'
import { errors } from '../../contract/errors.ts'
import type { VectorRecipe, VectorRow } from '../../contract/vectors.ts'
import type { NewVector, VectorNumbers } from '../../store/vectors.ts'
import type { Workspace } from '../../store/workspace.ts'
import { hookOf } from '../dataSets/recipeHooks.ts'
import { requireRuns } from '../probes/probeRows.ts'
import { runSteeringTask, type ContrastAtHook } from './steeringTasks.ts'

type ContrastRecipe = Extract<VectorRecipe, { kind: 'contrast' }>
type ProbeRecipe = Extract<VectorRecipe, { kind: 'probe' }>

export interface MadeVector {
  vector: NewVector
  numbers: VectorNumbers
}

/**
 * Between two classes of a data set's rows; a row for each layer, and for each step where the settings say so.
 * @throws not_found, data_set_run_gone, invalid_input, vector_refused; the signal's reason
 */
export async function contrastVector(
  workspace: Workspace,
  recipe: ContrastRecipe,
  signal: AbortSignal,
): Promise<MadeVector> {
  const dataSet = workspace.dataSets.get(recipe.dataSetId)
  requireRuns(dataSet)
  const { away, towards } = classesOf(recipe, dataSet)
  const layers = recipe.layers ?? dataSet.layers
  const missing = layers.find((layer) => !dataSet.layers.includes(layer))
  if (missing !== undefined)
    throw wrong('layers', `the data set has no layer ${missing}; it has ${dataSet.layers.join(', ')}`)
  const pooling = recipe.pooling ?? dataSet.poolings[0]
  if (!dataSet.poolings.includes(pooling))
    throw wrong('pooling', `the data set has no ${pooling}; it has ${dataSet.poolings.join(', ')}`)
  if (dataSet.models.length !== 1)
    throw wrong('dataSetId', 'its rows are of several models: their activations share no directions')
  const settings = { ...recipe.settings, towards: 1 as const }
  const found = await runSteeringTask(
    {
      kind: 'contrast',
      workspaceFolder: workspace.folder,
      dataSetId: dataSet.id,
      layers,
      pooling,
      away,
      towards,
      settings,
    },
    signal,
  )
  const { classes, hash: dataSetHash, recipe: dataSetRecipe, models } = dataSet
  const [awayName, towardsName] = [classes[away], classes[towards]]
  const { computeDtype } = workspace.runs.get(dataSet.recipe.runIds[0]).settings
  const made = madeFrom(found, {
    name:
      recipe.name || `${awayName} → ${towardsName}, ${methodWords(settings)}, ${dataSet.name}`.slice(0, 200),
    origin: {
      kind: 'contrast',
      recipe,
      dataSetHash,
      dataSetRecipe,
      away: awayName,
      towards: towardsName,
    },
    model: models[0],
    computeDtype,
  })
  const repeated = repeatedWords(
    found[0].document.episodes,
    episodesOf(workspace, dataSet.id, [away, towards]),
  )
  return {
    ...made,
    vector: { ...made.vector, flags: [...made.vector.flags, ...repeated] },
  }
}

/** Stored episodes that have a row of the classes. */
function episodesOf(workspace: Workspace, dataSetId: string, classes: readonly number[]): number {
  const { keys, labels } = workspace.dataSets.rows(dataSetId)
  const own = keys.filter((_, row) => classes.includes(labels[row]))
  return new Set(own.map(({ runId, episode }) => `${runId}/${episode}`)).size
}

/** What the reports count are objects, see contrastData.ts. */
const repeatedWords = (objects: number, episodes: number): string[] =>
  objects === episodes
    ? []
    : [
        `Its ${episodes} episodes are of ${objects} ${objects === 1 ? 'object' : 'objects'}: what is told of it in episodes counts objects, since those of one object are not independent.`,
      ]

const kindNames: Record<ContrastSettings['kind'], string> = {
  meanDifference: 'mean difference',
  whitened: 'whitened',
  pairedComponent: 'component of pairs',
}

/** What tells vectors of the same rows apart. */
function methodWords({ kind, scope }: Pick<ContrastSettings, 'kind' | 'scope'>): string {
  switch (scope.kind) {
    case 'pooled':
      return `${kindNames[kind]} of all steps`
    case 'perStep':
      return `${kindNames[kind]} of each step`
    case 'windows':
      return `${kindNames[kind]} of every ${scope.size} steps`
  }
}

/** Where a label is `invalid`, a vector leads away from it, as upstream's does. */
function classesOf(
  { towards: to, away: from }: ContrastRecipe,
  { classes, recipe: { label } }: DataSetRecord,
): { away: number; towards: number } {
  const place = (name: string, field: string): number => {
    const found = classes.indexOf(name)
    if (found < 0) throw wrong(field, `the data set has no class “${name}”; it has ${classes.join(', ')}`)
    return found
  }
  if (classes.length !== 2 && (to === undefined || from === undefined))
    throw wrong('towards', `name two of the classes ${classes.join(', ')}: towards and away`)
  const named = label.kind === 'invalid' ? 0 : 1
  const towards =
    to !== undefined ? place(to, 'towards') : from !== undefined ? 1 - place(from, 'away') : named
  const away = from !== undefined ? place(from, 'away') : 1 - towards
  if (away === towards) throw wrong('away', `a vector from “${classes[away]}” to itself is none`)
  return { away, towards }
}

const wrong = (field: string, reason: string): Error => errors.invalidInput({ field, reason })

type Facts = Pick<NewVector, 'name' | 'origin' | 'model' | 'computeDtype'>

/**
 * What was found as a record: rows that hold, flags of all.
 * @throws vector_refused where nothing holds
 */
export function madeFrom(found: readonly ContrastAtHook[], facts: Facts): MadeVector {
  const rows: VectorRow[] = []
  const kept: Float32Array[] = []
  const shuffled: (Float32Array | null)[] = []
  for (const { hook, document, vectors, shuffled: controls } of found)
    vectors.forEach((vector, index) => {
      if (!vector) return
      const norm = normOfRow(vector)
      rows.push({ hook, steps: stepsOf(document.settings.scope.kind, document.vectors[index]), norm })
      kept.push(vector)
      shuffled.push(controls[index])
    })
  const flags = flagsOf(found)
  if (rows.length === 0) throw errors.vectorRefused({ reasons: flags })
  const width = kept[0].length
  const data = joined(kept, width)
  return {
    vector: {
      ...facts,
      width,
      rows,
      hash: hashOf(data),
      flags,
      documents: found.map(({ hook, document }) => ({ hook, document })),
    },
    numbers: {
      data,
      shuffled: shuffled.every((row) => row !== null) ? joined(shuffled, width) : null,
    },
  }
}

/** Rows of imported runs name their model, not its weights: such a vector may steer any model of its width. */
export function ofKnownWeights({ vector, numbers }: MadeVector): MadeVector {
  if (vector.model?.hash !== '') return { vector, numbers }
  const flag = `Its rows were imported and say no more of their model than its name, ${vector.model.name}: steer the same.`
  return { vector: { ...vector, model: null, flags: [...vector.flags, flag] }, numbers }
}

const stepsOf = (scope: string, { firstStep, lastStep }: VectorReport): VectorRow['steps'] =>
  scope === 'pooled' ? null : [firstStep, lastStep]

/** Sentences, each once, with where it holds where that is not everywhere. */
function flagsOf(found: readonly ContrastAtHook[]): string[] {
  const places = new Map<string, string[]>()
  let count = 0
  for (const { hook, document } of found)
    for (const { flags, firstStep, lastStep } of document.vectors) {
      count++
      const steps = firstStep === lastStep ? `step ${firstStep}` : `steps ${firstStep} to ${lastStep}`
      const place = found.length > 1 ? `${hook}, ${steps}` : steps
      for (const { text } of flags) places.set(text, [...(places.get(text) ?? []), place])
    }
  return [...places].map(([text, at]) =>
    at.length === count
      ? text
      : `${at.length > 4 ? `${at.length} of ${count} vectors` : at.join('; ')}: ${text}`,
  )
}

export function joined(rows: readonly Float32Array[], width: number): Float32Array {
  const data = new Float32Array(rows.length * width)
  rows.forEach((row, index) => data.set(row, index * width))
  return data
}

export const hashOf = (data: Float32Array | Uint8Array): string =>
  createHash('sha256')
    .update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    .digest('hex')

export const normOfRow = (row: Float32Array): number =>
  Math.sqrt(row.reduce((sum, value) => sum + value * value, 0))

/** A linear probe's direction at length 1. @throws not_found, probe_not_done, probe_not_linear */
export function probeVector(workspace: Workspace, recipe: ProbeRecipe): MadeVector {
  const { probeId: id } = recipe
  const { name, status, settings } = workspace.probes.get(id)
  const document = workspace.probes.document(id)
  if (!document) throw errors.probeNotDone({ id, status })
  if (document.coefficients.length !== 1)
    throw errors.probeNotLinear({ id, estimator: settings.estimator.kind })
  const { recipe: dataSetRecipe, models } = workspace.probes.origin(id)
  const direction = Float32Array.from(document.coefficients[0])
  const norm = normOfRow(direction)
  if (!(norm > 0) || !Number.isFinite(norm))
    throw errors.vectorRefused({ reasons: ['The probe’s coefficients have no direction.'] })
  const data = direction.map((value) => value / norm)
  const run = workspace.runs.list().find(({ id: known }) => dataSetRecipe.runIds.includes(known))
  const towards = document.data.classes[1]
  return {
    vector: {
      name: recipe.name || `towards ${towards}, probe ${name}`,
      origin: { kind: 'probe', recipe, towards },
      model: models.length === 1 ? models[0] : null,
      computeDtype: run?.settings.computeDtype ?? null,
      width: data.length,
      rows: [{ hook: hookOf(dataSetRecipe.hook, document.layer), steps: null, norm: 1 }],
      hash: hashOf(data),
      flags: [
        'A probe’s direction tells classes apart; that the model uses it is not said by that. Its length is 1: give α in units of the residual’s norm.',
      ],
      documents: [],
    },
    numbers: { data, shuffled: null },
  }
}

/** Settings of a contrast without steps. */
export const pooledSettings = (settings: object) =>
  contrastSettings.parse({ ...settings, scope: { kind: 'pooled' }, towards: 1 })
