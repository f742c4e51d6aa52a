// What a step must be before it is stored.
// Owns: lengths and finiteness; a caller that breaks them has a fault. Not: what the database can check itself.
import type { StepRecord } from '../contract/runs.ts'
import type { CapturedActivations } from './activations.ts'
import { requireFinite } from './columns.ts'

export type StepContent = Omit<StepRecord, 'capturedHooks'>

const LIKELIEST = 5

/** @throws TypeError that names the field */
export function requireConsistent(record: StepContent, captures: readonly CapturedActivations[]): void {
  const generated = record.completionIds.length
  for (const field of ['logProbabilities', 'ranks', 'entropies'] as const)
    requireLength(field, record[field], generated)
  for (const field of ['topIds', 'topLogProbabilities'] as const)
    requireLength(field, record[field], generated * LIKELIEST)
  for (const field of ['reward', 'prefillMs', 'decodeMs', 'oracleMs'] as const)
    requireFinite(record[field], field)
  if (record.confidence !== null) requireFinite(record.confidence, 'confidence')
  const hooks = captures.map(({ hook }) => hook)
  if (new Set(hooks).size < hooks.length) throw new TypeError(`a hook is captured twice: ${hooks.join(', ')}`)
  const interventions = record.interventions.map(({ index }) => index)
  if (new Set(interventions).size < interventions.length)
    throw new TypeError(`an intervention is recorded twice: ${interventions.join(', ')}`)
  for (const capture of captures) requireWidths(capture, record.promptIds.length + generated)
}

function requireWidths(capture: CapturedActivations, positions: number): void {
  const { hook, width, all } = capture
  if (!Number.isInteger(width) || width < 1) throw new TypeError(`${hook} has width ${width}`)
  for (const point of ['lastPrompt', 'firstGenerated', 'meanPrompt', 'meanGenerated'] as const)
    if (capture[point]) requireLength(`${hook} ${point}`, capture[point], width)
  if (!all) return
  if (!Number.isInteger(all.firstPosition) || all.firstPosition < 0 || all.firstPosition >= positions)
    throw new TypeError(`${hook} begins at position ${all.firstPosition} of ${positions}`)
  requireLength(`${hook} all`, all.data, (positions - all.firstPosition) * width)
}

function requireLength(name: string, array: { length: number }, length: number): void {
  if (array.length !== length) throw new TypeError(`${name} has ${array.length} values, not ${length}`)
}
