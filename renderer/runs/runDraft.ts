// The new-run form as plain fields, and the way between them and a run's settings.
// Owns: defaults, presets, turning fields into settings, and which field a fault belongs to. Not: the form (runForm.svelte.ts).
import type * as z from 'zod'
import type { ComputeDevice } from '../../main/contract/devices.ts'
import type { ComputeDtype } from '../../main/contract/models.ts'
import { collectSettings, type CollectInput, type CollectSettings } from '../../main/contract/runs.ts'
import type { ErrorReport } from '../../main/contract/errors.ts'
import type { InterventionSetting } from '../../main/contract/interventions.ts'
import { checkInterventions, writeItems } from '../interventions/interventionDraft.ts'
import { isAddress } from '../shared/isAddress.ts'
import { writeNumbers } from '../shared/numberWords.ts'
import { hooksOf, otherHooks, readLayers } from './layerChoice.ts'
import { layersOf } from './runText.ts'
import { selectionFault } from './selectionChoice.ts'

/** A number field that was emptied holds null. */
type NumberField = number | null

export interface RunDraft {
  modelId: string
  name: string
  environment: 'twenty_questions' | 'number_hunt'
  protocol: 'history-only' | 'keep-instructions'
  winRule: 'whole-word' | 'substring'
  stopTokenInHistory: boolean
  maxSteps: NumberField
  upTo: NumberField
  objects: 'archer' | 'simple' | 'own'
  ownObjects: string
  selection: string
  systemPrompt: string
  oracle: 'kb' | 'openai' | 'human'
  strictness: 'lenient' | 'strict'
  baseUrl: string
  oracleModel: string
  timeoutMs: NumberField
  retries: NumberField
  episodes: NumberField
  seed: NumberField
  temperature: NumberField
  topK: NumberField
  topP: NumberField
  maxNewTokens: NumberField
  stopTokens: string
  batch: NumberField
  layers: string
  otherHooks: string[]
  positions: 'decision' | 'all'
  dtype: 'float32' | 'float16'
  computeDtype: ComputeDtype
  device: ComputeDevice
  /** JSON, as interventions/interventionDraft.ts has it. */
  interventions: string
}
export type DraftField = keyof RunDraft
export type DraftFaults = Partial<Record<DraftField, string>>

export interface PromptPreset {
  name: string
  text: string
  /** The only game it makes sense in. */
  game?: RunDraft['environment']
}
export const systemPrompts: readonly PromptPreset[] = [
  {
    name: 'Guesser',
    game: 'twenty_questions',
    text: "You are playing Twenty Questions as the guesser. Reply with exactly one short yes/no question about the object, such as 'Is it alive?' or 'Can you eat it?'. Do not answer the question and do not write anything else.",
  },
  { name: 'Under 30 words', text: 'Try to keep your response under 30 words.' },
]

/** What a game plays at most where nobody said otherwise. */
export const stepLimits: Record<RunDraft['environment'], number> = { twenty_questions: 20, number_hunt: 10 }

export const newDraft = (): RunDraft => ({
  modelId: '',
  name: '',
  environment: 'twenty_questions',
  protocol: 'history-only',
  winRule: 'whole-word',
  stopTokenInHistory: false,
  maxSteps: stepLimits.twenty_questions,
  upTo: 100,
  objects: 'archer',
  ownObjects: '',
  selection: '',
  systemPrompt: '',
  oracle: 'kb',
  strictness: 'lenient',
  baseUrl: 'https://api.openai.com/v1',
  oracleModel: 'gpt-4o-mini',
  timeoutMs: 30_000,
  retries: 4,
  episodes: 30,
  seed: 0,
  temperature: 1,
  topK: 0,
  topP: 1,
  maxNewTokens: 64,
  stopTokens: '',
  batch: 0,
  layers: '',
  otherHooks: [],
  positions: 'decision',
  dtype: 'float32',
  computeDtype: 'float32',
  device: 'cpu',
  interventions: '',
})

