// How many episodes are played at once where nobody says.
// Owns: that number, from the machine's free memory and how many episodes there are. Not: what a row takes (model/memoryEstimate.ts).
// Rows of a run do not depend on it. More rows share each reading of the weights: docs/decisions/0010-batching.md has what that saves.
import { freemem } from 'node:os'
import type { ModelRecord } from '../contract/models.ts'
import type { CollectSettings } from '../contract/runs.ts'
import { memoryEstimateBytes } from '../model/memoryEstimate.ts'
import { parseStoredHook } from '../model/hookNames.ts'
import { longestSequence } from './estimate.ts'

/** Beyond it a further row saves less than a hundredth. */
const mostPlayedAtOnce = 64
/** Of the memory that the model leaves free; the rest is for the system and for answers longer than usual. */
const usedPart = 1 / 2

type Played = Pick<
  CollectSettings,
  'batch' | 'episodes' | 'environment' | 'sampling' | 'capture' | 'computeDtype'
>

/** Estimated peak memory in bytes with so many episodes at once. */
export const memoryOf = (settings: Played, model: ModelRecord, rows: number): number =>
  memoryEstimateBytes(model, {
    rows,
    tokens: Math.min(longestSequence(settings), model.shape.contextLength),
    dtype: settings.computeDtype,
    capturedValuesPerToken: settings.capture.hooks.reduce(
      (sum, hook) => sum + parseStoredHook(hook, model.shape).width,
      0,
    ),
  })

/**
 * The number that is asked for; where that is 0 as many as memory allows, at most 64, and no more than there are.
 * @param episodes  of all runs that are played together
 * @param freeBytes  what the machine has free
 */
export function playedAtOnce(
  settings: Played,
  model: ModelRecord,
  episodes = settings.episodes,
  freeBytes = freemem(),
): number {
  if (settings.batch > 0) return settings.batch
  const none = memoryOf(settings, model, 0)
  const most = none + (freeBytes - none) * usedPart
  let rows = Math.min(mostPlayedAtOnce, episodes)
  while (rows > 1 && memoryOf(settings, model, rows) > most) rows--
  return rows
}
