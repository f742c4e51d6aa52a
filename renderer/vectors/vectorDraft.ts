// A vector to be made as plain fields, and the way between them and its recipe.
// Owns: defaults, turning fields into a recipe, which field a fault belongs to. Not: the form (vectorForm.svelte.ts).
import type { ContrastSettings } from '../../main/contract/contrasts.ts'
import { pooling as poolings, type LabelRule, type Pooling } from '../../main/contract/dataSets.ts'
import type { ComputeDtype } from '../../main/contract/models.ts'
import { vectorRecipe, type VectorRecipe } from '../../main/contract/vectors.ts'
import { readLayers } from '../runs/layerChoice.ts'
import type { MethodChoice } from './vectorText.ts'
import { emptyPair, filledPairs, type PromptPair } from './promptPairs.ts'

/** A number field that was emptied holds null. */
type NumberField = number | null

export const vectorSources = ['run', 'dataSet', 'probe', 'prompts', 'file'] as const
export type VectorSource = (typeof vectorSources)[number]

export interface VectorDraft {
  source: VectorSource
  name: string
  /** `learned` searches for what lowers or raises an outcome, instead of telling classes apart. */
  method: MethodChoice
  scope: ContrastSettings['scope']['kind']
  windowSize: NumberField
  /** Names of classes; empty leaves them to the engine. */
  towards: string
  away: string
  leastPerClass: NumberField
  isAutoShrunk: boolean
  shrinkage: NumberField
  splits: NumberField
  shuffles: NumberField
  seed: NumberField
  /** Of what is learned. */
  components: NumberField
  /** In percent of the residual's norm. */
  longest: NumberField
  place: 'lastPrompt' | 'allPrompt' | 'everyGenerated' | 'all'
  wanted: 'down' | 'up'
  trainEpisodes: NumberField
  heldOutEpisodes: NumberField
  budget: NumberField
  /** Of a data set that is there: which of its layers (empty for all) and poolings (empty for its first). */
  dataSetId: string
  layers: string
  pooling: Pooling | ''
  probeId: string
  modelId: string
  computeDtype: ComputeDtype
  pairs: PromptPair[]
  form: 'chat' | 'text'
  at: 'lastPrompt' | 'meanPrompt'
  promptLayers: string
}
export type VectorField = keyof VectorDraft | 'recipe'
export type VectorFaults = Partial<Record<VectorField, string>>

export const newVectorDraft = (): VectorDraft => ({
  source: 'run',
  name: '',
  method: 'meanDifference',
  scope: 'pooled',
  windowSize: 5,
  towards: '',
  away: '',
  leastPerClass: 5,
  isAutoShrunk: true,
  shrinkage: 0.1,
  splits: 200,
  shuffles: 200,
  seed: 42,
  components: 8,
  longest: 50,
  place: 'lastPrompt',
  wanted: 'down',
  trainEpisodes: 12,
  heldOutEpisodes: 20,
  budget: 600,
  dataSetId: '',
  layers: '',
  pooling: '',
  probeId: '',
  modelId: '',
  computeDtype: 'float32',
  pairs: [emptyPair(), emptyPair(), emptyPair()],
  form: 'chat',
  at: 'lastPrompt',
  promptLayers: 'middle',
})

const settingsOf = (draft: VectorDraft): object => ({
  // Nothing is learned from prompts: the plain difference stands in.
  kind: draft.method === 'learned' ? 'meanDifference' : draft.method,
  scope: draft.scope === 'windows' ? { kind: 'windows', size: draft.windowSize } : { kind: draft.scope },
  leastPerClass: draft.leastPerClass,
  shrinkage: draft.isAutoShrunk ? 'auto' : draft.shrinkage,
  splits: draft.splits,
  shuffles: draft.shuffles,
  seed: draft.seed,
})

/** What a contrast is made of beside its data set; a null stands for a field that is wrong. */
export interface Ground {
  /** Of the data set to be made or chosen; null where there is none. */
  dataSetId: string | null
  dataSetLayers: readonly number[] | null
  modelLayers: number | null
  /** What is counted where a direction is learned. */
  label: LabelRule | null
}

function contrastOf(draft: VectorDraft, ground: Ground, faults: VectorFaults): unknown {
  const { source, towards, away, pooling } = draft
  if (source === 'dataSet' && draft.dataSetId === '') faults.dataSetId = 'Choose a data set.'
  const text = source === 'dataSet' ? draft.layers.trim() : ''
  const read = text === '' ? null : readLayers(text, null)
  if (read?.problem) faults.layers = read.problem
  const layers = read?.layers
  const missing = layers?.find((layer) => ground.dataSetLayers && !ground.dataSetLayers.includes(layer))
  if (missing !== undefined)
    faults.layers = `The data set has no layer ${missing}; it has ${ground.dataSetLayers?.join(', ')}.`
  if (towards !== '' && towards === away) faults.away = 'A vector from a class to itself is none.'
  return {
    kind: 'contrast',
    name: draft.name.trim(),
    dataSetId: source === 'dataSet' ? draft.dataSetId : (ground.dataSetId ?? ''),
    ...(layers?.length ? { layers } : {}),
    ...(source === 'dataSet' && pooling !== '' ? { pooling } : {}),
    ...(towards === '' ? {} : { towards }),
    ...(away === '' ? {} : { away }),
    settings: settingsOf(draft),
  }
}

