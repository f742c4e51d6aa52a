import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Tokenizer, readTokenizer } from './tokenizer.ts'

interface Sample {
  tokenizer: { model: object; pre_tokenizer: object; added_tokens: { id: number; content: string }[] }
  plain: number[][]
  special: number[][]
  decoded: { ids: number[]; all: string; text: string }[]
}
const golden: { texts: string[]; tinyLlama3: Sample; tinyLlama2: Sample } = JSON.parse(
  readFileSync(new URL('../../tests/parity/golden/tokenizer.json', import.meta.url), 'utf8'),
)
const llama3 = new Tokenizer('llama3/tokenizer.json', golden.tinyLlama3.tokenizer, '<|begin_of_text|>')
const llama2 = new Tokenizer('llama2/tokenizer.json', golden.tinyLlama2.tokenizer, '<s>')
const both = [
  ['Llama 3’s way', llama3, golden.tinyLlama3],
  ['Llama 2’s way', llama2, golden.tinyLlama2],
] as const

describe.each(both)('a tokeniser in %s', (_, tokenizer, sample) => {
  it('gives the ids that Hugging Face’s gives, over all texts', () => {
    expect(sample.plain.length).toBeGreaterThan(200)
    sample.plain.forEach((ids, i) => {
      expect([...tokenizer.encode(golden.texts[i], { special: false })], golden.texts[i]).toEqual(ids)
    })
    sample.special.forEach((ids, i) => {
      expect([...tokenizer.encode(golden.texts[i], { special: true })], golden.texts[i]).toEqual(ids)
    })
  })

  it('decodes any ids, sensible or not, as Hugging Face’s does', () => {
    for (const { ids, all, text } of sample.decoded) {
      expect(tokenizer.decode(ids, { skipSpecial: false })).toBe(all)
      expect(tokenizer.decode(Int32Array.from(ids), { skipSpecial: true })).toBe(text)
    }
  })

  it('gives back every text', () => {
    for (const text of golden.texts) {
      // SentencePiece takes an underline for a space.
      if (tokenizer === llama2 && text.includes('▁')) continue
      const ids = tokenizer.encode(text, { special: false })
      const startsSpecial = ids.length > 0 && tokenizer.specialIds.has(ids[0])
      if (tokenizer === llama2 && /<s>|<\/s>/.test(text) && !startsSpecial) continue
      expect(tokenizer.decode(ids, { skipSpecial: false })).toBe(text)
    }
  })

  it('shows tokens that put together are the text, but for shared characters', () => {
    for (const text of golden.texts) {
      const ids = tokenizer.encode(text, { special: true })
      const shown = tokenizer.tokenViews(ids)
      expect(shown.map(({ id }) => id)).toEqual([...ids])
      const together = shown.map((view) => view.text).join('')
      if (!/⟨0x/.test(together)) expect(together).toBe(tokenizer.decode(ids, { skipSpecial: false }))
      expect(together).not.toContain('\u{FFFD}'.repeat(2))
    }
  })

  it('knows its beginning, its control tokens and its size', () => {
    expect(tokenizer.bosId).toBe(tokenizer.encode('', { special: true })[0])
    expect(tokenizer.specialIds.has(tokenizer.bosId!)).toBe(true)
    expect(tokenizer.vocabulary).toBeGreaterThan(400)
    expect(tokenizer.encode('', { special: false })).toHaveLength(0)
    expect(tokenizer.decode([], { skipSpecial: false })).toBe('')
    expect(tokenizer.tokenId('no such token')).toBeNull()
    expect(tokenizer.tokenId('constructor')).toBeNull()
  })
})

