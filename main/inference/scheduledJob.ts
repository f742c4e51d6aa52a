// A request in a scheduler's hands, and the room that it needs.
// Owns: what is known of it before and while it runs. Not: when it runs (scheduler.ts) or where (slotPool.ts).
import type { AppError } from '../contract/errors.ts'
import { errors } from '../contract/errors.ts'
import type { ModelShape } from '../contract/models.ts'
import { parseHook, valuesBefore, type HookPoint } from '../model/hookNames.ts'
import { bytesPerPosition } from '../model/memoryEstimate.ts'
import type { BoundLink } from './interventionChain.ts'
import { roundPositions } from './keyValueCache.ts'
import type { LedAnswer } from './ledAnswer.ts'
import type { GenerateRequest, GenerateResult } from './requests.ts'
import type { Sequence } from './sequence.ts'
import type { Room, Slot } from './slotPool.ts'

export interface Job {
  id: number
  request: GenerateRequest
  /** Its earlier prompts, then its own. */
  links: readonly BoundLink[]
  leads: LedAnswer | null
  follows: LedAnswer | null
  resolve: (result: GenerateResult) => void
  reject: (reason: unknown) => void
}

export interface RunningJob extends Job {
  slot: Slot
  sequence: Sequence
}

/** Positions that a request needs, prompt and answer together. */
export const positionsOf = ({ promptIds, sampling }: GenerateRequest): number =>
  roundPositions(promptIds.length + sampling.maxNewTokens)

/** Hook points that a request captures. */
export const capturedPoints = ({ capture }: GenerateRequest, shape: ModelShape): HookPoint[] =>
  capture.hooks.map((hook) => parseHook(hook, shape))

export function roomOf(request: GenerateRequest, shape: ModelShape): Room {
  const positions = positionsOf(request)
  const recorded = capturedPoints(request, shape).reduce(
    (sum, point) => sum + valuesBefore(point, positions) / positions,
    0,
  )
  return { positions, recorded }
}

export function outOfMemory(request: GenerateRequest, shape: ModelShape, cause: RangeError): AppError {
  const { positions, recorded } = roomOf(request, shape)
  const neededBytes = positions * bytesPerPosition(shape, recorded)
  return errors.notEnoughMemory({ neededBytes, freeBytes: process.availableMemory() }, cause)
}
