// How far a model can be trusted to compute what its authors' program computes.
// Owns: what a check is worth now, in a word and in a sentence. Not: checking (jobs/checkModel.ts) or showing it (renderer/models/, cli/).
import type { ComputeDtype, ModelCheck, ModelRecord } from './models.ts'

/** What a check holds for, beside the model's content. */
export interface CheckGround {
  innerview: string
  onnxruntime: string
  device: string
}

export interface Trust {
  /**
   * `reference`: it computes what another program computes; `selfConsistent`: every check passed, but there were no such
   * values to compare with; `outdated`: what was found is of another content or ground than there is now.
   */
  standing: 'unchecked' | 'failed' | 'selfConsistent' | 'reference' | 'outdated'
  /** On one line, without a full stop. */
  text: string
  /** Why it is outdated. */
  changes: string[]
}

/** Failed checks that are named; the others are counted. */
const NAMED = 2

/** The last check in a dtype; null before any. */
export const checkIn = ({ check, otherChecks }: ModelRecord, dtype: ComputeDtype): ModelCheck | null =>
  dtype === 'float32' ? check : (otherChecks.find((other) => other.dtype === dtype) ?? null)

/**
 * @param ground  as it is now; null where it is not known yet: then content alone is compared
 * @param dtype  what is computed with: a model is trusted in one that was checked, and in no other
 */
export function trustOf(
  model: ModelRecord,
  ground: CheckGround | null,
  dtype: ComputeDtype = 'float32',
): Trust {
  const check = checkIn(model, dtype)
  if (!check) return { standing: 'unchecked', text: 'Not checked', changes: [] }
  const changes = [...contentChanges(check, model), ...(ground ? groundChanges(check, ground) : [])]
  if (changes.length > 0)
    return { standing: 'outdated', text: `Outdated: ${lowerFirst(findingOf(check))}`, changes }
  return { standing: standingOf(check), text: findingOf(check), changes }
}

const standingOf = ({ results, reference }: ModelCheck): Trust['standing'] =>
  results.some(({ passed }) => !passed) ? 'failed' : reference ? 'reference' : 'selfConsistent'

function findingOf({ results, reference }: ModelCheck): string {
  const failed = results.filter(({ passed }) => !passed).map(({ name }) => name)
  const further = failed.length > NAMED ? ` and ${failed.length - NAMED} more` : ''
  if (failed.length > 0) return `Failed: ${failed.slice(0, NAMED).join(', ')}${further}`
  if (!reference) return 'Self-consistent only'
  const error = reference.largestError === null ? 'infinite' : reference.largestError.toExponential(1)
  return `Checked: largest relative error ${error} at ${reference.at}, against ${reference.program}`
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

const contents = {
  hash: 'the weights have changed',
  configHash: 'the configuration has changed',
  tokenizerHash: 'the tokeniser has changed',
} as const

const contentChanges = (check: ModelCheck, model: ModelRecord): string[] =>
  keysOf(contents)
    .filter((key) => check[key] !== model[key])
    .map((key) => contents[key])

const grounds = { innerview: 'Innerview', onnxruntime: 'ONNX Runtime', device: 'the device' } as const

const groundChanges = (check: ModelCheck, ground: CheckGround): string[] =>
  keysOf(grounds)
    .filter((key) => check[key] !== ground[key])
    .map((key) => `${grounds[key]} was ${check[key]}, is ${ground[key]}`)

/** Of an object literal: it has no others. */
const keysOf = <T extends object>(literal: T): (keyof T)[] => Object.keys(literal) as (keyof T)[]
