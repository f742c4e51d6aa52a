// Finding text in an episode: in what the model wrote, what was answered, and what each step's prompt had new.
// Owns: hits and the tokens they cover. Not: scrolling there (timeline.svelte.ts).
import type { TokenView } from '../../main/contract/runs.ts'
import type { StepView } from './stepView.ts'

export interface Hit {
  /** Place of the step in the episode's list. */
  step: number
  part: 'prompt' | 'completion' | 'answer' | 'reason'
  /** Positions first…last of the tokens it covers; null where the part has no tokens. */
  tokens: { first: number; last: number } | null
}

/** All hits in reading order. An empty or blank needle finds nothing; letters' case is ignored. */
export function findInEpisode(steps: readonly StepView[], needle: string): Hit[] {
  const wanted = needle.toLowerCase()
  if (wanted.trim() === '') return []
  return steps.flatMap((view, step) => {
    const inTokens = (part: 'prompt' | 'completion', tokens: readonly TokenView[], offset: number): Hit[] =>
      spans(tokens, wanted).map(([first, last]) => ({
        step,
        part,
        tokens: { first: first + offset, last: last + offset },
      }))
    const inText = (part: 'answer' | 'reason', text: string): Hit[] =>
      text.toLowerCase().includes(wanted) ? [{ step, part, tokens: null }] : []
    return [
      ...inTokens('prompt', view.addedTokens, view.shared),
      ...inTokens('completion', view.completionTokens, view.record.promptIds.length),
      ...inText('answer', view.record.answer),
      ...inText('reason', view.record.reason),
    ]
  })
}

/** First and last token of each place where the joined text holds `wanted` (in lower case). Places do not overlap. */
function spans(tokens: readonly TokenView[], wanted: string): [number, number][] {
  // Lower case first, then lengths: a letter may become two.
  const texts = tokens.map((token) => token.text.toLowerCase())
  const joined = texts.join('')
  const found: [number, number][] = []
  let token = 0
  let start = 0
  const tokenAt = (offset: number): number => {
    while (token < texts.length - 1 && start + (texts[token]?.length ?? 0) <= offset)
      start += texts[token++]?.length ?? 0
    return token
  }
  for (let at = joined.indexOf(wanted); at >= 0; at = joined.indexOf(wanted, at + wanted.length))
    found.push([tokenAt(at), tokenAt(at + wanted.length - 1)])
  return found
}
