// The same step of an episode in several runs, token by token.
// Owns: the query and what is shown of each run. Not: comparing whole runs (comparison.ts) or asking a model (jobs/inspectStep.ts).
import * as z from 'zod'
import { chatMessage, errorReport, finishReason, tokenView } from './runs.ts'

const count = z.number().int().min(0)
const floats = z.custom<Float32Array>((value) => value instanceof Float32Array, 'expected a Float32Array')

export const inspectionQuery = z.object({
  /** The first is what the others' messages are compared with; of a sweep its baseline. */
  runIds: z.array(z.string()).min(1).max(200),
  episode: count,
  step: count,
})
export type InspectionQuery = z.infer<typeof inspectionQuery>

export const inspectedMessage = z.object({
  messages: z.array(chatMessage),
  /** Whether the model read the same prompt as in the first run; null for the first itself, and where that has no such step. */
  isPromptSame: z.boolean().nullable(),
  /** Of the answer, its stop token included. */
  tokens: z.array(tokenView),
  /** Of each token, as it was drawn: natural logarithms under the run's interventions. */
  logProbabilities: floats,
  /** Of the same tokens on the same prompt without any intervention, in this step or before; null where `refusal` says why. */
  plain: floats.nullable(),
  /** First token that differs from the first run's answer, its length where one answer only goes on; null where they are the same or there is none. */
  firstDifference: count.nullable(),
  completion: z.string(),
  finish: finishReason,
  answer: z.string(),
  isInvalid: z.boolean(),
  isWin: z.boolean(),
  /** Whether an intervention met a token in this step. */
  isSteered: z.boolean(),
  /** Why the model was not asked. */
  refusal: errorReport.nullable(),
})
export type InspectedMessage = z.infer<typeof inspectedMessage>

export const inspectedRun = z.object({
  runId: z.string(),
  /** The condition's, where it is one of a sweep's; else the run's name. */
  title: z.string(),
  /** Null where the episode has not begun. */
  task: z.string().nullable(),
  /** Null where the run has not come to this step: see `missing`. */
  message: inspectedMessage.nullable(),
  /** Why there is no message, as a sentence. */
  missing: z.string().nullable(),
})
export type InspectedRun = z.infer<typeof inspectedRun>

export const stepInspection = z.object({ runs: z.array(inspectedRun) })
export type StepInspection = z.infer<typeof stepInspection>
