// Which stored steps a recipe names, and with which labels.
// Owns: filters, the rows' order, labels of the steps before each row. Not: what a label is (stepLabels.ts) or activations (pooledRows.ts).
import { poolingWeights } from '../../analysis/poolings.ts'
import type { DataSetRecipe, LabelRule, StepFilter, StepKey } from '../../contract/dataSets.ts'
import type { StepFacts } from '../../store/stepFacts.ts'
import type { Workspace } from '../../store/workspace.ts'
import { classesOfRule, classOfStep, orderedClasses, type LabelledFacts } from './stepLabels.ts'

/** N rows, ordered by the recipe's runs, then episode, then step. */
export interface ChosenSteps {
  keys: StepKey[]
  facts: StepFacts[]
  classes: string[]
  /** Index into `classes` */
  labels: Int32Array
  /** Labels of all earlier steps of the row's episode, filtered ones included; none for a label that only the episode's end gives. */
  earlierLabels: number[][]
}

/**
 * The rows of a recipe as the workspace is now.
 * @throws not_found for a run that is not there, invalid_input for a label of too many values, workspace_damaged
 */
export function chooseSteps(workspace: Workspace, recipe: DataSetRecipe): ChosenSteps {
  const { label, filter } = recipe
  const kept: LabelledStep[] = []
  for (const runId of new Set(recipe.runIds)) {
    const condition = workspace.runs.get(runId).sweep?.title ?? null
    for (const step of labelledSteps(workspace, runId, label))
      if (passes(filter, step.facts, condition) && hasVectors(step.facts, recipe)) kept.push(step)
  }
  const classes = classesOfRule(label) ?? orderedClasses(kept.map(({ name }) => name))
  const indices = new Map(classes.map((name, index) => [name, index]))
  return {
    keys: kept.map(({ key }) => key),
    facts: kept.map(({ facts }) => facts),
    classes,
    labels: Int32Array.from(kept, ({ name }) => indices.get(name)!),
    // A class of steps that the filter left out altogether has no index.
    earlierLabels: kept.map(({ earlier }) => earlier.flatMap((name) => indices.get(name) ?? [])),
  }
}

/** A step that has a class. */
export interface LabelledStep {
  key: StepKey
  facts: StepFacts
  /** The class's name. */
  name: string
  /** Classes of the episode's earlier steps; none for a label that only the episode's end gives. */
  earlier: readonly string[]
}

/** Every step of a run that the rule can label, ordered by episode, then step. */
export function* labelledSteps(
  workspace: Workspace,
  runId: string,
  label: LabelRule,
): Generator<LabelledStep> {
  let before: { episode: number; names: string[] } = { episode: -1, names: [] }
  for (const facts of factsOf(workspace, runId, label)) {
    const { episode, step } = facts
    if (episode !== before.episode) before = { episode, names: [] }
    const name = classOfStep(label, facts)
    if (name === null) continue
    const earlier = label.kind === 'won' ? [] : [...before.names]
    yield { key: { runId, episode, step }, facts, name, earlier }
    before.names.push(name)
  }
}

function factsOf(workspace: Workspace, runId: string, label: LabelRule): LabelledFacts[] {
  const prompts = label.kind === 'text' && label.of === 'prompt' ? workspace.stepFacts.prompts(runId) : null
  const hand = new Map(
    label.kind === 'hand'
      ? workspace.handLabels
          .list(runId)
          .filter(({ name }) => name === label.name)
          .map((given) => [`${given.episode}/${given.step}`, given.label])
      : [],
  )
  return workspace.stepFacts.list(runId).map((facts, index) => ({
    ...facts,
    prompt: prompts?.[index] ?? null,
    hand: hand.get(`${facts.episode}/${facts.step}`) ?? null,
  }))
}

/** Titles have a true minus, keyboards and sweeps of before a hyphen. */
const plainMinus = (title: string): string => title.replace('−', '-')

/** A filter's parts, by each of which a step may fail; a run's condition is a title within its sweep, null for a run of its own. */
export const filterParts: Record<
  'steps' | 'tasks' | 'truncated' | 'conditions',
  (filter: StepFilter, facts: StepFacts, condition: string | null) => boolean
> = {
  steps: ({ firstStep, lastStep }, { step }) => step >= firstStep && (lastStep === null || step <= lastStep),
  tasks: ({ tasks }, { task }) => tasks.length === 0 || tasks.includes(task),
  truncated: ({ truncated }, { droppedTurns }) =>
    truncated === 'keep' || (truncated === 'only') === droppedTurns > 0,
  conditions: ({ conditions }, _facts, condition) =>
    conditions.length === 0 ||
    (condition !== null && conditions.some((title) => plainMinus(title) === plainMinus(condition))),
}

export const passes = (filter: StepFilter, facts: StepFacts, condition: string | null): boolean =>
  Object.values(filterParts).every((isPassed) => isPassed(filter, facts, condition))

/** A prompt of one token has no mean without the sink. */
const hasVectors = ({ promptTokens, completionTokens }: StepFacts, recipe: DataSetRecipe): boolean =>
  recipe.poolings.every(
    (pooling) =>
      poolingWeights({ ...recipe, pooling }, { prompt: promptTokens, generated: completionTokens }) !== null,
  )
