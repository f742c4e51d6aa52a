// The playground as it is filled in: a chat, vectors, sampling.
// Owns: draft ↔ what the engine is asked, and keeping it for a reload of this tab. Not: asking (playgroundForm.svelte.ts).
import * as z from 'zod'
import { intervention, interventionList } from '../../main/contract/interventions.ts'
import { computeDtype } from '../../main/contract/models.ts'
import { samplingSettings } from '../../main/contract/runs.ts'
import type { PlaygroundSettings } from '../../main/contract/playground.ts'
import { interventionOf, placeNames, sliderOf, type SliderPlace } from './sliders.ts'

const slider = z.object({
  vectorId: z.string(),
  hook: z.string(),
  alpha: z.number(),
  unit: z.enum(['vector', 'valueNorm']),
  place: z.enum(Object.keys(placeNames) as [SliderPlace, ...SliderPlace[]]), // its own keys
  count: z.number(),
  isOn: z.boolean(),
})

const stepPlace = z.object({ run: z.string(), episode: z.number(), step: z.number() })
export type StepPlace = z.infer<typeof stepPlace>

const draftSchema = z.object({
  modelId: z.string(),
  computeDtype,
  system: z.string(),
  /** The last one is asked; it is the user's. */
  turns: z.array(z.object({ role: z.enum(['user', 'assistant']), content: z.string() })).min(1),
  sliders: z.array(slider),
  /** Interventions that no slider can say. */
  others: interventionList,
  sampling: samplingSettings,
  seed: z.string(),
  /** Else every answer draws anew. */
  isSeedLocked: z.boolean(),
  /** Step of an episode that it is taken to be. */
  step: z.number(),
  probeId: z.string().nullable(),
  /** The stored step that it was filled from. */
  origin: stepPlace.nullable(),
})
export type PlaygroundDraft = z.infer<typeof draftSchema>

export const newDraft = (modelId = ''): PlaygroundDraft => ({
  modelId,
  computeDtype: 'float32',
  system: '',
  turns: [{ role: 'user', content: '' }],
  sliders: [],
  others: [],
  sampling: samplingSettings.parse({}),
  seed: '0',
  isSeedLocked: true,
  step: 0,
  probeId: null,
  origin: null,
})

/** All that acts, in the order of sliders, then of the others. */
export const interventionsOf = ({
  sliders,
  others,
}: PlaygroundDraft): PlaygroundSettings['interventions'] => [
  ...sliders.filter(({ isOn, alpha }) => isOn && alpha !== 0).map(interventionOf),
  ...others,
]

/** What keeps it from being asked, as a sentence; null where nothing does. */
export function obstacleOf(draft: PlaygroundDraft): string | null {
  if (draft.modelId === '') return 'Choose a model.'
  if (draft.turns.at(-1)?.role !== 'user') return 'The last turn must be the user’s: it is what is answered.'
  if (draft.turns.at(-1)?.content.trim() === '') return 'Write what the model is to answer.'
  if (draft.sliders.some(({ isOn, vectorId }) => isOn && vectorId === ''))
    return 'Choose a vector for each slider.'
  if (
    draft.sliders.some(({ alpha, count }) => !Number.isFinite(alpha) || !Number.isFinite(count) || count <= 0)
  )
    return 'Give every slider its numbers.'
  if (!samplingSettings.safeParse(draft.sampling).success)
    return 'The temperature goes from 0 to 10, new tokens from 1 to 8,192.'
  return null
}

export function settingsOf(draft: PlaygroundDraft): PlaygroundSettings {
  const { modelId, system, turns, sampling, seed, step, probeId } = draft
  return {
    modelId,
    computeDtype: draft.computeDtype,
    messages: [...(system === '' ? [] : [{ role: 'system' as const, content: system }]), ...turns],
    interventions: interventionsOf(draft),
    step,
    sampling,
    seed,
    ...(probeId === null ? {} : { probeId }),
  }
}

/** A stored step as the engine gives it. That its interventions act in this step is known: their own rule for steps is left out. */
export function draftFrom(settings: PlaygroundSettings, origin: StepPlace): PlaygroundDraft {
  const { modelId, messages, interventions, sampling, seed, step } = settings
  const system = messages[0]?.role === 'system' ? messages[0].content : ''
  const turns = messages.flatMap(({ role, content }) => (role === 'system' ? [] : [{ role, content }]))
  const acting = interventions.map((setting) => {
    const { applyAtSteps: _, ...rest } = setting
    return intervention.parse(rest)
  })
  return {
    ...newDraft(modelId),
    computeDtype: settings.computeDtype,
    system,
    turns: turns.length > 0 ? turns : [{ role: 'user', content: '' }],
    sliders: acting.flatMap((setting) => sliderOf(setting) ?? []),
    others: acting.filter((setting) => sliderOf(setting) === null),
    sampling,
    seed,
    step,
    origin,
  }
}

const key = 'innerview:playground'

export const keepDraft = (draft: PlaygroundDraft): void => sessionStorage.setItem(key, JSON.stringify(draft))

/** Null where none was kept, or one that another version kept. */
export function keptDraft(): PlaygroundDraft | null {
  const text = typeof sessionStorage === 'undefined' ? null : sessionStorage.getItem(key)
  if (text === null) return null
  try {
    return draftSchema.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null // somebody else wrote there
  }
}
