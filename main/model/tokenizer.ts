// Text to token ids and back.
// Owns: encoding by `@huggingface/tokenizers`, decoding, and what each token shows in its place. Not: chat formats (chatTemplate.ts).
// Decoding goes by bytes, so it is lossless: no clean-up of spaces, whatever tokenizer_config.json says.
import { Tokenizer as Encoder } from '@huggingface/tokenizers'
import * as z from 'zod'
import type { TokenView } from '../contract/runs.ts'
import { AppError, errors } from '../contract/errors.ts'
import { parseJson, readText } from './fileReading.ts'
import { readGguf } from './gguf.ts'
import { readGgufTokenizer } from './ggufTokenizer.ts'
import type { ModelFiles } from './modelFiles.ts'
import { joinedText, shownBytes, spellingOf, tokenBytes, type ByteSpelling } from './tokenBytes.ts'

const largestId = 2 ** 24
const id = z.number().int().min(0).max(largestId)

// Hundreds of thousands of entries: a schema of each would take a second.
const isId = (value: unknown) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= largestId
const isVocabulary = (value: unknown) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isId)
const isMergeList = (value: unknown) =>
  Array.isArray(value) &&
  value.every(
    (merge: unknown) =>
      typeof merge === 'string' ||
      (Array.isArray(merge) && merge.length === 2 && merge.every((part) => typeof part === 'string')),
  )

const preTokenizer = z.looseObject({
  type: z.string(),
  individual_digits: z.boolean().nullish(),
  get pretokenizers() {
    return z.array(preTokenizer).nullish()
  },
})
type PreTokenizer = z.infer<typeof preTokenizer>
const tokenizerSchema = z.looseObject({
  model: z.looseObject({
    type: z.literal('BPE').nullish(),
    vocab: z.custom<Record<string, number>>(isVocabulary, 'not a record of ids'),
    merges: z.custom<(string | [string, string])[]>(isMergeList, 'not a list of pairs'),
  }),
  added_tokens: z
    .array(z.looseObject({ id, content: z.string().min(1), special: z.boolean().nullish() }))
    .nullish(),
  pre_tokenizer: preTokenizer.nullish(),
  decoder: z.looseObject({ type: z.string() }).nullish(),
})
const tokenText = z
  .union([z.string(), z.object({ content: z.string() }).transform((token) => token.content)])
  .nullish()
const configSchema = z.looseObject({ bos_token: tokenText })

/**
 * Reads the tokeniser of a model.
 * @throws tokenizerInvalid, modelFileMissing
 */
export async function readTokenizer(files: Pick<ModelFiles, 'tokenizer'>): Promise<Tokenizer> {
  const source = files.tokenizer
  if (source.kind === 'gguf') {
    const { json, bosToken } = readGgufTokenizer(readGguf(source.file))
    return new Tokenizer(source.file, json, bosToken)
  }
  const path = source.tokenizerFile
  const json = await readJson(path)
  const config = source.configFile === null ? {} : await readJson(source.configFile)
  const parsed = configSchema.safeParse(config)
  if (!parsed.success) {
    throw errors.tokenizerInvalid({ path: source.configFile ?? path, reason: 'bos_token is no token' })
  }
  return new Tokenizer(path, json, parsed.data.bos_token ?? null)
}

async function readJson(path: string): Promise<unknown> {
  try {
    return parseJson(path, await readText(path))
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'model_malformed') throw error
    throw errors.tokenizerInvalid({ path, reason: String(error.details.reason) }, error)
  }
}

/** The encoder wants every part named, also those that a tokeniser does without. */
const withAllParts = (json: z.infer<typeof tokenizerSchema>): object => ({
  normalizer: null,
  post_processor: null,
  ...json,
  pre_tokenizer: withAllDigits(json.pre_tokenizer),
  decoder: json.decoder ?? null,
  added_tokens: json.added_tokens ?? [],
  model: { ...json.model, type: 'BPE' },
})

/** The encoder's own `Digits` knows ASCII only; Hugging Face's takes every number (`²`, `٣`, `Ⅷ`) apart. */
function withAllDigits(preTokenizer: PreTokenizer | null | undefined): object | null {
  if (!preTokenizer) return null
  if (preTokenizer.pretokenizers) {
    return { ...preTokenizer, pretokenizers: preTokenizer.pretokenizers.map(withAllDigits) }
  }
  if (preTokenizer.type !== 'Digits') return preTokenizer
  const pattern = preTokenizer.individual_digits ? '\\p{N}' : '\\p{N}+'
  return { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false }
}

