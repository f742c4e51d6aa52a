// A sequence begins with what another has computed of the same first prompt.
// Owns: copying it into a slot and out of one. Not: which first prompts are kept (firstPrompts.ts).
import { valuesBefore } from '../model/hookNames.ts'
import type { ModelShape } from '../contract/models.ts'
import type { FirstPrompts } from './firstPrompts.ts'
import type { KeyValueCache } from './keyValueCache.ts'
import { capturedPoints, type RunningJob } from './scheduledJob.ts'

interface Places {
  firstPrompts: FirstPrompts
  cache: KeyValueCache
  shape: ModelShape
}

/**
 * Copies what there is of a prompt that stands on nothing, and takes it off what the sequence has to run.
 * @returns V logits of the last position where that was all; null where something is left
 */
export function takeFirstPrompt(
  job: RunningJob,
  { firstPrompts, cache, shape }: Places,
): Float32Array | null {
  const { sequence, slot, request, links } = job
  const { from, link } = sequence.pieces[0]
  if (from > 0 || request.wantLogits || request.scoreFrom !== undefined) return null
  const shared = firstPrompts.take(links[link], request.capture.hooks)
  if (!shared) return null
  const { source } = shared
  const own = sequence.pieces.filter((piece) => piece.link === link)
  const count = Math.min(shared.count, own[own.length - 1].to)
  cache.put(slot.index, source.layers, source.prompt.ids.length, count)
  for (const point of capturedPoints(request, shape)) {
    const rows = source.activations.get(point.name) as Float32Array // `take` saw to it
    slot.activations.write(point.name, 0, rows.subarray(0, valuesBefore(point, count)))
  }
  for (const [position, counts] of source.openings) if (position < count) slot.openings.set(position, counts)
  sequence.pieces = sequence.pieces.filter((piece) => piece.link !== link || piece.to > count)
  return sequence.pieces.length > 0 ? null : source.lastLogits
}

/** Keeps a copy of a first prompt that was just computed. @param lastLogits  of its last position */
export function keepFirstPrompt(
  { slot, request, links }: RunningJob,
  lastLogits: Float32Array,
  { firstPrompts, cache }: Pick<Places, 'firstPrompts' | 'cache'>,
): void {
  const { promptIds, capture } = request
  const { ids, marks } = links[0]
  if (firstPrompts.has({ ids, marks }, capture.hooks)) return
  firstPrompts.keep({
    prompt: { ids, marks },
    layers: cache.take(slot.index, promptIds.length),
    activations: slot.activations.take(promptIds.length),
    openings: new Map(slot.openings),
    lastLogits: lastLogits.slice(),
  })
}
