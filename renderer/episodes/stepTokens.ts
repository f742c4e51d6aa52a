// One step as a row of tokens: position 0 is the prompt's first token, generated ones follow the prompt.
// Owns: which token stands where and what is known of it. Not: how it looks (Tokens.svelte), colours (tokenColour.ts).
import type { TokenView } from '../../main/contract/runs.ts'
import type { StepView } from './stepView.ts'

export interface Alternative {
  id: number
  text: string
  /** 0…1 */
  probability: number
  isChosen: boolean
}

export interface TokenDetails {
  position: number
  part: 'prompt' | 'completion'
  /** Place within its part. */
  index: number
  token: TokenView
  /** A prompt token that the step before had too, at the same position. */
  isShared: boolean
  /** Only for a generated token. */
  drawn: {
    probability: number
    logProbability: number
    /** 0 is the likeliest. */
    rank: number
    /** Nats */
    entropy: number
    top: Alternative[]
  } | null
}

const topPerToken = 5

/** What is known of the token at a position; null where there is none. */
export function tokenDetails(view: StepView, position: number): TokenDetails | null {
  const promptLength = view.record.promptIds.length
  const index = position < promptLength ? position : position - promptLength
  const part = position < promptLength ? 'prompt' : 'completion'
  const token = (part === 'prompt' ? view.promptTokens : view.completionTokens)[index]
  if (position < 0 || token === undefined) return null
  const isShared = part === 'prompt' && position < view.shared
  return { position, part, index, token, isShared, drawn: part === 'prompt' ? null : drawn(view, index) }
}

function drawn(view: StepView, index: number): TokenDetails['drawn'] {
  const { record } = view
  const logProbability = record.logProbabilities[index]
  if (logProbability === undefined) return null
  const top: Alternative[] = []
  for (let k = index * topPerToken; k < (index + 1) * topPerToken; k++) {
    const id = record.topIds[k]
    if (id === undefined) break
    top.push({
      id,
      text: view.alternative(id, index),
      probability: Math.exp(record.topLogProbabilities[k] ?? -Infinity),
      isChosen: id === record.completionIds[index],
    })
  }
  return {
    probability: Math.exp(logProbability),
    logProbability,
    rank: record.ranks[index] ?? 0,
    entropy: record.entropies[index] ?? 0,
    top,
  }
}

/** How many of a prompt's tokens stood in the step before, and how many are new. */
export function promptGrowth(view: StepView): { total: number; shared: number; added: number } {
  const total = view.record.promptIds.length
  return { total, shared: view.shared, added: total - view.shared }
}

/** The new part of a prompt as running text, control tokens left out. */
export function addedText(view: StepView): string {
  return view.addedTokens
    .filter((token) => !token.isSpecial)
    .map((token) => token.text)
    .join('')
}

/** The whole prompt as the model got it, control tokens included. */
export const promptText = (view: StepView): string => view.promptTokens.map((token) => token.text).join('')

/** Ids as a list that other programs read: `[1, 2, 3]`. */
export const idList = (ids: ArrayLike<number>): string => `[${Array.from(ids).join(', ')}]`

export type Verdict = 'valid' | 'invalid' | 'win'

export const verdictOf = (record: { isWin: boolean; isInvalid: boolean }): Verdict =>
  record.isWin ? 'win' : record.isInvalid ? 'invalid' : 'valid'

const letters: Record<string, Verdict> = { v: 'valid', i: 'invalid', w: 'win' }
/** Verdicts of an episode's letters, one a step. */
export const verdictsOf = (letterPerStep: string): Verdict[] =>
  [...letterPerStep].map((letter) => letters[letter] ?? 'valid')
