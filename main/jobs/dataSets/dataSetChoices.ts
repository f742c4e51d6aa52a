// What a form may offer for a data set over some runs.
// Owns: collecting labels, tasks, hook points and layers that there are. Not: checking a recipe (survey.ts).
import type { DataSetChoices } from '../../contract/dataSets.ts'
import { pooling } from '../../contract/dataSets.ts'
import { decisionPoints } from '../../store/activations.ts'
import type { Workspace } from '../../store/workspace.ts'
import { pointsOfPooling } from '../../analysis/poolings.ts'
import { commonHooks } from './survey.ts'

type LabelValue = DataSetChoices['environmentLabels'][number]['values'][number]

const MOST_VALUES = 50
const layerName = /\.(\d+)\./

/** @throws not_found for a run that is not there */
export function dataSetChoicesOf(
  workspace: Workspace,
  runIds: readonly string[],
  categories: ReadonlyMap<string, string>,
): DataSetChoices {
  const runs = [...new Set(runIds)].map((id) => workspace.runs.get(id))
  const facts = runs.flatMap(({ id }) => workspace.stepFacts.list(id))
  const labels = new Map<string, Set<LabelValue>>()
  const tasks = new Map<string, number>()
  let lastStep = 0
  for (const step of facts) {
    tasks.set(step.task, (tasks.get(step.task) ?? 0) + 1)
    lastStep = Math.max(lastStep, step.step)
    for (const [name, value] of Object.entries(step.labels)) {
      const values = labels.get(name) ?? new Set()
      if (value !== null && values.size < MOST_VALUES) values.add(value)
      labels.set(name, values)
    }
  }
  const hooks = commonHooks(workspace, runs)
  const shapes = workspace.models
    .list()
    .filter(({ hash }) => runs.some(({ manifest }) => manifest.modelHash === hash))
    .map(({ shape }) => shape.layers)
  return {
    environmentLabels: [...labels].map(([label, values]) => ({ label, values: [...values] })),
    tasks: [...tasks].map(([task, steps]) => ({ task, category: categories.get(task) ?? null, steps })),
    hooks: [...new Set(hooks.map((hook) => hook.replace(layerName, '.{layer}.')))],
    layers: hooks
      .flatMap((hook) =>
        /^blocks\.\d+\.hook_resid_post$/.test(hook) ? [Number(hook.match(layerName)![1])] : [],
      )
      .sort((one, other) => one - other),
    allLayers: shapes.length > 0 ? Math.min(...shapes) : null,
    // A run that stored every position can answer all of them.
    poolings: runs.every(({ settings }) => settings.capture.positions === 'all')
      ? [...pooling.options]
      : pooling.options.filter((each) =>
          pointsOfPooling({ pooling: each, lastK: 5, leaveOutSink: true }).every((point) =>
            (decisionPoints as readonly string[]).includes(point),
          ),
        ),
    lastStep,
    conditions: [...new Set(runs.flatMap(({ sweep }) => sweep?.title ?? []))],
    handLabels: [...new Set(runs.flatMap(({ id }) => workspace.handLabels.list(id).map(({ name }) => name)))],
  }
}
