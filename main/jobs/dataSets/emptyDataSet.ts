// Why a recipe leaves no step, and what there is instead.
// Owns: telling filter from label, and the words. Not: choosing steps (chosenSteps.ts).
import type { DataSetRecipe } from '../../contract/dataSets.ts'
import type { StepFacts } from '../../store/stepFacts.ts'
import type { Workspace } from '../../store/workspace.ts'
import { filterParts, labelledSteps, passes } from './chosenSteps.ts'

const MOST_NAMED = 8

function listed(names: Iterable<string>): string {
  const all = [...new Set(names)]
  if (all.length === 0) return 'none'
  const rest = all.length - MOST_NAMED
  return all.slice(0, MOST_NAMED).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

interface Step {
  facts: StepFacts
  condition: string | null
}

/** @returns a sentence without a full stop, for a recipe that no step is left of */
export function whyNothingIsLeft(workspace: Workspace, recipe: DataSetRecipe): string {
  const runs = [...new Set(recipe.runIds)].map((id) => workspace.runs.get(id))
  const steps = runs.flatMap(({ id, sweep }) =>
    workspace.stepFacts.list(id).map((facts): Step => ({ facts, condition: sweep?.title ?? null })),
  )
  if (steps.length === 0) return 'there are no steps yet'
  const { filter } = recipe
  const passing = steps.filter(({ facts, condition }) => passes(filter, facts, condition)).length
  if (passing === 0) return whyFiltered(recipe, steps)
  const labelled = runs.reduce(
    (sum, { id }) => sum + [...labelledSteps(workspace, id, recipe.label)].length,
    0,
  )
  if (labelled === 0) return whyUnlabelled(workspace, recipe, steps)
  return `${passing} pass the filter and ${labelled} have the label, but no step both with a token for the pooling`
}

function whyFiltered({ filter }: DataSetRecipe, steps: readonly Step[]): string {
  const indices = steps.map(({ facts }) => facts.step)
  const range = `${indices.reduce((a, b) => Math.min(a, b))} to ${indices.reduce((a, b) => Math.max(a, b))}`
  const asked = `${filter.firstStep} to ${filter.lastStep ?? 'the last'}`
  const words: Record<keyof typeof filterParts, string> = {
    steps: `the filter keeps steps ${asked}, and there are ${range}`,
    tasks: `the filter keeps ${listed(filter.tasks)}, and there are ${listed(steps.map(({ facts }) => facts.task))}`,
    truncated:
      filter.truncated === 'only'
        ? 'the filter keeps steps that lost their oldest turns, and none did'
        : 'the filter leaves out steps that lost their oldest turns, and all did',
    conditions: `the filter keeps the conditions ${listed(filter.conditions)}, and there are ${listed(
      steps.flatMap(({ condition }) => condition ?? []),
    )}`,
  }
  const parts = Object.keys(words) as (keyof typeof filterParts)[]
  const alone = parts.filter((part) =>
    steps.every(({ facts, condition }) => !filterParts[part](filter, facts, condition)),
  )
  return alone.length > 0
    ? alone.map((part) => words[part]).join('; ')
    : 'each part of the filter leaves some, and together they leave none'
}

function whyUnlabelled(
  workspace: Workspace,
  { label, runIds }: DataSetRecipe,
  steps: readonly Step[],
): string {
  switch (label.kind) {
    case 'hand': {
      const sets = runIds.flatMap((id) => workspace.handLabels.list(id).map(({ name }) => name))
      return `no step has a label of the set “${label.name}”, and there are ${listed(sets)}`
    }
    case 'environment':
    case 'classes': {
      const labels = steps.flatMap(({ facts }) => Object.keys(facts.labels))
      return `no step has the environment's label “${label.label}”, and there are ${listed(labels)}`
    }
    default:
      return 'no episode has ended, and the label is known at its end'
  }
}