/** The fields that make the same run again. */
export function draftOf(settings: CollectSettings): RunDraft {
  const { environment, oracle, sampling, capture } = settings
  const draft: RunDraft = {
    ...newDraft(),
    modelId: settings.modelId,
    environment: environment.name,
    maxSteps: environment.maxSteps,
    selection: environment.selection,
    systemPrompt: environment.systemPrompt,
    oracle: oracle.kind,
    episodes: settings.episodes,
    seed: settings.seed,
    batch: settings.batch,
    temperature: sampling.temperature,
    topK: sampling.topK,
    topP: sampling.topP,
    maxNewTokens: sampling.maxNewTokens,
    stopTokens: sampling.stopTokens.join(' '),
    layers: writeNumbers(layersOf(capture.hooks)),
    otherHooks: otherHooks(capture.hooks),
    positions: capture.positions,
    dtype: capture.dtype,
    computeDtype: settings.computeDtype,
    device: settings.device,
    interventions: writeItems(settings.interventions),
  }
  if (environment.name === 'number_hunt') draft.upTo = environment.upTo
  else {
    const { protocol, winRule, stopTokenInHistory, objects } = environment
    Object.assign(draft, { protocol, winRule, stopTokenInHistory })
    draft.objects = typeof objects === 'string' ? objects : 'own'
    draft.ownObjects = typeof objects === 'string' ? '' : objects.join('\n')
  }
  if (oracle.kind === 'kb') draft.strictness = oracle.strictness
  if (oracle.kind === 'openai') {
    const { baseUrl, timeoutMs, retries } = oracle
    Object.assign(draft, { baseUrl, timeoutMs, retries, oracleModel: oracle.model })
  }
  return draft
}

const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)

/**
 * @param layers  what `readLayers` made of the draft's layers
 * @param interventions  what `checkInterventions` made of its interventions
 */
function inputOf(
  draft: RunDraft,
  layers: readonly number[],
  interventions: readonly InterventionSetting[],
): unknown {
  const { maxSteps, selection, systemPrompt } = draft
  const common = { maxSteps, selection: selection.trim(), systemPrompt }
  const isTwentyQuestions = draft.environment === 'twenty_questions'
  const { protocol, winRule, stopTokenInHistory } = draft
  const objects = draft.objects === 'own' ? lines(draft.ownObjects) : draft.objects
  const oracles = {
    kb: { kind: 'kb', strictness: draft.strictness },
    openai: {
      kind: 'openai',
      baseUrl: draft.baseUrl.trim(),
      model: draft.oracleModel.trim(),
      timeoutMs: draft.timeoutMs,
      retries: draft.retries,
    },
    human: { kind: 'human' },
  }
  return {
    modelId: draft.modelId,
    name: draft.name.trim(),
    environment: isTwentyQuestions
      ? { name: 'twenty_questions', protocol, winRule, stopTokenInHistory, objects, ...common }
      : { name: 'number_hunt', upTo: draft.upTo, ...common },
    // Number Hunt judges by itself; the contract wants some oracle all the same.
    oracle: isTwentyQuestions ? oracles[draft.oracle] : oracles.kb,
    episodes: draft.episodes,
    seed: draft.seed,
    batch: draft.batch,
    computeDtype: draft.computeDtype,
    device: draft.device,
    interventions,
    sampling: {
      temperature: draft.temperature,
      topK: draft.topK,
      topP: draft.topP,
      maxNewTokens: draft.maxNewTokens,
      stopTokens: draft.stopTokens.split(/\s+/).filter(Boolean),
    },
    capture: {
      hooks: [...hooksOf(layers), ...draft.otherHooks],
      positions: draft.positions,
      dtype: draft.dtype,
    },
  }
}

const renamed: Record<string, DraftField> = { model: 'oracleModel', objects: 'ownObjects', hooks: 'layers' }

/** The field of a path into the settings, by its last name. */
function fieldAt(path: readonly PropertyKey[]): DraftField {
  const last = path.filter((key) => typeof key === 'string').at(-1) ?? 'name'
  return renamed[last] ?? (last as DraftField)
}

/** Fields that show a sentence below them. */
const speaking: ReadonlySet<string> = new Set<DraftField>([
  ...(['modelId', 'name', 'maxSteps', 'upTo', 'ownObjects', 'selection', 'systemPrompt'] as const),
  ...(['baseUrl', 'oracleModel', 'timeoutMs', 'retries', 'episodes', 'seed', 'temperature'] as const),
  ...(['topK', 'topP', 'maxNewTokens', 'stopTokens', 'batch', 'layers'] as const),
])

const sentence = (text: string): string =>
  text.charAt(0).toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.')

/**
 * Which field the engine's refusal is about and what to say there; null where it is about no single field.
 * @param hasInterventions  a hook point that is refused stands there: layers to capture are checked here
 */
