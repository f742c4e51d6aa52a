// Names of pre-tokenisers in GGUF files against tokenizer.json of the families that carry them (preTokenizers.py), on texts full of digits,
// apostrophes, capitals, composed and decomposed letters, other scripts, spaces and ends of lines.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { GgufValue } from '../../main/model/gguf.ts'
import { readGgufTokenizer } from '../../main/model/ggufTokenizer.ts'
import { Tokenizer } from '../../main/model/tokenizer.ts'

const read = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'golden', name), 'utf8'))
const golden = read('preTokenizers.json') as {
  further: string[]
  vocab: Record<string, number>
  merges: [string, string][]
  ids: Record<string, number[][]>
} // our own file
const { texts } = read('tokenizer.json') as { texts: string[] } // our own file

function tokenizerOf(pre: string, architecture: string): Tokenizer {
  const tokens = Object.entries(golden.vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([token]) => token)
  const metadata = new Map<string, GgufValue>([
    ['general.architecture', architecture],
    ['tokenizer.ggml.model', 'gpt2'],
    ['tokenizer.ggml.pre', pre],
    ['tokenizer.ggml.tokens', tokens],
    ['tokenizer.ggml.merges', golden.merges.map((pair) => pair.join(' '))],
  ])
  const { json, bosToken } = readGgufTokenizer({
    path: 'm.gguf',
    version: 3,
    metadata,
    tensors: new Map(),
    fileBytes: 0,
  })
  return new Tokenizer('m.gguf', json, bosToken)
}

describe.each([
  ['GPT-NeoX and Pythia', 'olmo', 'gptneox', 'gpt-neox'],
  ['older files of Pythia', 'gpt-2', 'gptneox', 'gpt-neox'],
  ['OLMo 2 and Phi-4', 'dbrx', 'olmo2', 'olmo2'],
  ['Llama 3', 'llama-bpe', 'llama', 'llama3'],
  ['SmolLM3', 'smaug-bpe', 'smollm3', 'llama3'],
  ['Phi-4-mini', 'gpt-4o', 'phi3', 'gpt-4o'],
  ['Qwen 2 and 3', 'qwen2', 'qwen3', 'qwen3'],
  ['Mistral NeMo', 'tekken', 'llama', 'tekken'],
])('%s (%s in %s)', (_, pre, architecture, family) => {
  it('takes every text apart as its own tokenizer.json does', () => {
    const tokenizer = tokenizerOf(pre, architecture)
    const all = [...texts, ...golden.further]
    expect(golden.ids[family]).toHaveLength(all.length)
    const wrong = all.filter(
      (text, i) => tokenizer.encode(text, { special: false }).join() !== golden.ids[family][i].join(),
    )
    expect(wrong).toEqual([])
  })
})

it('tells the families apart', () => {
  const families = Object.values(golden.ids).map((ids) => JSON.stringify(ids))
  // Llama 3 and OLMo 2 differ in whole words that are tokens, which a vocabulary without borders hides.
  expect(new Set(families).size).toBeGreaterThanOrEqual(families.length - 1)
})
