// Settings from outside (a form, a command line, a file) checked against their schema.
// Owns: turning a schema's complaint into an error that names the field. Not: the schemas (contract/).
import type * as z from 'zod'
import { errors } from '../contract/errors.ts'

/** @throws invalid_input naming the first field that is wrong. */
export function parseSettings<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw errors.invalidInput(
    { field: issue.path.join('.') || 'settings', reason: issue.message },
    parsed.error,
  )
}
