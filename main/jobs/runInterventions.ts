// A run's interventions: what acts in each step, what has acted in those before, and whether each has met anything at all.
// Owns: choosing by step or by somebody's rule, going on after a stop, the run's last word on them. Not: reading them (interventions.ts)
// or applying them (inference/).
import { errors } from '../contract/errors.ts'
import { positionsText, type InterventionSetting } from '../contract/interventions.ts'
import type { ManifestIntervention, RunRecord, StepIntervention } from '../contract/runs.ts'
import {
  interventionsAtPlaces,
  interventionsAtStep,
  type PlannedIntervention,
} from '../inference/interventionPlan.ts'
import type { Intervention } from '../inference/interventions.ts'
import type { ChooseChanges, StepSituation } from './playEpisode.ts'

/**
 * Names the interventions of one step by their places in the run's list, knowing all that is known before it. Asked once for each step:
 * what it said is stored, so a run that goes on does not ask again.
 */
export type ChooseInterventions = (
  situation: StepSituation,
  signal: AbortSignal,
) => readonly number[] | Promise<readonly number[]>

/** A program's rule, by a name that tells it from others: a run goes on only with the rule that it began with. */
export interface InterventionChooser {
  name: string
  choose: ChooseInterventions
}

/** As a manifest has it. */
export const chooserName = (chooser: InterventionChooser | undefined): string =>
  chooser ? `program: ${chooser.name}` : 'applyAtSteps'

/** What is done in a step: as chosen, or where nobody chooses what names the step. */
export function changesOf(
  planned: readonly PlannedIntervention[],
  choose?: ChooseInterventions,
): ChooseChanges {
  if (!choose) return ({ step, seed }) => ({ interventions: interventionsAtStep(planned, step, seed) })
  return async (situation, signal) => {
    const places = await choose(situation, signal)
    requirePlaces(places, planned)
    return { interventions: interventionsAtPlaces(planned, places, situation) }
  }
}

function requirePlaces(places: readonly number[], planned: readonly PlannedIntervention[]): void {
  const there = new Set(planned.map(({ intervention }) => intervention.index))
  const missing = places.find((place) => !there.has(place))
  if (missing !== undefined) throw new TypeError(`the run has no intervention at place ${missing}`)
}

/** What was done in the steps before, from what was stored of each. @param seedOf  a step's, of its draws */
export const earlierOf = (
  planned: readonly PlannedIntervention[],
  stored: readonly (readonly StepIntervention[])[],
  seedOf: (step: number) => string,
): Intervention[][] =>
  stored.map((acted, step) =>
    interventionsAtPlaces(
      planned,
      acted.map(({ index }) => index),
      { step, seed: seedOf(step) },
    ),
  )

/** As a manifest has them: one entry for each hook point of each. */
export const manifestEntries = (planned: readonly PlannedIntervention[]): ManifestIntervention[] =>
  planned.map(({ intervention: { name, hook, identity }, provenance }) => ({
    name,
    hook,
    hash: Buffer.from(identity, 'base64').toString('hex'),
    sources: [...provenance],
  }))

/**
 * The last word on a run that has come to its end: what was asked for and happened nowhere is an error, also where single steps were allowed
 * to go without (`ifAbsent: "skip"`). A gate that was never open is none: it has been asked, and its counts say so. Nor is one that a program's
 * rule never chose, or what a fork keeps for the steps that it copied.
 * @param run  as it is now, with its sums
 * @throws intervention_unused
 */
export function checkAllMet({ id, settings, progress, manifest }: RunRecord): void {
  const mustBeAsked = manifest.chooser === chooserName(undefined)
  const unused = settings.interventions.flatMap((setting, index) => {
    const { applyAtSteps } = setting
    const ownFrom = manifest.fork?.step ?? 0
    if (applyAtSteps?.every((step) => step < ownFrom)) return []
    const total = progress.interventions.find((each) => each.index === index)
    if (total ? total.tokens > 0 : !mustBeAsked) return []
    return [describe(setting, index, total !== undefined)]
  })
  if (unused.length > 0) throw errors.interventionUnused({ id, steps: progress.steps, unused })
}

function describe(
  { name, kind, positions, applyAtSteps }: InterventionSetting,
  index: number,
  wasAsked: boolean,
): string {
  const label = `“${name ?? `${index + 1}, ${kind}`}”`
  return wasAsked || !applyAtSteps
    ? `${label} (${positionsText(positions)})`
    : `${label} (no episode came to step ${applyAtSteps.join(', ')})`
}
