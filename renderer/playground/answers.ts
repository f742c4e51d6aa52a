// Two answers as they are written.
// Owns: what is known of each token, gathered from events that come in any order. Not: asking, drawing.
import type { PlaygroundAnswer, PlaygroundItem } from '../../main/contract/playground.ts'
import type { FinishReason, TokenView } from '../../main/contract/runs.ts'

type Item<K extends PlaygroundItem['kind']> = Extract<PlaygroundItem, { kind: K }>

export interface PlayedToken extends Omit<Item<'token'>, 'kind' | 'answer' | 'index'> {
  /** KL(steered ‖ plain) in nats; only of the steered answer, and a little after its token. */
  divergence: number | null
  /** Under the model without interventions; as above. */
  plainLogProbability: number | null
  /** What the probe reads at the token. */
  probe: number | null
}

export interface PlayedAnswer {
  tokens: readonly PlayedToken[]
  end: { finish: FinishReason; completion: string; interventions: Item<'end'>['interventions'] } | null
}

export interface Play {
  prompt: readonly TokenView[] | null
  progress: { label: string; fraction: number } | null
  steered: PlayedAnswer
  plain: PlayedAnswer
}

const nothing: PlayedAnswer = { tokens: [], end: null }
export const newPlay = (): Play => ({ prompt: null, progress: null, steered: nothing, plain: nothing })

/** Values whose token has not come yet wait here, by answer and index. */
export class Waiting {
  readonly values = new Map<string, Partial<PlayedToken>>()
}

/** The play after some more has happened; what did not change stays the same object. */
export function afterItems(play: Play, items: readonly PlaygroundItem[], waiting: Waiting): Play {
  const next = { ...play }
  const tokens: Record<PlaygroundAnswer, PlayedToken[] | null> = { steered: null, plain: null }
  const listOf = (answer: PlaygroundAnswer): PlayedToken[] => (tokens[answer] ??= [...next[answer].tokens])
  const put = (answer: PlaygroundAnswer, index: number, values: Partial<PlayedToken>): void => {
    const list = listOf(answer)
    const known = list[index]
    if (known) list[index] = { ...known, ...values }
    else {
      const key = `${answer}/${index}`
      waiting.values.set(key, { ...waiting.values.get(key), ...values })
    }
  }
  for (const item of items) {
    if (item.kind === 'progress') next.progress = { label: item.label, fraction: item.fraction }
    else if (item.kind === 'prompt') Object.assign(next, { prompt: item.tokens, progress: null })
    else if (item.kind === 'compared') {
      const { divergence, logProbability: plainLogProbability } = item
      put('steered', item.index, { divergence, plainLogProbability })
    } else if (item.kind === 'probe') {
      if (item.index >= 0) put(item.answer, item.index, { probe: item.probability })
    } else if (item.kind === 'end') {
      const { answer, finish, completion, interventions } = item
      next[answer] = { ...next[answer], end: { finish, completion, interventions } }
    } else {
      const { kind: _, answer, index, ...drawn } = item
      const key = `${answer}/${index}`
      const early = waiting.values.get(key)
      waiting.values.delete(key)
      listOf(answer)[index] = { ...drawn, divergence: null, plainLogProbability: null, probe: null, ...early }
    }
  }
  for (const answer of ['steered', 'plain'] as const) {
    const list = tokens[answer]
    if (list) next[answer] = { ...next[answer], tokens: list }
  }
  return next
}

export const meanOf = (values: readonly (number | null)[]): number | null => {
  const known = values.filter((value) => value !== null)
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
}
