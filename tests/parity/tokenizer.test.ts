// SmolLM2's own tokeniser, as its GGUF file carries it, against Hugging Face's tokenizers (tokenizer.py).
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openChatTemplate } from '../../main/model/chatTemplate.ts'
import { openModelFiles } from '../../main/model/openModelFiles.ts'
import { readTokenizer } from '../../main/model/tokenizer.ts'
import { smolLM2Path } from '../../scripts/fetchSmolLM2.ts'

const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden', 'tokenizer.json'), 'utf8')) as {
  texts: string[]
  smollm2: number[][]
} // our own file

describe.skipIf(!existsSync(smolLM2Path))('SmolLM2’s tokeniser', () => {
  it('gives the same ids for every text, and every text back', async () => {
    const tokenizer = await readTokenizer(await openModelFiles(smolLM2Path))
    expect(golden.texts.length).toBeGreaterThan(200)
    golden.texts.forEach((text, i) => {
      const ids = tokenizer.encode(text, { special: false })
      expect([...ids], text).toEqual(golden.smollm2[i])
      expect([...tokenizer.encode(text, { special: true })]).toEqual(golden.smollm2[i])
      expect(tokenizer.decode(ids, { skipSpecial: false })).toBe(text)
    })
  })

  it('turns a chat into the tokens that the model was trained on', async () => {
    const files = await openModelFiles(smolLM2Path)
    const text = openChatTemplate(files.chatTemplate).render([{ role: 'user', content: 'Is it red?' }])
    const ids = (await readTokenizer(files)).encode(text, { special: false })
    const i = golden.texts.indexOf(text)
    expect([...ids]).toEqual(golden.smollm2[i])
    expect(files.stopIds).toEqual([2])
  })
})
