// A sweep to be played as plain fields, and the way between them and its settings.
// Owns: defaults, presets, turning fields into settings, which field a fault belongs to. Not: the form (sweepForm.svelte.ts).
import type { CollectSettings } from '../../main/contract/runs.ts'
import {
  sweepPresets,
  sweepSettings,
  type SteeringPlace,
  type SweepSettings,
} from '../../main/contract/sweeps.ts'
import { readLayers } from '../runs/layerChoice.ts'
import { readNumbers, writeNumbers } from '../shared/numberWords.ts'

/** A number field that was emptied holds null. */
type NumberField = number | null
export type PlaceKind = SteeringPlace['kind']
export const placeKinds: readonly PlaceKind[] = [
  'lastPrompt',
  'allPrompt',
  'everyGenerated',
  'all',
  'firstGenerated',
  'decaying',
]

export interface SweepDraft {
  name: string
  vectors: string[]
  modelId: string
  /** As it is typed: `0.5, 1, 2, 4`. */
  alphas: string
  unit: SweepSettings['unit']
  normMatched: boolean
  /** Empty for where the vectors were made. */
  layers: string
  places: PlaceKind[]
  firstGenerated: NumberField
  halfLife: NumberField
  /** Empty for every step. */
  steps: string
  isGated: boolean
  /** Whose value opens the gate: a vector's beyond a threshold, or a probe's at a rate of false alarms. */
  gateBy: 'vector' | 'probe'
  gateProbe: string
  /** In percent. */
  gateRate: NumberField
  gateVector: string
  gateSide: 'above' | 'below'
  gateThreshold: NumberField
  gateAlsoWithout: boolean
  random: NumberField
  shuffled: boolean
  negated: boolean
  orthogonalTo: string[]
  /** The instruction in words; empty for no such condition. */
  prompt: string
  at: 'every' | 'largest'
  controlSeed: NumberField
  episodes: NumberField
  seed: NumberField
  maxSteps: NumberField
  systemPrompt: string
  temperature: NumberField
  maxNewTokens: NumberField
  batch: NumberField
  outcome: 'invalid' | 'won' | 'environment' | 'text'
  outcomeLabel: string
  /** The value that counts, as JSON. */
  outcomeEquals: string
  outcomeOf: 'completion' | 'prompt' | 'answer'
  outcomeContains: string
  wanted: 'down' | 'up'
  /** In points. */
  worthwhile: NumberField
  scoredSteps: NumberField
}
export type SweepField = keyof SweepDraft
export type SweepFaults = Partial<Record<SweepField, string>>

export const newSweepDraft = (): SweepDraft => ({
  name: '',
  vectors: [],
  modelId: '',
  alphas: '1, 4',
  unit: 'vector',
  normMatched: false,
  layers: '',
  places: ['lastPrompt'],
  firstGenerated: 5,
  halfLife: 8,
  steps: '',
  isGated: false,
  gateBy: 'vector',
  gateProbe: '',
  gateRate: 5,
  gateVector: '',
  gateSide: 'above',
  gateThreshold: 0,
  gateAlsoWithout: true,
  random: 2,
  shuffled: false,
  negated: true,
  orthogonalTo: [],
  prompt: '',
  at: 'largest',
  controlSeed: 42,
  episodes: 20,
  seed: 1,
  maxSteps: 20,
  systemPrompt: '',
  temperature: 1,
  maxNewTokens: 64,
  batch: 0,
  outcome: 'invalid',
  outcomeLabel: '',
  outcomeEquals: 'true',
  outcomeOf: 'completion',
  outcomeContains: '',
  wanted: 'down',
  worthwhile: 10,
  scoredSteps: 4,
})

export type PresetName = keyof typeof sweepPresets

/** What a preset sets. @param unit  a dose of 1 is four quarters of the residual’s norm there, and few survive more */
export function presetFields(name: PresetName, unit: SweepDraft['unit']): Partial<SweepDraft> {
  const { episodes, alphas, controls } = sweepPresets[name]
  const doses = unit === 'valueNorm' ? alphas.map((alpha) => alpha / 4) : alphas
  return { episodes, alphas: doses.join(', '), ...controls }
}

/** The preset that the fields are, while nobody has changed what it sets. */
export function presetOf(draft: SweepDraft): PresetName | null {
  const names = Object.keys(sweepPresets) as PresetName[]
  return (
    names.find((name) =>
      Object.entries(presetFields(name, draft.unit)).every(
        ([field, value]) => draft[field as SweepField] === value,
      ),
    ) ?? null
  )
}

