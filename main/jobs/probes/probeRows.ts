// A data set as probes are judged on it.
// Owns: joining stored rows with their steps' facts, texts and vectors. Not: which rows (dataSets/) or what is learnt (analysis/probes/).
import type { PoolingChoice } from '../../analysis/poolings.ts'
import type { ProbeData, RivalActivations } from '../../analysis/probes/probeData.ts'
import type { DataSetRecord, Pooling, StepKey } from '../../contract/dataSets.ts'
import { errors } from '../../contract/errors.ts'
import type { StepFacts } from '../../store/stepFacts.ts'
import type { Workspace } from '../../store/workspace.ts'
import { labelledSteps } from '../dataSets/chosenSteps.ts'
import { isStored, readRows, StoredVectors, type SizedStep } from '../dataSets/pooledRows.ts'
import { hookOf, rivalHooks } from '../dataSets/recipeHooks.ts'
import { firstSeed } from '../forkedRuns.ts'
import { readRivalCell, type RivalFile } from './rivalFile.ts'

/** @throws data_set_run_gone */
export function requireRuns({ id, missingRuns }: DataSetRecord): void {
  if (missingRuns.length > 0) throw errors.dataSetRunGone({ id, runs: missingRuns })
}

export const choiceOf = ({ recipe }: Pick<DataSetRecord, 'recipe'>, pooling: Pooling): PoolingChoice => ({
  pooling,
  lastK: recipe.lastK,
  leaveOutSink: recipe.leaveOutSink,
})

const nameOf = ({ runId, episode, step }: StepKey): string => `${runId}/${episode}/${step}`

/** Rows of a data set with the sizes of their steps. @throws data_set_run_gone */
export function sizedRows(workspace: Workspace, dataSet: DataSetRecord): SizedStep[] {
  requireRuns(dataSet)
  const found = factsOfRows(workspace, dataSet, false)
  return workspace.dataSets.rows(dataSet.id).keys.map((key) => {
    const row = found.get(nameOf(key))
    if (!row) throw errors.dataSetRunGone({ id: dataSet.id, runs: [key.runId] })
    return { key, prompt: row.facts.promptTokens, generated: row.facts.completionTokens }
  })
}

/**
 * @param texts  false leaves prompts out, which are long: for checks
 * @throws not_found, data_set_run_gone, workspace_damaged
 */
export function probeDataOf(
  workspace: Workspace,
  dataSetId: string,
  {
    categories,
    texts = true,
    randomWeights = null,
  }: { categories: ReadonlyMap<string, string>; texts?: boolean; randomWeights?: RivalFile | null },
): ProbeData {
  const dataSet = workspace.dataSets.get(dataSetId)
  requireRuns(dataSet)
  const { recipe, classes, layers, poolings, width, hash } = dataSet
  const { keys, labels, earlierLabels } = workspace.dataSets.rows(dataSetId)
  const found = factsOfRows(workspace, dataSet, texts)
  const rows = keys.map((key) => {
    const row = found.get(nameOf(key))
    if (!row) throw errors.dataSetRunGone({ id: dataSetId, runs: [key.runId] })
    return row
  })
  const steps: SizedStep[] = keys.map((key, row) => {
    const { promptTokens: prompt, completionTokens: generated } = rows[row].facts
    return { key, prompt, generated }
  })
  const tasks = rows.map(({ facts }) => facts.task)
  return {
    hash,
    rows: keys.length,
    width,
    layers,
    poolings,
    read: (layer, pooling) =>
      readRows(workspace, steps, hookOf(recipe.hook, layer), choiceOf(dataSet, pooling)).data,
    classes,
    labels,
    keys,
    groups: groupsOf(workspace, keys, tasks),
    tasks,
    categories: tasks.some((task) => categories.has(task))
      ? tasks.map((task) => categories.get(task) ?? null)
      : null,
    prompts: rows.map(({ prompt }) => prompt),
    completions: rows.map(({ facts }) => facts.completion),
    promptTokens: Int32Array.from(rows, ({ facts }) => facts.promptTokens),
    completionTokens: Int32Array.from(rows, ({ facts }) => facts.completionTokens),
    earlierLabels: earlierLabels ?? presentEarlierLabels(workspace, dataSet, keys),
    areEarlierLabelsLive: earlierLabels === null && recipe.label.kind === 'hand',
    rivals: rivalsOf(workspace, dataSet, steps, randomWeights),
  }
}

/**
 * Episodes of several runs that share environment, task, seed and number are twins: the same object and the same random
 * numbers; so are an episode and its forks. They are one group, so that none is judged by a probe that has learnt from the other.
 */
function groupsOf(workspace: Workspace, keys: readonly StepKey[], tasks: readonly string[]): Int32Array {
  const runs = new Map(
    [...new Set(keys.map(({ runId }) => runId))].map((runId) => [runId, workspace.runs.get(runId)]),
  )
  const groups = new Map<string, number>()
  return Int32Array.from(keys, ({ runId, episode }, row) => {
    const run = runs.get(runId)!
    const { name: world } = run.settings.environment
    const name = JSON.stringify([world, tasks[row], firstSeed(run), episode])
    if (!groups.has(name)) groups.set(name, groups.size)
    return groups.get(name)!
  })
}

interface RowFacts {
  facts: StepFacts
  prompt: string
}

function factsOfRows(workspace: Workspace, { recipe }: DataSetRecord, texts: boolean): Map<string, RowFacts> {
  const found = new Map<string, RowFacts>()
  for (const runId of new Set(recipe.runIds)) {
    const prompts = texts ? workspace.stepFacts.prompts(runId) : null
    workspace.stepFacts.list(runId).forEach((facts, index) => {
      found.set(nameOf({ runId, ...facts }), { facts, prompt: prompts?.[index] ?? '' })
    })
  }
  return found
}

/** For data sets of schema 5 or before: from the labels as they are now. */
function presentEarlierLabels(
  workspace: Workspace,
  { recipe, classes }: DataSetRecord,
  keys: readonly StepKey[],
): number[][] {
  const indices = new Map(classes.map((name, index) => [name, index]))
  const found = new Map<string, number[]>()
  for (const runId of new Set(recipe.runIds))
    for (const { key, earlier } of labelledSteps(workspace, runId, recipe.label))
      found.set(
        nameOf(key),
        earlier.flatMap((name) => indices.get(name) ?? []),
      )
  return keys.map((key) => found.get(nameOf(key)) ?? [])
}

/** Of other hook points, where every row has them. */
function rivalsOf(
  workspace: Workspace,
  dataSet: DataSetRecord,
  steps: readonly SizedStep[],
  randomWeights: RivalFile | null,
): RivalActivations[] {
  const stored = new StoredVectors(workspace)
  const ownHooks = (['embedding', 'firstLayer'] as const).map((kind): RivalActivations => ({
    kind,
    read(_layer, pooling) {
      const hook = rivalHooks[kind]
      const choice = choiceOf(dataSet, pooling)
      return steps.every((step) => isStored(stored, step, hook, choice))
        ? readRows(workspace, steps, hook, choice).data
        : null
    },
  }))
  return [
    ...ownHooks,
    {
      kind: 'randomWeights',
      read: (layer, pooling) => randomWeights && readRivalCell(randomWeights, layer, pooling),
    },
  ]
}
