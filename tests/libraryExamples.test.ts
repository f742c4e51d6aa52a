// Every code block of the pages on the library is a file of tests/libraryExamples/, checked by the compiler like any other; here it is run, and
// what it prints is compared with its comments `// prints: …`. Lists of interventions are parsed as the terminal does.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { interventionFile, interventionList } from '../main/contract/interventions.ts'

const folder = join(import.meta.dirname, 'libraryExamples')
const docs = join(import.meta.dirname, '..', 'docs')
const pages = ['library.md', 'interventions.md', 'from-transformerlens.md', 'from-ares.md']
const examples = readdirSync(folder).sort()

const read = (path: string): string => readFileSync(path, 'utf8').trim()
const blocksIn = (language: string): string[] =>
  pages.flatMap((page) =>
    [...read(join(docs, page)).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
      ([, code]) => code.trim(),
    ),
  )

it('the pages show the examples, each once, and no other code', () => {
  const files = examples.map((name) => read(join(folder, name)))
  expect(blocksIn('ts').toSorted()).toEqual(files.toSorted())
  const fences = pages.flatMap((page) => [...read(join(docs, page)).matchAll(/^```(\w+)$/gm)])
  expect(new Set(fences.map(([, language]) => language))).toEqual(new Set(['ts', 'json']))
})

it('lists of interventions on the pages are such lists', () => {
  const lists = blocksIn('json').map((text) => JSON.parse(text) as unknown)
  expect(lists.length).toBeGreaterThan(1)
  for (const list of lists) (Array.isArray(list) ? interventionList : interventionFile).parse(list)
})

describe('an example prints what it says', () => {
  it.each(examples)('%s', async (name) => {
    const expected = [...read(join(folder, name)).matchAll(/^\/\/ prints: (.*)$/gm)].map(([, line]) => line)
    expect(expected.length).toBeGreaterThan(0)
    const log = vi.spyOn(console, 'log').mockImplementation(() => {})
    try {
      await import(join(folder, name))
      expect(log.mock.calls.map((values) => values.join(' '))).toEqual(expected)
    } finally {
      log.mockRestore()
    }
  })
})
