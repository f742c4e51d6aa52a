// An intervention ready to act: vectors read, numbers checked, token texts turned into ids.
// Owns: its shape, and refusing what does not fit the model. Not: the language (contract/interventions.ts), reading files
// (interventionSources.ts), or which positions of a prompt it meets (interventionBinding.ts).
import { createHash } from 'node:crypto'
import { errors } from '../contract/errors.ts'
import type { InterventionPhase } from '../contract/interventions.ts'
import { parseHook } from '../model/hookNames.ts'
import { rowLayout } from '../model/interventionGraph.ts'
import type { ModelShape } from '../contract/models.ts'

/** [N, U, W], row-major: one row for each position or sample, U the number of heads or 1 for the same in every head. */
export interface RowTable {
  data: Float32Array
  /** N */
  rows: number
  /** U */
  units: number
}

/** Which row of a table stands in at a position. */
export type RowChoice =
  | { kind: 'first' }
  /** Row p at position p. */
  | { kind: 'byPosition' }
  /** Drawn for every position from this seed. */
  | { kind: 'drawn'; seed: string }

/** α·vector, or α·‖x‖·vector/‖vector‖; brought back to ‖x‖ where normMatched. */
interface AddedVector {
  kind: 'add'
  vector: RowTable
  alpha: number
  unit: 'vector' | 'valueNorm'
  normMatched: boolean
  /** Generated tokens after which α is half. */
  halfLife?: number
}

export type InterventionChange =
  | { kind: 'zero' }
  /** Somebody's function, known by a number on the side that asks (hookFunctions.ts). */
  | { kind: 'function'; id: number }
  | { kind: 'replace'; table: RowTable; choice: RowChoice }
  | AddedVector
  /** The part along the direction is kept between the bounds, in units of the value. */
  | { kind: 'clamp'; direction: RowTable; low: number; high: number }

/** As the contract's rule, but with ids in place of texts. */
export type TokenRule =
  | 'lastPrompt'
  | 'allPrompt'
  | 'everyGenerated'
  | 'all'
  | { at: readonly number[] }
  | { first: number; last: number }
  | { generated: number }
  | { tokens: readonly number[] }

export interface InterventionDraft {
  /** For messages and results. */
  name: string
  /** Its place in the list that a person wrote, the same for all its hook points; left out where there is no such list. */
  index?: number
  hook: string
  /** All where null. */
  heads: readonly number[] | null
  positions: TokenRule
  phase: InterventionPhase
  /** Acts where x · direction > threshold. */
  gate: { direction: RowTable; threshold: number } | null
  /** `allPrompt` and `all` leave position 0, the attention sink, as it is. */
  leavesSink: boolean
  ifAbsent: 'error' | 'skip'
  change: InterventionChange
}

/** Plain data, made by `makeIntervention` alone; may cross threads. */
export interface Intervention extends InterventionDraft {
  /** Equal for interventions that do the same to the same value. Where they act is not part of it. */
  identity: string
  /** How many keys each row of its source has, at a hook point with keys. */
  keys?: number
}

/** Why nothing is added or clamped at a hook point with keys, and nothing gated. */
export const onlyReplaced = (hook: string): string =>
  `at ${hook} whole rows can be replaced (zeroAblate, meanAblate, resampleAblate, patch, freezePattern), nothing else`

/** True where it changes nothing, for instance α = 0: such an intervention is left out, so that it is bit for bit none. */
export function isIdle({ change }: InterventionDraft): boolean {
  if (change.kind === 'add') return change.alpha === 0
  return change.kind === 'clamp' && change.low === -Infinity && change.high === Infinity
}

/**
 * Checks a draft against the model it is meant for.
 * @throws hook_unknown, layer_out_of_range, intervention_invalid, intervention_width, intervention_not_finite
 */
