// What of a sequence is computed on top of what.
// Owns: the one definition of a prompt's keys and values by the prompts before it, as pieces to run. Not: running them (scheduler.ts).
// Rule (docs/decisions/0001.md): the bits of a key depend on where passes begin, on nothing else. So passes begin at places that follow from the request.
import { createHash } from 'node:crypto'

/** Most tokens of one prompt in one pass. Changing it changes bits, so it is part of the definition. */
export const chunkLength = 128

/**
 * By position of a prompt: what interventions do to its values, equal texts for equal doings. A position stands on another
 * prompt's only where all marks up to it are the same.
 */
export type Marks = ReadonlyMap<number, string>
const noMarks: Marks = new Map()

/** One prompt of a chain. */
export interface ChainLink {
  ids: Int32Array
  marks: Marks
}

/** A prompt without interventions. */
export const plainLink = (ids: Int32Array): ChainLink => ({ ids, marks: noMarks })

/** Tokens of one prompt that run in one pass, on top of everything before `from`. */
export interface PrefillPiece {
  /** Which prompt of the chain. */
  link: number
  prompt: Int32Array
  from: number
  /** Exclusive. */
  to: number
}

export function commonPrefix(one: Int32Array, other: Int32Array): number {
  const limit = Math.min(one.length, other.length)
  let length = 0
  while (length < limit && one[length] === other[length]) length++
  return length
}

/** Positions from the first on at which two prompts have the same token and the same interventions. */
export function commonStart(one: ChainLink, other: ChainLink): number {
  const common = commonPrefix(one.ids, other.ids)
  if (one.marks.size === 0 && other.marks.size === 0) return common
  let length = 0
  while (length < common && one.marks.get(length) === other.marks.get(length)) length++
  return length
}

/** Tokens of `prompt` that stand on the prompt before it: what both begin with, but never all, so that its last token has logits. */
export const sharedTokens = (before: ChainLink, prompt: ChainLink): number =>
  Math.min(commonStart(before, prompt), prompt.ids.length - 1)

/**
 * The passes that bring a slot to the end of the last prompt.
 * @param prompts  the chain, oldest first, the prompt to be answered last
 * @param known  how many of the first prompts the slot holds already (the last of those in full)
 * @param longest  tokens of the last prompt in one pass at most
 * Of an earlier prompt only what later ones keep is run: a token's bits do not depend on what follows it.
 */
export function planChain(
  prompts: readonly ChainLink[],
  known: number,
  longest = chunkLength,
): PrefillPiece[] {
  const starts = prompts.map((prompt, index) => (index === 0 ? 0 : sharedTokens(prompts[index - 1], prompt)))
  const pieces: PrefillPiece[] = []
  let end = prompts[prompts.length - 1].ids.length
  for (let index = prompts.length - 1; index >= known; index--) {
    const prompt = prompts[index].ids
    const last = Math.min(end, prompt.length)
    const chunks: PrefillPiece[] = []
    const step = index === prompts.length - 1 ? longest : chunkLength
    for (let from = starts[index]; from < last; from += step)
      chunks.push({ link: index, prompt, from, to: Math.min(from + step, last) })
    pieces.unshift(...chunks)
    end = Math.min(end, starts[index])
  }
  return pieces
}

/** Names a chain of prompts: equal for equal chains only. */
export function chainKey(prompts: readonly ChainLink[]): string {
  const hash = createHash('sha256')
  for (const { ids, marks } of prompts) {
    hash.update(Int32Array.of(ids.length, marks.size))
    hash.update(ids)
    for (const [position, mark] of marks) hash.update(`${position} ${mark}\n`)
  }
  return hash.digest('base64')
}
