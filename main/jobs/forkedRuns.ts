// Forks: an episode that goes on from a stored step under other settings, as a run of its own.
// Owns: a fork's settings and origin out of a run's, and how each of its steps was drawn. Not: copying rows (store/forks.ts) or playing (runs.ts).
// Keys and values of a step are defined by the prompts before it and what was done to them (docs/decisions/0001.md): so the interventions of
// the copied steps stay in the fork's list, for those steps alone.
import { errors } from '../contract/errors.ts'
import type { InterventionSetting } from '../contract/interventions.ts'
import type {
  CollectSettings,
  ForkOrigin,
  ForkSettings,
  RunRecord,
  SamplingSettings,
} from '../contract/runs.ts'
import { stepSeed } from './playEpisode.ts'

/** How a step of a run was, or will be, drawn: in a fork the copied steps as the run that they come from drew them. */
export function drawsAt(
  { settings, manifest }: Pick<RunRecord, 'settings' | 'manifest'>,
  episode: number,
  step: number,
): { seed: string; sampling: SamplingSettings } {
  const { seed, sampling } = manifest.fork?.copied.find(({ until }) => step < until) ?? settings
  return { seed: stepSeed(seed, episode, step), sampling }
}

/** Seed of the first steps of a run's episodes: a fork shares them, and with them what came of them, with the run that it comes from. */
export const firstSeed = ({ settings, manifest }: Pick<RunRecord, 'settings' | 'manifest'>): number =>
  manifest.fork?.copied[0]?.seed ?? settings.seed

export interface Fork {
  settings: CollectSettings
  origin: ForkOrigin
  /** A place in the origin's list of interventions as one in the fork's. */
  placeOf: (place: number) => number
}

/**
 * @param episode  how far the origin's is
 * @throws invalid_input for a step that is not stored, for interventions that no step is left for, and for a run of which a program
 *   chose what acts, where no interventions are given
 */
export function forkOf(
  origin: RunRecord,
  asked: ForkSettings,
  episode: { steps: number; outcome: string },
): Fork {
  const { step, changes } = asked
  const last = episode.outcome === 'running' ? episode.steps : episode.steps - 1
  if (step > last)
    throw errors.invalidInput({
      field: 'step',
      reason: `episode ${asked.episode} of ${origin.id} can be continued from step 0 to ${last}, not from ${step}`,
    })
  if (origin.manifest.chooser !== 'applyAtSteps' && !changes.interventions)
    throw errors.invalidInput({
      field: 'changes.interventions',
      reason: `in ${origin.id} a program chose what acts in each step; give the interventions of the fork`,
    })
  const { settings } = origin
  const { interventions, placeOf } = interventionsOf(settings, step, changes.interventions)
  const { name } = origin.sweep ? { name: origin.sweep.title } : origin
  return {
    placeOf,
    settings: {
      ...settings,
      name: asked.name || `${name}, from step ${step} of episode ${asked.episode}`.slice(0, 200),
      environment: {
        ...settings.environment,
        systemPrompt: changes.systemPrompt ?? settings.environment.systemPrompt,
      },
      episodes: 1,
      batch: 1,
      seed: changes.seed ?? settings.seed,
      sampling: {
        ...settings.sampling,
        temperature: changes.temperature ?? settings.sampling.temperature,
      },
      interventions,
    },
    origin: {
      runId: origin.id,
      name: origin.name,
      episode: asked.episode,
      step,
      copied: copiedOf(origin, step),
    },
  }
}

/** A fork of a fork has steps of several runs. */
function copiedOf({ settings, manifest }: RunRecord, step: number): ForkOrigin['copied'] {
  const before = (manifest.fork?.copied ?? []).filter(({ until }) => until < step)
  const { seed, sampling } = manifest.fork?.copied.find(({ until }) => until >= step) ?? settings
  return step === 0 ? [] : [...before, { until: step, seed, sampling }]
}

/** The origin's up to the step, then those that are given; the origin's as they are where none are. */
function interventionsOf(
  { interventions, environment: { maxSteps } }: CollectSettings,
  step: number,
  given: readonly InterventionSetting[] | undefined,
): { interventions: InterventionSetting[]; placeOf: (place: number) => number } {
  if (!given) return { interventions, placeOf: (place) => place }
  const places = new Map<number, number>()
  const list: InterventionSetting[] = []
  interventions.forEach((setting, place) => {
    const earlier = actingIn(setting, 0, Math.min(step, maxSteps))
    if (!earlier) return
    places.set(place, list.length)
    list.push({ ...earlier, name: setting.name ?? `${place + 1}, ${setting.kind}` })
  })
  given.forEach((setting, place) => {
    const later = actingIn(setting, step, maxSteps)
    if (!later)
      throw errors.invalidInput({
        field: `changes.interventions.${place}.applyAtSteps`,
        reason: `the fork’s own steps are ${step} to ${maxSteps - 1}`,
      })
    list.push(later)
  })
  return {
    interventions: list,
    placeOf(place) {
      const found = places.get(place)
      if (found === undefined) throw new TypeError(`intervention ${place} acted in no step that was copied`)
      return found
    },
  }
}

/** The same in some steps alone, from … to − 1; null where it acts in none of them. */
function actingIn(setting: InterventionSetting, from: number, to: number): InterventionSetting | null {
  const all = setting.applyAtSteps ?? Array.from({ length: to }, (_, step) => step)
  const applyAtSteps = all.filter((step) => step >= from && step < to)
  return applyAtSteps.length > 0 ? { ...setting, applyAtSteps } : null
}
