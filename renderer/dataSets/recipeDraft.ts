// The recipe of a data set as plain fields, and the way between them and the recipe.
// Owns: defaults, turning fields into a recipe, which field a fault belongs to. Not: the form (probes/probeForm.svelte.ts).
import {
  dataSetRecipe,
  type DataSetChoices,
  type DataSetRecipe,
  type LabelRule,
  type Pooling,
} from '../../main/contract/dataSets.ts'
import { readLayers } from '../runs/layerChoice.ts'
import { writeNumbers } from '../shared/numberWords.ts'

export interface RecipeDraft {
  runIds: string[]
  label: LabelRule['kind']
  /** Name of the environment's label, for `environment` and `classes`. */
  environmentLabel: string
  /** The value of class 1, as JSON. */
  equals: string
  textOf: 'completion' | 'prompt' | 'answer'
  contains: string
  ignoreCase: boolean
  handName: string
  hook: string
  /** Empty for all that is stored; `all`; or as layers are written. */
  layers: string
  poolings: Pooling[]
  lastK: number | null
  leaveOutSink: boolean
  firstStep: number | null
  /** Null up to the end. */
  lastStep: number | null
  tasks: string[]
  /** Titles of a sweep's conditions; empty for all runs. */
  conditions: string[]
  truncated: DataSetRecipe['filter']['truncated']
  replayMissing: boolean
}
export type RecipeField = keyof RecipeDraft
export type RecipeFaults = Partial<Record<RecipeField, string>>

export const newRecipe = (): RecipeDraft => ({
  runIds: [],
  label: 'invalid',
  environmentLabel: '',
  equals: 'true',
  textOf: 'completion',
  contains: '',
  ignoreCase: true,
  handName: '',
  hook: 'blocks.{layer}.hook_resid_post',
  layers: '',
  poolings: ['lastPrompt'],
  lastK: 5,
  leaveOutSink: true,
  firstStep: 0,
  lastStep: null,
  tasks: [],
  conditions: [],
  truncated: 'keep',
  replayMissing: false,
})

function labelFields(rule: LabelRule): Partial<RecipeDraft> {
  switch (rule.kind) {
    case 'environment':
      return { environmentLabel: rule.label, equals: JSON.stringify(rule.equals) }
    case 'classes':
      return { environmentLabel: rule.label }
    case 'text':
      return { textOf: rule.of, contains: rule.contains, ignoreCase: rule.ignoreCase }
    case 'hand':
      return { handName: rule.name }
    default:
      return {}
  }
}

/** The fields that make the same data set again. */
export function draftOfRecipe(recipe: DataSetRecipe): RecipeDraft {
  const { label, layers, filter } = recipe
  return {
    ...newRecipe(),
    ...labelFields(label),
    ...{ runIds: [...recipe.runIds], label: label.kind, hook: recipe.hook, poolings: [...recipe.poolings] },
    layers: layers === 'captured' ? '' : layers === 'all' ? 'all' : writeNumbers(layers),
    ...{ lastK: recipe.lastK, leaveOutSink: recipe.leaveOutSink, replayMissing: recipe.replayMissing },
    ...{ firstStep: filter.firstStep, lastStep: filter.lastStep },
    ...{ tasks: [...filter.tasks], conditions: [...filter.conditions], truncated: filter.truncated },
  }
}

function readEquals(text: string): string | number | boolean {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  } catch {
    // Typed as it is meant: a word.
  }
  return text
}

function labelOf(draft: RecipeDraft): unknown {
  const { label: kind, environmentLabel: label } = draft
  if (kind === 'environment') return { kind, label, equals: readEquals(draft.equals) }
  if (kind === 'classes') return { kind, label }
  if (kind === 'hand') return { kind, name: draft.handName }
  if (kind === 'text')
    return { kind, of: draft.textOf, contains: draft.contains, ignoreCase: draft.ignoreCase }
  return { kind }
}

const fields: Record<string, [RecipeField, string]> = {
  runIds: ['runIds', 'Choose at least one run.'],
  'label.label': ['environmentLabel', 'Choose a label of the environment.'],
  'label.contains': ['contains', 'Give the words to look for.'],
  'label.name': ['handName', 'Choose a set of labels.'],
  hook: ['hook', 'Choose where to read.'],
  poolings: ['poolings', 'Choose at least one pooling.'],
  lastK: ['lastK', 'A whole number from 1.'],
  'filter.firstStep': ['firstStep', 'A whole number from 0.'],
  'filter.lastStep': ['lastStep', 'A whole number from 0, or nothing.'],
}

export type CheckedRecipe =
  { recipe: DataSetRecipe; faults: RecipeFaults } | { recipe: null; faults: RecipeFaults }

/** The recipe that the fields make, or what is wrong with which of them. */
export function checkRecipe(draft: RecipeDraft, choices: DataSetChoices | null): CheckedRecipe {
  const faults: RecipeFaults = {}
  const text = draft.layers.trim().toLowerCase()
  const read = text === '' || text === 'all' ? null : readLayers(text, choices?.allLayers ?? null)
  if (read?.problem) faults.layers = read.problem
  if (read?.layers?.length === 0) faults.layers = 'Name at least one layer, or leave it empty.'
  const parsed = dataSetRecipe.safeParse({
    runIds: draft.runIds,
    label: labelOf(draft),
    hook: draft.hook,
    layers: text === '' ? 'captured' : text === 'all' ? 'all' : (read?.layers ?? [0]),
    poolings: draft.poolings,
    lastK: draft.lastK ?? (draft.poolings.includes('lastK') ? null : 5),
    leaveOutSink: draft.leaveOutSink,
    filter: {
      ...{ firstStep: draft.firstStep ?? 0, lastStep: draft.lastStep },
      ...{ tasks: draft.tasks, conditions: draft.conditions, truncated: draft.truncated },
    },
    replayMissing: draft.replayMissing,
  })
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path.filter((key) => typeof key === 'string').join('.')
    const [field, sentence] = fields[path] ?? (['runIds', issue.message] as const)
    faults[field] ??= sentence
  }
  if (draft.firstStep !== null && draft.lastStep !== null && draft.lastStep < draft.firstStep)
    faults.lastStep ??= 'The last step lies before the first.'
  const isRight = parsed.success && Object.keys(faults).length === 0
  return isRight ? { recipe: parsed.data, faults } : { recipe: null, faults }
}

/** Whether two recipes gather the same rows; names and whether a replay was allowed make no difference. */
export function isSameRecipe(a: DataSetRecipe, b: DataSetRecipe): boolean {
  const core = (recipe: DataSetRecipe): string =>
    JSON.stringify(dataSetRecipe.parse({ ...recipe, name: '', replayMissing: false }))
  return core(a) === core(b)
}