/** What is searched for by what it does to episodes: the label is what is counted in them. */
function learnedOf(draft: VectorDraft, ground: Ground, faults: VectorFaults): unknown {
  const { layers, pooling, dataSetId } = contrastOf(draft, ground, faults) as {
    layers?: number[]
    pooling?: Pooling
    dataSetId: string
  }
  if (layers && layers.length > 1) faults.layers = 'A direction is learned at one layer.'
  const { label } = ground
  if (label?.kind === 'hand' || label?.kind === 'classes')
    faults.method = 'Labels by hand and classes cannot be counted in new episodes: choose another label.'
  return {
    kind: 'learned',
    ...{ name: draft.name.trim(), dataSetId },
    ...(layers ? { layer: layers[0] } : {}),
    ...(pooling ? { pooling } : {}),
    components: draft.components,
    longest: draft.longest === null ? null : draft.longest / 100,
    place: { kind: draft.place },
    ...(label ? { outcome: label } : {}),
    ...{ wanted: draft.wanted, trainEpisodes: draft.trainEpisodes },
    ...{ heldOutEpisodes: draft.heldOutEpisodes, budget: draft.budget, seed: draft.seed },
  }
}

function promptsOf(draft: VectorDraft, ground: Ground, faults: VectorFaults): unknown {
  const { pairs, halves } = filledPairs(draft.pairs)
  if (pairs.length === 0) faults.pairs = 'Give at least one pair of prompts.'
  else if (halves > 0)
    faults.pairs = `${halves === 1 ? 'One pair lacks' : `${halves} pairs lack`} one of its two prompts.`
  else if (pairs.length < (draft.leastPerClass ?? 0))
    faults.pairs = `${pairs.length} of at least ${draft.leastPerClass} pairs. Give more, or lower the least number of rows.`
  if (draft.modelId === '') faults.modelId = 'Choose a model that reads them.'
  const { layers, problem } = readLayers(draft.promptLayers, ground.modelLayers)
  if (problem !== null) faults.promptLayers = problem
  else if (layers.length === 0) faults.promptLayers = 'Name at least one layer.'
  const { scope: _, ...settings } = settingsOf(draft) as Record<string, unknown>
  return {
    kind: 'prompts',
    name: draft.name.trim(),
    ...{ modelId: draft.modelId, computeDtype: draft.computeDtype, pairs, form: draft.form, at: draft.at },
    layers: layers ?? [],
    settings,
  }
}

const fields: Record<string, [VectorField, string]> = {
  name: ['name', 'At most 200 letters.'],
  'settings.scope.size': ['windowSize', 'A whole number from 1.'],
  'settings.leastPerClass': ['leastPerClass', 'A whole number from 1.'],
  'settings.shrinkage': ['shrinkage', 'A number above 0, up to 1.'],
  'settings.splits': ['splits', 'A whole number from 10 to 10,000.'],
  'settings.shuffles': ['shuffles', 'A whole number from 20 to 10,000.'],
  'settings.seed': ['seed', 'A whole number from 0.'],
  dataSetId: ['dataSetId', 'Choose a data set.'],
  probeId: ['probeId', 'Choose a probe.'],
  pairs: ['pairs', 'Give at least one pair of prompts.'],
  modelId: ['modelId', 'Choose a model that reads them.'],
  layers: ['promptLayers', 'Name at least one layer.'],
  components: ['components', 'A whole number from 1 to 64.'],
  longest: ['longest', 'A number above 0, up to 1000.'],
  trainEpisodes: ['trainEpisodes', 'A whole number from 2 to 1000.'],
  heldOutEpisodes: ['heldOutEpisodes', 'A whole number from 2 to 1000.'],
  budget: ['budget', 'A whole number from 8.'],
  seed: ['seed', 'A whole number from 0.'],
}

/** The recipe that the fields make, or what is wrong with which of them; a file needs none. */
export function checkVector(
  draft: VectorDraft,
  ground: Ground,
): { recipe: VectorRecipe | null; faults: VectorFaults } {
  const faults: VectorFaults = {}
  if (draft.source === 'file') return { recipe: null, faults }
  const given =
    draft.source === 'probe'
      ? { kind: 'probe', name: draft.name.trim(), probeId: draft.probeId }
      : draft.source === 'prompts'
        ? promptsOf(draft, ground, faults)
        : draft.method === 'learned'
          ? learnedOf(draft, ground, faults)
          : contrastOf(draft, ground, faults)
  const parsed = vectorRecipe.safeParse(given)
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path.filter((key) => typeof key === 'string').join('.')
    const [field, sentence] = fields[path] ?? (['recipe', issue.message] as const)
    faults[field] ??= sentence
  }
  const isRight = parsed.success && Object.keys(faults).length === 0
  return { recipe: isRight ? parsed.data : null, faults }
}

export const isPooling = (text: string): text is Pooling =>
  (poolings.options as readonly string[]).includes(text)
