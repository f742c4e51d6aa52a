// JSON and names as they lie in columns.
// Owns: writing JSON without silent loss, reading it by schema, run numbers. Not: the records themselves.
import * as z from 'zod'
import { errors } from '../contract/errors.ts'
import { captureDtype } from '../contract/runs.ts'

/** Where a faulty value was read, for the message. */
export interface ColumnPlace {
  /** The database. */
  path: string
  /** For instance `runs.settings of r3`. */
  column: string
}

/** @throws workspace_damaged when the text is no JSON or not of the schema */
export function readJson<T>(schema: z.ZodType<T>, text: string, place: ColumnPlace): T {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw damaged(place, 'no JSON', error)
  }
  return readValue(schema, value, place)
}

/** @throws workspace_damaged */
export function readValue<T>(schema: z.ZodType<T>, value: unknown, place: ColumnPlace): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw damaged(place, z.prettifyError(parsed.error).replaceAll('\n', ' '), parsed.error)
}

const damaged = ({ path, column }: ColumnPlace, reason: string, cause: unknown): Error =>
  errors.workspaceDamaged({ path, reason: `${column} is not valid (${reason})` }, cause)

/** @throws TypeError when JSON would lose something: NaN, undefined, a class, a typed array */
export function losslessJson(value: unknown, name: string): string {
  if (!isPlain(value)) throw new TypeError(`${name} is not plain JSON: it would not be read back as it was`)
  return JSON.stringify(value)
}

function isPlain(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value !== 'object') return false
  if (Array.isArray(value)) return Array.from(value).every(isPlain)
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.values(value).every(isPlain)
}

export function requireFinite(value: number, name: string): number {
  if (!Number.isFinite(value)) throw new TypeError(`${name} is ${value}`)
  return value
}

export const activationDtype = captureDtype

/** `r12` → 12. @throws not_found for what is no run's name */
export function runNumber(id: string): number {
  const match = /^r([1-9]\d{0,14})$/.exec(id)
  if (!match) throw errors.notFound({ kind: 'run', id })
  return Number(match[1])
}

export const runId = (run: number): string => `r${run}`
