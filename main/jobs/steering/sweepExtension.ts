// What a sweep gains when it is widened, from whichever door.
// Owns: settings of both together, all that was asked for before among them, which conditions are new, and which that are there are seen otherwise now. Not: playing or storing them
// (sweepDesk.ts).
import { errors } from '../../contract/errors.ts'
import type { SweepChanges, SweepControls, SweepMember, SweepSettings } from '../../contract/sweeps.ts'
import { conditionTitle, type PlannedCondition } from './sweepPlan.ts'

/**
 * The settings of the sweep and of what is added: what was asked for before stays asked for.
 * @param played  layers that were steered because none were named
 * @throws invalid_input
 */
export function widened(
  settings: SweepSettings,
  changes: SweepChanges,
  played: readonly number[],
): SweepSettings {
  const { vectors = [], alphas = [], layers, places = [], gate, controls } = changes
  const placeNames = new Set(settings.places.map((place) => JSON.stringify(place)))
  return {
    ...settings,
    vectors: [...new Set([...settings.vectors, ...vectors])],
    alphas: [...new Set([...settings.alphas, ...alphas])],
    places: [...settings.places, ...places.filter((place) => !placeNames.has(JSON.stringify(place)))],
    ...(layers && { layers: [...new Set([...(settings.layers ?? played), ...layers])] }),
    ...(gate && { gate }),
    ...(controls && { controls: united(settings.controls, controls) }),
  }
}

/** New conditions have beside them what the others have. @throws invalid_input as instructionOf */
function united(before: SweepControls, further: NonNullable<SweepChanges['controls']>): SweepControls {
  return {
    random: Math.max(before.random, further.random ?? 0),
    shuffled: before.shuffled || further.shuffled === true,
    negated: before.negated || further.negated === true,
    prompt: instructionOf(before.prompt, further.prompt ?? ''),
    orthogonalTo: [...new Set([...before.orthogonalTo, ...(further.orthogonalTo ?? [])])],
    at: further.at ?? before.at,
    seed: before.seed, // another would draw other directions under the same names
  }
}

/** What a sweep tells in words is one of its conditions, and stays. @throws invalid_input for other words */
function instructionOf(before: string, after: string): string {
  if (before !== '' && after !== '' && after !== before)
    throw errors.invalidInput({
      field: 'controls.prompt',
      reason: `the sweep tells the model “${before}” already; other words are for another sweep`,
    })
  return after === '' ? before : after
}

export interface Widening {
  fresh: PlannedCondition[]
  /** Conditions that are there: −α was a control and is a dose now that it is asked for as one. */
  changed: { runId: string; member: Omit<SweepMember, 'sweepId'> }[]
}

/** @param there  conditions of the sweep with their runs @param planned  all that the wider settings want */
export function wideningOf(
  there: readonly (SweepMember & { runId: string })[],
  planned: readonly PlannedCondition[],
): Widening {
  const ids = new Set(there.map(({ id }) => id))
  const controls = new Set(there.filter(isControl).map(controlKey))
  const changed: Widening['changed'] = []
  const fresh = planned.filter((condition) => {
    if (ids.has(condition.id)) return false
    // A dose and its opposite share their controls.
    if (isControl(condition) && controls.has(controlKey(condition))) return false
    const opposite = there.find(
      ({ role, cell, alpha }) =>
        role === 'negated' &&
        condition.role === 'steered' &&
        cell === condition.cell &&
        alpha === condition.alpha,
    )
    if (!opposite) return true
    const { runId, sweepId: _, ...member } = opposite
    const { id, title, role } = condition
    changed.push({ runId, member: { ...member, id, title, role } })
    return false
  })
  return { fresh, changed }
}

const isControl = ({ role }: Pick<SweepMember, 'role'>): boolean =>
  role === 'random' || role === 'shuffled' || role === 'orthogonal'

/** A control by its size: the sign of its dose makes it no other. */
const controlKey = ({ cell, alpha, title }: Pick<SweepMember, 'cell' | 'alpha' | 'title'>): string =>
  `${cell} · ${Math.abs(alpha ?? 0)}${title.slice(conditionTitle(alpha ?? 0, '').length)}`