describe('Tokenizer', () => {
  it('shows bytes of a character that two tokens share', () => {
    const ids = llama3.encode('é🦊', { special: false })
    const text = llama3
      .tokenViews(ids)
      .map((view) => view.text)
      .join('')
    expect(text).toMatch(/⟨0xF0⟩.*⟨0x9F⟩/)
    expect(llama3.decode(ids, { skipSpecial: false })).toBe('é🦊')
  })

  it('takes texts of control tokens inside a text for control tokens, and only whole ones', () => {
    const end = llama3.tokenId('<|im_end|>')!
    expect([...llama3.encode('a<|im_end|>', { special: false })]).toContain(end)
    expect([...llama3.encode('a<|im_end| >', { special: false })]).not.toContain(end)
    expect(llama3.tokenViews([end])).toEqual([{ id: end, text: '<|im_end|>', isSpecial: true }])
    expect(llama3.decode([end], { skipSpecial: true })).toBe('')
  })

  it('shows nothing for ids beyond its vocabulary', () => {
    expect(llama3.decode([10 ** 6, -1], { skipSpecial: false })).toBe('')
    expect(llama3.tokenViews([10 ** 6])).toEqual([{ id: 10 ** 6, text: '', isSpecial: false }])
  })

  const valid = golden.tinyLlama3.tokenizer
  const nested = (depth: number) => {
    let inner: object = { type: 'ByteLevel' }
    for (let i = 0; i < depth; i++) inner = { type: 'Sequence', pretokenizers: [inner] }
    return inner
  }
  it.each<[string, unknown, string]>([
    ['a list', [], ''],
    ['nothing', null, ''],
    ['no model', { ...valid, model: undefined }, 'model'],
    ['a model of another kind', { ...valid, model: { ...valid.model, type: 'WordPiece' } }, 'model.type'],
    ['ids that are texts', { ...valid, model: { ...valid.model, vocab: { a: '0' } } }, 'model.vocab'],
    ['an id of billions', { ...valid, model: { ...valid.model, vocab: { a: 4e9 } } }, 'model.vocab'],
    ['merges of three', { ...valid, model: { ...valid.model, merges: [['a', 'b', 'c']] } }, 'model.merges'],
    ['an added token without text', { ...valid, added_tokens: [{ id: 1 }] }, 'added_tokens.0.content'],
    ['pre-tokenisers nested without end', { ...valid, pre_tokenizer: nested(20_000) }, 'call stack'],
    ['an unknown pre-tokeniser', { ...valid, pre_tokenizer: { type: 'Telepathy' } }, 'Telepathy'],
    [
      'a broken expression',
      {
        ...valid,
        pre_tokenizer: { type: 'Split', pattern: { Regex: '(((' }, behavior: 'Isolated', invert: false },
      },
      '',
    ],
  ])('refuses %s', (_, json, reason) => {
    expect(() => new Tokenizer('m/tokenizer.json', json, null)).toThrow(
      expect.objectContaining({ code: 'tokenizer_invalid', message: expect.stringContaining(reason) }),
    )
  })
})

describe('readTokenizer', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tokenizer-'))
  })
  afterEach(() => rm(folder, { recursive: true }))
  const at = (name: string) => join(folder, name)
  const read = (configFile: string | null) =>
    readTokenizer({ tokenizer: { kind: 'huggingface', tokenizerFile: at('tokenizer.json'), configFile } })

  it('takes the beginning of texts from tokenizer_config.json, as text or token', async () => {
    await writeFile(at('tokenizer.json'), JSON.stringify(golden.tinyLlama3.tokenizer))
    expect((await read(null)).bosId).toBeNull()
    await writeFile(at('tokenizer_config.json'), JSON.stringify({ bos_token: '<|begin_of_text|>' }))
    expect((await read(at('tokenizer_config.json'))).bosId).toBe(llama3.bosId)
    await writeFile(at('tokenizer_config.json'), JSON.stringify({ bos_token: { content: '<|eot_id|>' } }))
    expect((await read(at('tokenizer_config.json'))).bosId).toBe(llama3.tokenId('<|eot_id|>'))
  })

  it('says what is wrong with the file', async () => {
    await expect(read(null)).rejects.toMatchObject({ code: 'model_file_missing' })
    const whole = JSON.stringify(golden.tinyLlama3.tokenizer)
    await writeFile(at('tokenizer.json'), whole.slice(0, 1000))
    const fault = { code: 'tokenizer_invalid', message: expect.stringContaining('not JSON') }
    await expect(read(null)).rejects.toMatchObject(fault)
    await writeFile(at('tokenizer.json'), Buffer.of(0xff, 0xfe))
    await expect(read(null)).rejects.toMatchObject({ code: 'tokenizer_invalid' })
    await writeFile(at('tokenizer.json'), whole)
    await writeFile(at('tokenizer_config.json'), '{"bos_token": 7}')
    await expect(read(at('tokenizer_config.json'))).rejects.toMatchObject({ code: 'tokenizer_invalid' })
  })
})
