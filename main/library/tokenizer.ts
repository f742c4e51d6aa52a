// Texts, ids and token texts, by TransformerLens's names.
// Owns: the public face of a model's tokeniser. Not: tokenising (model/tokenizer.ts).
import { errors } from '../contract/errors.ts'
import type { ChatMessage } from '../contract/runs.ts'
import type { ChatTemplate } from '../model/chatTemplate.ts'
import type { Tokenizer } from '../model/tokenizer.ts'
import { checkOptions, type OptionKinds } from '../contract/options.ts'
import { checkChat, checkIds } from './prompts.ts'

export interface ToTokensOptions {
  /** Whether the text begins with the model's beginning-of-text token; what its tokeniser does by itself where left out. */
  prependBos?: boolean
}

const toTokensOptions: OptionKinds<ToTokensOptions> = { prependBos: 'boolean' }

export class ModelTokenizer {
  /** Ids are 0 … vocabulary − 1. */
  readonly vocabulary: number
  /** Null where the model has no token that begins a text. */
  readonly bosId: number | null
  private readonly tokenizer: Tokenizer
  private readonly template: ChatTemplate

  /** @internal */
  constructor(tokenizer: Tokenizer, template: ChatTemplate) {
    this.tokenizer = tokenizer
    this.template = template
    this.vocabulary = tokenizer.vocabulary
    this.bosId = tokenizer.bosId
  }

  /**
   * Ids of a text. Texts of control tokens in it become control tokens.
   * @throws invalid_input where a beginning-of-text token is wanted and the model has none
   */
  toTokens(text: string, options: ToTokensOptions = {}): Int32Array {
    const { prependBos } = checkOptions('toTokens', options, toTokensOptions)
    if (typeof text !== 'string') throw new TypeError(`toTokens takes a text, not a ${typeof text}`)
    if (prependBos === undefined) return this.tokenizer.encode(text, { special: true })
    const ids = this.tokenizer.encode(text, { special: false })
    if (!prependBos) return ids
    if (this.bosId === null)
      throw errors.invalidInput({
        field: 'prependBos',
        reason: 'this model has no token that begins a text',
      })
    return Int32Array.from([this.bosId, ...ids])
  }

  /**
   * Ids of a chat as the model's template writes it, with the header that asks for an answer.
   * @throws chat_template_failed; a TypeError for what is no list of messages
   */
  chatToTokens(messages: readonly ChatMessage[]): Int32Array {
    checkChat(messages)
    return this.tokenizer.encode(this.template.render(messages), { special: false })
  }

  /** The text of ids, control tokens included; bytes that are no UTF-8 appear as U+FFFD. @throws token_out_of_range */
  toString(ids: ArrayLike<number>): string {
    return this.tokenizer.decode(checkIds(ids, this.vocabulary), { skipSpecial: false })
  }

  /** What each token of a text, or of ids, shows in its place. @throws as `toTokens` */
  toStrTokens(input: string | ArrayLike<number>, options: ToTokensOptions = {}): string[] {
    const ids = typeof input === 'string' ? this.toTokens(input, options) : checkIds(input, this.vocabulary)
    return this.tokenizer.tokenViews(ids).map(({ text }) => text)
  }

  /** The id of a text that is one token, for instance ` cat`. @throws invalid_input for none or several */
  toSingleToken(text: string): number {
    const ids = this.tokenizer.encode(text, { special: false })
    if (ids.length === 1) return ids[0]
    const parts = this.toStrTokens(ids).map((part) => `“${part}”`)
    throw errors.invalidInput({
      field: 'token',
      reason: `“${text}” is ${ids.length} tokens (${parts.join(' ')})`,
    })
  }

  /** Id of a control token by its text, for instance `<|im_end|>`; null where there is none. */
  tokenId(text: string): number | null {
    return this.tokenizer.tokenId(text)
  }
}