/** Doses as they are typed; null for a text that is none. */
export function readDoses(text: string): number[] | null {
  const words = text
    .replaceAll('−', '-')
    .split(/[\s,;]+/)
    .filter(Boolean)
  const doses = words.map(Number)
  return words.length === 0 || doses.some((dose) => !Number.isFinite(dose)) ? null : [...new Set(doses)]
}

const placeOf = (kind: PlaceKind, draft: SweepDraft): unknown => {
  if (kind === 'firstGenerated') return { kind, count: draft.firstGenerated }
  return kind === 'decaying' ? { kind, halfLife: draft.halfLife } : { kind }
}

const gateOf = (draft: SweepDraft): unknown => ({
  ...(draft.gateBy === 'vector'
    ? { vector: draft.gateVector, [draft.gateSide]: draft.gateThreshold }
    : {
        probe: {
          id: draft.gateProbe,
          falsePositiveRate: draft.gateRate === null ? null : draft.gateRate / 100,
        },
      }),
  alsoWithout: draft.gateAlsoWithout,
})

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function outcomeOf(draft: SweepDraft): unknown {
  const { outcome: kind } = draft
  if (kind === 'environment')
    return { kind, label: draft.outcomeLabel, equals: readJson(draft.outcomeEquals) }
  return kind === 'text' ? { kind, of: draft.outcomeOf, contains: draft.outcomeContains } : { kind }
}

const fields: Record<string, [SweepField, string]> = {
  modelId: ['modelId', 'Choose a model.'],
  name: ['name', 'At most 200 letters.'],
  vectors: ['vectors', 'Choose at least one vector.'],
  alphas: ['alphas', 'Numbers other than 0; the baseline is always there.'],
  places: ['places', 'Choose at least one place.'],
  'places.count': ['firstGenerated', 'A whole number from 1.'],
  'places.halfLife': ['halfLife', 'A number above 0.'],
  'gate.vector': ['gateVector', 'Choose a vector.'],
  gate: ['gateThreshold', 'A number.'],
  'gate.probe.id': ['gateProbe', 'Choose a probe.'],
  'gate.probe.falsePositiveRate': ['gateRate', 'A number from 0 to 100.'],
  'gate.above': ['gateThreshold', 'A number.'],
  'gate.below': ['gateThreshold', 'A number.'],
  'controls.random': ['random', 'A whole number from 0 to 100.'],
  'controls.seed': ['controlSeed', 'A whole number from 0.'],
  episodes: ['episodes', 'A whole number from 1.'],
  seed: ['seed', 'A whole number from 0.'],
  'environment.maxSteps': ['maxSteps', 'A whole number from 1 to 200.'],
  'sampling.temperature': ['temperature', 'A number from 0 to 10.'],
  'sampling.maxNewTokens': ['maxNewTokens', 'A whole number from 1 to 8192.'],
  batch: ['batch', 'A whole number from 0 to 256; with 0 as many as fit.'],
  'outcome.label': ['outcomeLabel', 'Name a label of the environment.'],
  'outcome.contains': ['outcomeContains', 'Give the words to look for.'],
  'verdict.worthwhile': ['worthwhile', 'A number above 0.'],
  scoredSteps: ['scoredSteps', 'A whole number from 0 to 200.'],
}

/**
 * The settings that the fields make, or what is wrong with which of them.
 * @param base  of the run that it is played like: environment, oracle, sampling, dtype
 * @param layerCount  of the model; null where none is chosen
 */
