// The tokeniser inside a GGUF file, as the object that tokenizer.json would hold.
// Owns: llama.cpp's `tokenizer.ggml.*` metadata. Not: what its pre-tokenisers' names mean (ggufPreTokenizers.ts), encoding (tokenizer.ts).
// Merges of SentencePiece vocabularies as transformers derives them.
import { errors } from '../contract/errors.ts'
import type { Gguf, GgufValue } from './gguf.ts'
import { ggufPreTokenizer } from './ggufPreTokenizers.ts'

export interface GgufTokenizer {
  /** Shaped as tokenizer.json. */
  json: object
  bosToken: string | null
}

/** What tokenizer.ggml.token_type says of a token. */
const kind = { normal: 1, unknown: 2, control: 3, userDefined: 4, byte: 6 }

/**
 * @throws tokenizerInvalid where the metadata is missing, contradicts itself or names an unknown pre-tokeniser
 */
export function readGgufTokenizer(gguf: Gguf): GgufTokenizer {
  const { path, metadata } = gguf
  const model = metadata.get('tokenizer.ggml.model')
  const tokens = textList(gguf, 'tokenizer.ggml.tokens')
  const types = metadata.has('tokenizer.ggml.token_type')
    ? numberList(gguf, 'tokenizer.ggml.token_type')
    : tokens.map(() => kind.normal)
  if (tokens.length === 0 || types.length !== tokens.length) {
    const reason = `${tokens.length} tokens with ${types.length} types`
    throw errors.tokenizerInvalid({ path, reason })
  }
  if (model !== 'gpt2' && model !== 'llama') {
    const reason = `the tokeniser “${String(model).slice(0, 100)}” (only gpt2 and llama)`
    throw errors.tokenizerInvalid({ path, reason })
  }
  const build = model === 'gpt2' ? byteLevelTokenizer : sentencePieceTokenizer
  const bosId = metadata.get('tokenizer.ggml.bos_token_id')
  const bosToken = typeof bosId === 'number' ? (tokens[bosId] ?? null) : null
  return { json: build(gguf, tokens, types, bosToken), bosToken }
}

function byteLevelTokenizer(gguf: Gguf, tokens: string[], types: number[], bosToken: string | null): object {
  const { path, metadata } = gguf
  const pre = ggufPreTokenizer(gguf)
  const merges = textList(gguf, 'tokenizer.ggml.merges').map((merge) => {
    // A token may begin with a space's stand-in, never with a space: the first one after the start parts the two.
    const at = merge.indexOf(' ', 1)
    if (at < 0) throw errors.tokenizerInvalid({ path, reason: `“${merge.slice(0, 100)}” is no merge` })
    return [merge.slice(0, at), merge.slice(at + 1)]
  })
  const addBos = flag(metadata.get('tokenizer.ggml.add_bos_token'), pre.addBos)
  return {
    added_tokens: addedTokens(tokens, types),
    normalizer: pre.composes ? { type: 'NFC' } : null,
    pre_tokenizer: pre.split,
    post_processor: beginning(addBos ? bosToken : null, tokens),
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', vocab: vocabularyOf(path, tokens), merges, ignore_merges: pre.ignoreMerges },
  }
}

