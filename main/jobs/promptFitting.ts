// Making a prompt fit the context: whole oldest turns go, the system prompt and the assistant header stay.
// Owns: how many turns are left out of a prompt. Not: what a turn is (environments/) or its text (model/).
import type { ChatMessage } from '../contract/runs.ts'
import { errors } from '../contract/errors.ts'

export interface FittedPrompt {
  messages: ChatMessage[]
  promptIds: Int32Array
  /** Whole oldest turns left out; 0 where everything fits. */
  droppedTurns: number
}

export interface PromptSource {
  /** Turns of history that can be left out. */
  turns: number
  observe(dropTurns: number): ChatMessage[]
  /** Token ids of the rendered chat, assistant header included. */
  encode(messages: readonly ChatMessage[]): Int32Array
}

/**
 * The prompt with the fewest oldest turns left out that has at most `limit` tokens.
 * @throws prompt_too_long when it does not fit without any history.
 */
export function fitPrompt(source: PromptSource, limit: number): FittedPrompt {
  const attempt = (droppedTurns: number): FittedPrompt => {
    const messages = source.observe(droppedTurns)
    return { messages, promptIds: source.encode(messages), droppedTurns }
  }
  const whole = attempt(0)
  if (whole.promptIds.length <= limit) return whole
  const bare = attempt(source.turns)
  if (bare.promptIds.length > limit) throw errors.promptTooLong({ tokens: bare.promptIds.length, limit })
  // Fewer turns never make a longer prompt, so the smallest number that fits is found by bisection.
  let tooFew = 0
  let best = bare
  while (best.droppedTurns - tooFew > 1) {
    const middle = attempt(Math.floor((tooFew + best.droppedTurns) / 2))
    if (middle.promptIds.length <= limit) best = middle
    else tooFew = middle.droppedTurns
  }
  return best
}