export function checkSweep(
  draft: SweepDraft,
  base: CollectSettings,
  layerCount: number | null,
): { settings: SweepSettings | null; faults: SweepFaults } {
  const faults: SweepFaults = {}
  const alphas = readDoses(draft.alphas)
  if (alphas === null) faults.alphas = 'Write doses such as 0.5, 1, 2, 4.'
  else if (alphas.includes(0)) faults.alphas = 'α = 0 is the baseline, which is always there.'
  const read = draft.layers.trim() === '' ? null : readLayers(draft.layers, layerCount)
  if (read?.problem) faults.layers = read.problem
  const steps = draft.steps.trim() === '' ? [] : readNumbers(draft.steps)
  if (steps === null) faults.steps = 'Write steps such as 0-4 or 0,2,5.'
  const { capture: _, interventions: __, environment, sampling, ...shared } = base
  const parsed = sweepSettings.safeParse({
    ...shared,
    ...{ name: draft.name.trim(), modelId: draft.modelId, vectors: draft.vectors },
    environment: { ...environment, maxSteps: draft.maxSteps, systemPrompt: draft.systemPrompt },
    sampling: { ...sampling, temperature: draft.temperature, maxNewTokens: draft.maxNewTokens },
    // Nothing is kept beside the answers: a sweep is to be judged, and what is missing can be replayed.
    capture: {},
    ...{ episodes: draft.episodes, seed: draft.seed, batch: draft.batch },
    ...{ alphas: alphas ?? [1], unit: draft.unit, normMatched: draft.normMatched },
    ...(read?.layers?.length ? { layers: read.layers } : {}),
    places: draft.places.map((kind) => placeOf(kind, draft)),
    ...(steps?.length ? { steps } : {}),
    ...(draft.isGated
      ? {
          gate: gateOf(draft),
        }
      : {}),
    controls: {
      ...{ random: draft.random, shuffled: draft.shuffled, negated: draft.negated, at: draft.at },
      ...{ prompt: draft.prompt.trim(), orthogonalTo: draft.orthogonalTo, seed: draft.controlSeed },
    },
    outcome: outcomeOf(draft),
    verdict: {
      wanted: draft.wanted,
      worthwhile: draft.worthwhile === null ? null : draft.worthwhile / 100,
    },
    scoredSteps: draft.scoredSteps,
  })
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path.filter((key) => typeof key === 'string').join('.')
    const [field, sentence] = fields[path] ?? (['name', issue.message] as const)
    faults[field] ??= sentence
  }
  const isRight = parsed.success && Object.keys(faults).length === 0
  return { settings: isRight ? parsed.data : null, faults }
}

/** What is counted, as a choice. */
export const outcomeNames: Record<SweepDraft['outcome'], string> = {
  invalid: 'invalid answers',
  won: 'episodes won',
  environment: 'a label of the environment',
  text: 'a text contains…',
}

/** The fields that play the same sweep again. */
export function draftOfSweep(settings: SweepSettings): SweepDraft {
  const { gate, controls, outcome, verdict, environment, sampling } = settings
  const placed = (kind: PlaceKind) => settings.places.find((place) => place.kind === kind)
  const [first, decaying] = [placed('firstGenerated'), placed('decaying')]
  const plain = newSweepDraft()
  return {
    ...plain,
    ...{ name: settings.name, vectors: [...settings.vectors], modelId: settings.modelId },
    ...{ alphas: settings.alphas.join(', '), unit: settings.unit, normMatched: settings.normMatched },
    layers: settings.layers ? writeNumbers(settings.layers) : '',
    places: placeKinds.filter((kind) => placed(kind)),
    firstGenerated: first?.kind === 'firstGenerated' ? first.count : plain.firstGenerated,
    halfLife: decaying?.kind === 'decaying' ? decaying.halfLife : plain.halfLife,
    steps: settings.steps ? writeNumbers(settings.steps) : '',
    isGated: gate !== undefined,
    ...(gate
      ? {
          gateBy: gate.probe ? ('probe' as const) : ('vector' as const),
          gateProbe: gate.probe?.id ?? '',
          gateRate: gate.probe ? 100 * gate.probe.falsePositiveRate : plain.gateRate,
          gateVector: gate.vector ?? '',
          gateSide: gate.below === undefined ? ('above' as const) : ('below' as const),
          gateThreshold: gate.above ?? gate.below ?? 0,
          gateAlsoWithout: gate.alsoWithout,
        }
      : {}),
    ...{ random: controls.random, shuffled: controls.shuffled, negated: controls.negated, at: controls.at },
    ...{ orthogonalTo: [...controls.orthogonalTo], prompt: controls.prompt, controlSeed: controls.seed },
    ...{ episodes: settings.episodes, seed: settings.seed, batch: settings.batch },
    ...{ maxSteps: environment.maxSteps, systemPrompt: environment.systemPrompt },
    ...{ temperature: sampling.temperature, maxNewTokens: sampling.maxNewTokens },
    ...outcomeFieldsOf(outcome, plain),
    ...{ wanted: verdict.wanted, worthwhile: 100 * verdict.worthwhile, scoredSteps: settings.scoredSteps },
  }
}

function outcomeFieldsOf(outcome: SweepSettings['outcome'], plain: SweepDraft): Partial<SweepDraft> {
  if (outcome.kind === 'environment')
    return {
      ...{ outcome: outcome.kind, outcomeLabel: outcome.label },
      outcomeEquals: JSON.stringify(outcome.equals),
    }
  if (outcome.kind === 'text')
    return { outcome: outcome.kind, outcomeOf: outcome.of, outcomeContains: outcome.contains }
  return { outcome: outcome.kind === 'won' ? 'won' : plain.outcome }
}