function sentencePieceTokenizer(
  gguf: Gguf,
  tokens: string[],
  types: number[],
  bosToken: string | null,
): object {
  const { path, metadata } = gguf
  const scores = numberList(gguf, 'tokenizer.ggml.scores')
  if (scores.length !== tokens.length) {
    throw errors.tokenizerInvalid({ path, reason: `${tokens.length} tokens with ${scores.length} scores` })
  }
  const prefix = flag(metadata.get('tokenizer.ggml.add_space_prefix'), true)
  const addBos = flag(metadata.get('tokenizer.ggml.add_bos_token'), true)
  const toUnderline = { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
  const fromUnderline = { type: 'Replace', pattern: { String: '▁' }, content: ' ' }
  const unknown = types.indexOf(kind.unknown)
  const eatsSpace = metadata.get('general.architecture') === 'phi3' ? phi3EatsSpace : () => false
  return {
    added_tokens: addedTokens(tokens, types, eatsSpace),
    normalizer: {
      type: 'Sequence',
      normalizers: prefix ? [{ type: 'Prepend', prepend: '▁' }, toUnderline] : [toUnderline],
    },
    pre_tokenizer: null,
    post_processor: beginning(addBos ? bosToken : null, tokens),
    decoder: {
      type: 'Sequence',
      decoders: [
        fromUnderline,
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: {
      type: 'BPE',
      unk_token: unknown < 0 ? null : tokens[unknown],
      fuse_unk: true,
      byte_fallback: true,
      vocab: vocabularyOf(path, tokens),
      merges: mergesByScore(tokens, types, scores),
    },
  }
}

/**
 * Every way to make a piece of two others, best piece first, as SentencePiece would join them: by the score of what
 * results, ties by the longer left and right part.
 */
function mergesByScore(tokens: string[], types: number[], scores: number[]): [string, string][] {
  const ids = new Map<string, number>()
  tokens.forEach((token, id) => {
    if (types[id] === kind.normal || types[id] === kind.userDefined) ids.set(token, id)
  })
  const merges: { left: string; right: string; score: number }[] = []
  for (const [token, id] of ids) {
    const ways: typeof merges = []
    for (let at = 1; at < token.length; at++) {
      const [left, right] = [token.slice(0, at), token.slice(at)]
      if (ids.has(left) && ids.has(right)) ways.push({ left, right, score: scores[id] })
    }
    const idOf = (part: string) => ids.get(part) ?? 0
    ways.sort((a, b) => idOf(a.left) - idOf(b.left) || idOf(a.right) - idOf(b.right))
    for (const way of ways) merges.push(way)
  }
  const characters = (text: string) => Array.from(text).length
  merges.sort(
    (a, b) =>
      b.score - a.score ||
      characters(b.left) - characters(a.left) ||
      characters(b.right) - characters(a.right),
  )
  return merges.map(({ left, right }) => [left, right])
}

function vocabularyOf(path: string, tokens: string[]): Record<string, number> {
  const ids = new Map<string, number>()
  tokens.forEach((token, id) => ids.set(token, id))
  if (ids.size !== tokens.length)
    throw errors.tokenizerInvalid({ path, reason: 'two tokens have the same text' })
  return Object.fromEntries(ids)
}

/** Phi-3's control tokens take the space and the line's end after them away; GGUF does not say so, and llama.cpp goes by the model, too. */
const phi3EatsSpace = (content: string): boolean => !['<unk>', '<s>', '<|endoftext|>'].includes(content)

function addedTokens(
  tokens: string[],
  types: number[],
  eatsSpace: (content: string) => boolean = () => false,
): object[] {
  return tokens.flatMap((content, id) => {
    const special = types[id] === kind.control || types[id] === kind.unknown
    if (!special && types[id] !== kind.userDefined) return []
    const rstrip = special && eatsSpace(content)
    return [{ id, content, special, single_word: false, lstrip: false, rstrip, normalized: false }]
  })
}

const beginning = (bosToken: string | null, tokens: string[]): object => ({
  type: 'TemplateProcessing',
  single: [
    ...(bosToken === null ? [] : [{ SpecialToken: { id: bosToken, type_id: 0 } }]),
    { Sequence: { id: 'A', type_id: 0 } },
  ],
  pair: [],
  special_tokens:
    bosToken === null
      ? {}
      : { [bosToken]: { id: bosToken, ids: [tokens.indexOf(bosToken)], tokens: [bosToken] } },
})

const flag = (value: GgufValue | undefined, otherwise: boolean): boolean =>
  typeof value === 'boolean' ? value : otherwise

function textList({ path, metadata }: Gguf, key: string): string[] {
  const value = metadata.get(key)
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw errors.tokenizerInvalid({ path, reason: `${key} is no list of texts` })
  }
  return value
}

function numberList({ path, metadata }: Gguf, key: string): number[] {
  const value = metadata.get(key)
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'number')) {
    throw errors.tokenizerInvalid({ path, reason: `${key} is no list of numbers` })
  }
  return value
}
