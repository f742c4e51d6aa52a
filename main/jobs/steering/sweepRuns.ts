// Conditions of a sweep as runs.
// Owns: a condition's settings as a run's. Not: which conditions there are (sweepPlan.ts).
import { interventionList } from '../../contract/interventions.ts'
import { collectSettings, type CollectSettings } from '../../contract/runs.ts'
import type { SweepMember, SweepSettings } from '../../contract/sweeps.ts'
import { parseSettings } from '../settings.ts'
import type { PlannedCondition } from './sweepPlan.ts'

/** What is stored of a condition beside its run. */
export const memberOf = ({
  id,
  title,
  role,
  cell,
  alpha,
}: PlannedCondition): Omit<SweepMember, 'sweepId'> => ({ id, title, role, cell, alpha })

/** A condition as a run: everything but what distinguishes it is the same. @throws invalid_input */
export function runSettings(settings: SweepSettings, condition: PlannedCondition): CollectSettings {
  const { environment, interventions, ...shared } = {
    ...settings,
    interventions: parseSettings(interventionList, condition.interventions),
  }
  return parseSettings(collectSettings, {
    ...shared,
    name: condition.id,
    environment: { ...environment, systemPrompt: condition.systemPrompt },
    interventions,
  })
}
