// The shipped knowledge base holds together: references, uniqueness, and every pair of objects told apart.
// Owns: checks of the data in resources/twentyQuestions/. Not: how the oracle reads it (main/environments/).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

interface KnowledgeFile {
  version: string
  simple: string[]
  categories: { name: string; questionForms: string[] }[]
  objects: { name: string; category: string; aliases: string[]; isA: string[] }[]
  attributes: { id: string; statement: string; phrases: string[]; opposite?: string[]; yes: string[] }[]
  always: string[]
  never: string[]
  absentNouns: string[]
}

const path = join(import.meta.dirname, '..', 'resources', 'twentyQuestions', 'knowledge.json')
const knowledge = JSON.parse(readFileSync(path, 'utf8')) as KnowledgeFile
const objectNames = knowledge.objects.map((object) => object.name)

const repeated = (values: readonly string[]): string[] =>
  values.filter((value, index) => values.indexOf(value) !== index)

describe('the shipped knowledge base', () => {
  it('lists the 157 objects in 17 categories, each object once and in a listed category', () => {
    expect(objectNames).toHaveLength(157)
    expect(repeated(objectNames)).toEqual([])
    expect(knowledge.categories).toHaveLength(17)
    const used = new Set(knowledge.objects.map((object) => object.category))
    expect([...used].sort()).toEqual(knowledge.categories.map((category) => category.name).sort())
    for (const { name, questionForms } of knowledge.categories) expect(questionForms, name).not.toEqual([])
  })

  it('has a simple list of ten of its objects', () => {
    expect(knowledge.simple).toHaveLength(10)
    expect(knowledge.simple.filter((name) => !objectNames.includes(name))).toEqual([])
  })

  it('has at least 80 attributes, each with its own id and at least five ways to ask', () => {
    expect(knowledge.attributes.length).toBeGreaterThanOrEqual(80)
    expect(repeated(knowledge.attributes.map((attribute) => attribute.id))).toEqual([])
    const few = knowledge.attributes.filter((attribute) => attribute.phrases.length < 5)
    expect(few.map((attribute) => attribute.id)).toEqual([])
  })

  it('names only known objects, each once, in the yes list of an attribute', () => {
    const known = new Set(objectNames)
    for (const { id, yes } of knowledge.attributes) {
      expect(
        yes.filter((name) => !known.has(name)),
        id,
      ).toEqual([])
      expect(repeated(yes), id).toEqual([])
    }
  })

  it('has no attribute that is true of no object or of all', () => {
    const idle = knowledge.attributes.filter(
      ({ yes }) => yes.length === 0 || yes.length === knowledge.objects.length,
    )
    expect(idle.map((attribute) => attribute.id)).toEqual([])
  })

  it('uses no phrase twice, and writes all in plain lower case', () => {
    const asked = knowledge.attributes.flatMap(({ phrases, opposite }) => [...phrases, ...(opposite ?? [])])
    const all = [...asked, ...knowledge.always, ...knowledge.never]
    expect(repeated(all)).toEqual([])
    // Digits, the dollar sign and slashes occur in sizes, prices and “on/off”.
    expect(all.filter((phrase) => !/^[a-z][a-z0-9 ,'$/-]*$/.test(phrase))).toEqual([])
  })

  it('lists no noun as absent that is true of an object', () => {
    const present = new Set(
      knowledge.objects.flatMap(({ name, aliases, isA }) => [name.toLowerCase(), ...aliases, ...isA]),
    )
    for (const { questionForms } of knowledge.categories) for (const form of questionForms) present.add(form)
    expect(knowledge.absentNouns.filter((noun) => present.has(noun))).toEqual([])
    const phrases = new Set(knowledge.attributes.flatMap((attribute) => attribute.phrases))
    const asked = (noun: string): boolean =>
      [`is it a ${noun}`, `is it an ${noun}`, `is it ${noun}`].some((phrase) => phrases.has(phrase))
    expect(knowledge.absentNouns.filter(asked)).toEqual([])
  })

  it('tells every pair of objects apart by at least one attribute', () => {
    const truths = new Map(
      objectNames.map((name) => [
        name,
        knowledge.attributes.map(({ yes }) => (yes.includes(name) ? '1' : '0')).join(''),
      ]),
    )
    const twins: string[] = []
    objectNames.forEach((first, index) => {
      for (const second of objectNames.slice(index + 1)) {
        if (truths.get(first) === truths.get(second)) twins.push(`${first} and ${second}`)
      }
    })
    expect(twins).toEqual([])
  })
})
