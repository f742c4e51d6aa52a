// Going on from a stored step with other settings, as it is filled in.
// Owns: what can change, and what of it did. Not: asking (ForkDialog.svelte).
import { interventionList } from '../../main/contract/interventions.ts'
import { samplingSettings, type ForkInput, type RunRecord } from '../../main/contract/runs.ts'
import { checkInterventions, writeItems } from '../interventions/interventionDraft.ts'

export interface ForkDraft {
  name: string
  temperature: number | null
  seed: number | null
  systemPrompt: string
  /** JSON text, as in the form of a new run. */
  interventions: string
}

/** What still acts from a step on: what stood for earlier steps alone stays with those, whatever is asked. */
const actingFrom = (interventions: RunRecord['settings']['interventions'], step: number) =>
  interventions.flatMap((setting) => {
    const { applyAtSteps } = setting
    if (!applyAtSteps) return [setting]
    const later = applyAtSteps.filter((one) => one >= step)
    return later.length > 0 ? [{ ...setting, applyAtSteps: later }] : []
  })

/** @param step  the first that is played anew */
export const forkDraftOf = ({ settings }: RunRecord, step: number): ForkDraft => ({
  name: '',
  temperature: settings.sampling.temperature,
  seed: settings.seed,
  systemPrompt: settings.environment.systemPrompt,
  interventions: writeItems(actingFrom(settings.interventions, step)),
})

export type ForkFaults = Partial<Record<'temperature' | 'seed' | 'interventions', string>>

/**
 * What is asked of the engine: only what is not as it was; null where a field is wrong.
 * @param step  the first that is played anew
 */
export function checkFork(
  draft: ForkDraft,
  run: RunRecord,
  { episode, step }: { episode: number; step: number },
): { input: ForkInput | null; faults: ForkFaults; changes: string[] } {
  const faults: ForkFaults = {}
  const { temperature, seed, systemPrompt } = draft
  if (!samplingSettings.shape.temperature.safeParse(temperature ?? Number.NaN).success)
    faults.temperature = 'From 0 to 10.'
  if (seed === null || !Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
    faults.seed = 'A whole number from 0 to 4,294,967,295.'
  const checked = checkInterventions(draft.interventions)
  if (checked.settings === null) faults.interventions = checked.faults[0]?.message ?? 'This is no list.'
  if (Object.keys(faults).length > 0 || temperature === null || seed === null || checked.settings === null)
    return { input: null, faults, changes: [] }
  const before = forkDraftOf(run, step)
  const isSame =
    JSON.stringify(checked.settings) ===
    JSON.stringify(interventionList.parse(actingFrom(run.settings.interventions, step)))
  const changes = {
    ...(temperature === before.temperature ? {} : { temperature }),
    ...(seed === before.seed ? {} : { seed }),
    ...(systemPrompt === before.systemPrompt ? {} : { systemPrompt }),
    ...(isSame ? {} : { interventions: checked.settings }),
  }
  return {
    input: { runId: run.id, episode, step, name: draft.name.trim(), changes },
    faults,
    changes: Object.keys(changes),
  }
}
