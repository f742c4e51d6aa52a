import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { tinyGguf } from '../../tests/support/tinyGguf.ts'
import type { GgufValue } from './gguf.ts'
import { readGgufTokenizer } from './ggufTokenizer.ts'
import { Tokenizer } from './tokenizer.ts'

interface Golden {
  texts: string[]
  tinyLlama3: {
    tokenizer: {
      model: { vocab: Record<string, number>; merges: [string, string][] }
      added_tokens: AddedToken[]
    }
    plain: number[][]
    special: number[][]
  }
  sentencePiece: { tokens: string[]; scores: number[]; types: number[]; texts: string[]; ids: number[][] }
}
interface AddedToken {
  id: number
  content: string
  special: boolean
}
const golden: Golden = JSON.parse(
  readFileSync(new URL('../../tests/parity/golden/tokenizer.json', import.meta.url), 'utf8'),
)

const build = (metadata: Record<string, GgufValue>, architecture = 'llama'): Tokenizer => {
  const entries = Object.entries(metadata).map(([key, value]): [string, GgufValue] => [
    `tokenizer.ggml.${key}`,
    value,
  ])
  const all = new Map<string, GgufValue>([['general.architecture', architecture], ...entries])
  const gguf = { path: 'm.gguf', version: 3, metadata: all, tensors: new Map(), fileBytes: 0 }
  const { json, bosToken } = readGgufTokenizer(gguf)
  return new Tokenizer('m.gguf', json, bosToken)
}

function llama3Metadata(): Record<string, GgufValue> {
  const { model, added_tokens: added } = golden.tinyLlama3.tokenizer
  const tokens: string[] = []
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token
  const types = tokens.map(() => 1)
  for (const { id, content, special } of added) {
    tokens[id] = content
    types[id] = special ? 3 : 4
  }
  return {
    model: 'gpt2',
    pre: 'llama-bpe',
    tokens,
    token_type: types,
    merges: model.merges.map((pair) => pair.join(' ')),
    bos_token_id: tokens.indexOf('<|begin_of_text|>'),
  }
}

describe('readGgufTokenizer', () => {
  it('gives the ids of the tokenizer.json that a GGUF file was made from', () => {
    const tokenizer = build(llama3Metadata())
    golden.tinyLlama3.plain.forEach((ids, i) => {
      expect([...tokenizer.encode(golden.texts[i], { special: false })], golden.texts[i]).toEqual(ids)
    })
    golden.tinyLlama3.special.forEach((ids, i) => {
      expect([...tokenizer.encode(golden.texts[i], { special: true })]).toEqual(ids)
    })
  })

  it('gives the ids that SentencePiece gives for a vocabulary with scores', () => {
    const { tokens, scores, types, texts, ids } = golden.sentencePiece
    const tokenizer = build({ model: 'llama', tokens, scores, token_type: types, bos_token_id: 1 })
    expect(texts.length).toBeGreaterThan(200)
    texts.forEach((text, i) => {
      expect([...tokenizer.encode(text, { special: false })], text).toEqual(ids[i])
      expect([...tokenizer.encode(text, { special: true })]).toEqual([1, ...ids[i]])
      expect(tokenizer.decode(ids[i], { skipSpecial: true })).toBe(text)
    })
  })

  it('puts no space before a text where the file says so', () => {
    const { tokens, scores, types } = golden.sentencePiece
    const tokenizer = build({ model: 'llama', tokens, scores, token_type: types, add_space_prefix: false })
    const ids = tokenizer.encode('Is', { special: false })
    expect(tokenizer.decode(ids, { skipSpecial: false })).toBe('Is')
    expect(tokenizer.tokenViews(ids)[0].text.startsWith(' ')).toBe(false)
  })

  it('adds a beginning only where the file or its kind asks for it', () => {
    const metadata = llama3Metadata()
    const first = (changes: Record<string, GgufValue>) =>
      build({ ...metadata, ...changes }).encode('a', { special: true })
    expect(first({})).toHaveLength(2)
    expect(first({ add_bos_token: false })).toHaveLength(1)
    expect(first({ pre: 'gpt-2' })).toHaveLength(1)
    expect(first({ pre: 'gpt-2', add_bos_token: true })).toHaveLength(2)
  })

  it('takes digits apart for SmolLM', () => {
    const { metadata } = tinyGguf({ quantised: true }).input
    const values = Object.entries(metadata).filter(([key]) => key.startsWith('tokenizer.ggml.'))
    const tokenizer = build(
      Object.fromEntries(values.map(([key, { value }]) => [key.slice(15), value as GgufValue])), // only values of GGUF
    )
    const texts = tokenizer
      .tokenViews(tokenizer.encode('hello <|im_end|>', { special: false }))
      .map((view) => view.text)
    expect(texts).toEqual(['he', 'll', 'o', ' ', '<|im_end|>'])
  })

  it('takes the space after Phi-3’s control tokens away, and after no others', () => {
    const { tokens, scores, types } = golden.sentencePiece
    const metadata = {
      model: 'llama',
      tokens: [...tokens, '<|user|>', '<|endoftext|>'],
      scores: [...scores, 0, 0],
      token_type: [...types, 3, 3],
    }
    const views = (architecture: string, text: string): string[] => {
      const tokenizer = build(metadata, architecture)
      return tokenizer.tokenViews(tokenizer.encode(text, { special: false })).map((view) => view.text)
    }
    const chat = '<|user|>\n Is it'
    expect(views('phi3', chat).join('')).toBe('<|user|> Is it')
    expect(views('llama', chat).join('')).toBe('<|user|> \n Is it')
    expect(views('phi3', '<|endoftext|>\n').join('')).toBe('<|endoftext|> \n')
  })

  it.each<[string, Record<string, GgufValue>, string]>([
    ['no tokens', { tokens: [] }, '0 tokens'],
    ['tokens that are numbers', { tokens: [1, 2] }, 'tokenizer.ggml.tokens'],
    ['another number of types', { token_type: [1] }, 'with 1 types'],
    ['another tokeniser', { model: 'bert' }, 'bert'],
    ['an inherited name for a tokeniser', { model: 'toString' }, 'toString'],
    ['an unknown pre-tokeniser', { pre: 'chatglm-bpe' }, 'chatglm-bpe'],
    ['merges that are none', { merges: ['ab'] }, '“ab” is no merge'],
    ['no scores for SentencePiece', { model: 'llama' }, 'tokenizer.ggml.scores'],
    ['a token twice', { tokens: ['a', 'a'], token_type: [1, 1] }, 'same text'],
  ])('refuses %s', (_, changes, reason) => {
    expect(() => build({ ...llama3Metadata(), ...changes })).toThrow(
      expect.objectContaining({ code: 'tokenizer_invalid', message: expect.stringContaining(reason) }),
    )
  })
})
