// Prompts in any form, as a program gives them.
// Owns: telling a text, ids and a chat apart, and refusing what is none of them. Not: tokenising (model/tokenizer.ts).
import { errors } from '../contract/errors.ts'
import type { ChatMessage } from '../contract/runs.ts'
import { checkOptions, type OptionKinds } from '../contract/options.ts'

/** A text, ids, or a chat that the model's template renders. A text gets what the tokeniser wants around it. */
export type Prompt = string | ArrayLike<number> | readonly ChatMessage[]

const roles = ['system', 'user', 'assistant'] satisfies ChatMessage['role'][]
const messageKinds: OptionKinds<ChatMessage> = { role: roles, content: 'text' }

export const isChat = (
  prompt: ArrayLike<number> | readonly ChatMessage[],
): prompt is readonly ChatMessage[] =>
  Array.isArray(prompt) && prompt.length > 0 && typeof prompt[0] === 'object'

/** @throws TypeError for what is no list of messages with a role and a content */
export function checkChat(messages: readonly ChatMessage[]): void {
  if (!Array.isArray(messages)) throw new TypeError('a chat is a list of messages { role, content }')
  messages.forEach((message: ChatMessage, index) => {
    const { role, content } = checkOptions(`message ${index} of the chat`, message, messageKinds)
    if (role === undefined || content === undefined)
      throw new TypeError(`message ${index} of the chat lacks its ${role === undefined ? 'role' : 'content'}`)
  })
}

/** Ids as they travel. @throws token_out_of_range for what no vocabulary has; TypeError for no list */
export function checkIds(ids: ArrayLike<number>, vocabulary: number): Int32Array {
  if (typeof ids !== 'object' || ids === null || !Number.isInteger(ids.length))
    throw new TypeError('a prompt is a text, a list of token ids, or a chat')
  const given = Array.from(ids)
  const wrong = given.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary)
  if (wrong >= 0) throw errors.tokenOutOfRange({ id: given[wrong], vocabulary })
  return Int32Array.from(given)
}