export function placeOfRefusal(
  { code, message, cure, details }: ErrorReport,
  hasInterventions = false,
): [DraftField, string] | null {
  if (code === 'selection_empty' || code === 'selection_invalid') return ['selection', message]
  if (code.startsWith('intervention_')) return ['interventions', `${message} ${cure}`]
  const isIntervention = code === 'invalid_input' && String(details['field']).startsWith('interventions')
  if (isIntervention)
    return ['interventions', `${String(details['field'])}: ${sentence(String(details['reason']))}`]
  if (code === 'hook_unknown' || code === 'layer_out_of_range')
    return [hasInterventions ? 'interventions' : 'layers', `${message} ${cure}`]
  if (code === 'dtype_unavailable') return ['computeDtype', message]
  if (code === 'device_unavailable' || code === 'device_unchecked') return ['device', `${message} ${cure}`]
  if (code !== 'invalid_input') return null
  const field = fieldAt(
    String(details['field'])
      .split('.')
      .filter((key) => !/^\d+$/.test(key)),
  )
  return speaking.has(field) ? [field, sentence(String(details['reason']))] : null
}

const addressFault = 'Give an address such as http://127.0.0.1:11434/v1.'

function faultOf(issue: z.core.$ZodIssue): [DraftField, string] {
  const field = fieldAt(issue.path)
  if (field === 'modelId') return [field, 'Choose a model.']
  if (field === 'baseUrl') return [field, addressFault]
  if (field === 'ownObjects') return [field, 'Give at least one object, one a line.']
  if (issue.code === 'too_small')
    return [
      field,
      issue.origin === 'string'
        ? 'Cannot be empty.'
        : `${issue.inclusive ? 'At least' : 'More than'} ${issue.minimum}.`,
    ]
  if (issue.code === 'too_big') return [field, `At most ${Number(issue.maximum).toLocaleString('en-US')}.`]
  if (issue.code === 'invalid_type')
    return [field, issue.expected === 'int' ? 'A whole number, please.' : 'Give a number.']
  return [field, issue.message]
}

/** What the engine calls a run that was given no name; the same formula as in main/jobs/runName.ts. */
export function standardName(draft: RunDraft, modelName: string): string {
  const shown = (value: NumberField): string => (value === null ? '…' : String(value))
  const world = draft.environment === 'number_hunt' ? 'number hunt, ' : ''
  const size = `${shown(draft.episodes)} × ${shown(draft.maxSteps)}`
  const dtype = draft.computeDtype === 'float32' ? '' : `, ${draft.computeDtype}`
  const on = draft.device === 'cpu' ? '' : `, ${draft.device}`
  return `${modelName}, ${world}${size}, T ${shown(draft.temperature)}, seed ${shown(draft.seed)}${dtype}${on}`
}

type TaskLists = readonly { name: string; objects: readonly string[] }[]

/** How many hidden things there are to select from; null where that is not known yet. */
function taskCount(draft: RunDraft, lists: TaskLists): number | null {
  if (draft.environment === 'number_hunt') return draft.upTo
  if (draft.objects === 'own') return lines(draft.ownObjects).length || null
  return lists.find((list) => list.name === draft.objects)?.objects.length ?? null
}

/** Settings where all is well, or what is wrong with which field. */
export function checkDraft(
  draft: RunDraft,
  layerCount: number | null,
  lists: TaskLists = [],
  { settings: interventions, faults: wrong } = checkInterventions(draft.interventions),
): { settings: CollectSettings; faults: DraftFaults } | { settings: null; faults: DraftFaults } {
  const faults: DraftFaults = {}
  const choice = readLayers(draft.layers, layerCount)
  if (choice.problem !== null) faults.layers = choice.problem
  const selection = selectionFault(draft.selection, taskCount(draft, lists))
  if (selection !== null) faults.selection = selection
  const asksModel = draft.environment === 'twenty_questions' && draft.oracle === 'openai'
  if (asksModel && !isAddress(draft.baseUrl)) faults.baseUrl = addressFault
  if (wrong[0]) faults.interventions = wrong[0].message
  const input = inputOf(draft, choice.layers ?? [], interventions ?? [])
  const parsed = collectSettings.safeParse(input as CollectInput)
  for (const issue of parsed.error?.issues ?? []) {
    const [field, message] = faultOf(issue)
    faults[field] ??= message
  }
  return parsed.success && Object.keys(faults).length === 0
    ? { settings: parsed.data, faults }
    : { settings: null, faults }
}