export function makeIntervention(draft: InterventionDraft, shape: ModelShape): Intervention {
  const { name, hook, heads, change, gate } = draft
  const { units, width } = rowLayout(parseHook(hook, shape))
  const wrong = (reason: string) => errors.interventionInvalid({ intervention: name, reason })
  if (heads) {
    if (units === null) throw wrong(`${hook} has no heads`)
    const missing = heads.find((head) => head >= units)
    if (missing !== undefined) throw wrong(`${hook} has heads 0 to ${units - 1}, and none ${missing}`)
  }
  // A score of minus infinity is a key that is not seen.
  const isScores = hook.endsWith('hook_attn_scores')
  const check = (what: string, table: RowTable): void => {
    const bad = table.data.findIndex((value) => !Number.isFinite(value) && !(isScores && value === -Infinity))
    if (bad >= 0)
      throw errors.interventionNotFinite({
        intervention: name,
        what,
        place: bad,
        value: String(table.data[bad]),
      })
    if (table.rows < 1) throw wrong(`its ${what} has no rows`)
    if (table.units !== 1 && table.units !== units) throw wrong(`its ${what} has ${table.units} heads`)
    const actual = valuesInRow(table)
    if (width !== null && actual !== width)
      throw errors.interventionWidth({ intervention: name, what, hook, expected: width, actual })
  }
  if (width === null && ((change.kind !== 'replace' && change.kind !== 'zero') || gate))
    throw wrong(onlyReplaced(hook))
  if (gate) {
    check('gate', gate.direction)
    if (hasZeroRow(gate.direction)) throw wrong('its gate is zero and asks nothing')
    if (Number.isNaN(gate.threshold)) throw wrong('its threshold is not a number')
  }
  switch (change.kind) {
    case 'replace':
      check('source', change.table)
      break
    case 'add':
      check('vector', change.vector)
      if (!Number.isFinite(change.alpha)) throw wrong(`alpha is ${change.alpha}`)
      if (overflows(change))
        throw wrong(`alpha ${change.alpha} is too large: what it adds is no float32 number`)
      if (change.vector.data.every((value) => value === 0)) throw wrong('its vector is zero and adds nothing')
      break
    case 'clamp':
      check('vector', change.direction)
      if (!(change.low <= change.high)) throw wrong(`its bounds are ${change.low} and ${change.high}`)
      if (hasZeroRow(change.direction)) throw wrong('its vector is zero and has no direction')
  }
  const keys = width === null && change.kind === 'replace' ? valuesInRow(change.table) : undefined
  return { ...draft, identity: identityOf(draft), ...(keys !== undefined && { keys }) }
}

const valuesInRow = ({ data, rows, units }: RowTable): number => data.length / rows / units

/** Whether α, or α times one of the vector's values where it is not brought to length 1, is beyond float32's range. */
function overflows({ alpha, vector, unit }: AddedVector): boolean {
  const values = unit === 'vector' ? vector.data : new Float32Array(0)
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  return !Number.isFinite(Math.fround(alpha * largest))
}

/** The same with draws that belong to one step. */
export function withSeed(intervention: Intervention, seed: string): Intervention {
  const { change } = intervention
  if (change.kind !== 'replace' || change.choice.kind !== 'drawn') return intervention
  const choice: RowChoice = { kind: 'drawn', seed: `${change.choice.seed}/${seed}` }
  const identity = `${intervention.identity} ${choice.seed}`
  return { ...intervention, change: { ...change, choice }, identity }
}

function hasZeroRow({ data, rows, units }: RowTable): boolean {
  const width = data.length / rows / units
  for (let at = 0; at < data.length; at += width)
    if (data.subarray(at, at + width).every((value) => value === 0)) return true
  return false
}

/** Hash of what is done, the numbers of its vectors included. */
function identityOf({ hook, heads, gate, change }: InterventionDraft): string {
  const hash = createHash('sha256')
  const plain = (_: string, value: unknown): unknown => {
    if (value instanceof Float32Array) {
      hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
      return value.length
    }
    return typeof value === 'number' ? String(value) : value // JSON has no infinities
  }
  return hash.update(JSON.stringify({ hook, heads, gate, change }, plain)).digest('base64')
}