function openEncoder(path: string, json: unknown) {
  try {
    const parsed = tokenizerSchema.safeParse(json)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      throw new Error(`${issue.path.join('.') || 'the whole'}: ${issue.message}`)
    }
    const encoder = new Encoder(withAllParts(parsed.data), { clean_up_tokenization_spaces: false })
    return { data: parsed.data, encoder }
  } catch (error) {
    // The library throws plain errors of many kinds, and nesting without end is a RangeError.
    const reason = error instanceof Error ? error.message : String(error)
    throw errors.tokenizerInvalid({ path, reason }, error)
  }
}

export class Tokenizer {
  /** Ids are 0 … vocabulary − 1; some may be unused. */
  readonly vocabulary: number
  /** The token that texts begin with; null where the model has none. */
  readonly bosId: number | null
  /** Control tokens, for instance ends of turns. */
  readonly specialIds: ReadonlySet<number>
  private readonly path: string
  private readonly encoder: Encoder
  private readonly pieces: (string | undefined)[]
  private readonly ids: ReadonlyMap<string, number>
  private readonly spelling: ByteSpelling

  /**
   * @param path  for messages  @param json  as tokenizer.json  @param bosToken  text of the token that begins a text
   * @throws tokenizerInvalid
   */
  constructor(path: string, json: unknown, bosToken: string | null) {
    this.path = path
    const { data, encoder } = openEncoder(path, json)
    this.encoder = encoder
    const added = data.added_tokens ?? []
    this.ids = new Map([
      ...Object.entries(data.model.vocab),
      ...added.map((token): [string, number] => [token.content, token.id]),
    ])
    this.pieces = []
    for (const [text, number] of this.ids) this.pieces[number] = text
    this.vocabulary = this.pieces.length
    this.specialIds = new Set(added.filter((token) => token.special).map((token) => token.id))
    this.bosId = bosToken === null ? null : (this.ids.get(bosToken) ?? null)
    this.spelling = spellingOf(data.decoder)
  }

  /**
   * Ids of a text. Texts of control tokens inside it do become control tokens, as in transformers; whoever puts together
   * a prompt from parts that must not control it has to look for them first (`specialIds`).
   * @param options.special  adds what the model wants around a text, as a beginning-of-text token
   */
  encode(text: string, options: { special: boolean }): Int32Array {
    if (text === '' && !options.special) return new Int32Array(0)
    const { ids } = this.encoder.encode(text, { add_special_tokens: options.special })
    if (ids.some((number) => !Number.isInteger(number))) {
      throw errors.tokenizerInvalid({ path: this.path, reason: 'a part of the text is in no token' })
    }
    return Int32Array.from(ids)
  }

  /**
   * The text of ids. Bytes that are no UTF-8 appear as U+FFFD; ids without a token as nothing.
   * @param options.skipSpecial  leaves control tokens out
   */
  decode(ids: ArrayLike<number>, options: { skipSpecial: boolean }): string {
    const kept = Array.from(ids).filter((number) => !(options.skipSpecial && this.specialIds.has(number)))
    const text = joinedText(
      kept.map((number) => this.pieces[number] ?? ''),
      this.spelling,
    )
    return this.stripsFirstSpace(kept) ? text.slice(1) : text
  }

  /**
   * What each token shows in its place. The texts put together are the decoded text, but for characters that several
   * tokens share: each of those tokens shows its bytes as `⟨0xNN⟩`.
   */
  tokenViews(ids: ArrayLike<number>): TokenView[] {
    const list = Array.from(ids)
    const strip = this.stripsFirstSpace(list)
    return list.map((number, i) => {
      const text = shownBytes(this.bytesOf(number))
      return {
        id: number,
        text: strip && i === 0 ? text.slice(1) : text,
        isSpecial: this.specialIds.has(number),
      }
    })
  }

  /** Id of the token with exactly this text as the vocabulary spells it, for instance `<|im_end|>`. */
  tokenId(text: string): number | null {
    return this.ids.get(text) ?? null
  }

  private bytesOf(number: number): Uint8Array {
    return tokenBytes(this.pieces[number] ?? '', this.spelling)
  }

  /** SentencePiece puts a space before a text; decoding takes it away. */
  private stripsFirstSpace(ids: readonly number[]): boolean {
    return this.spelling.stripsFirstSpace && ids.length > 0 && this.bytesOf(ids[0])[0] === 0x20
  }
}
