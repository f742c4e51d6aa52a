import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadKnowledge, objectLists } from './knowledge.ts'

const shipped = fileURLToPath(new URL('../../resources', import.meta.url))

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'knowledge-'))
  mkdirSync(join(folder, 'twentyQuestions'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const write = (content: string): void =>
  writeFileSync(join(folder, 'twentyQuestions', 'knowledge.json'), content)

const sound = {
  version: '1',
  simple: ['Cat'],
  categories: [{ name: 'Animals', questionForms: ['animal'] }],
  objects: [{ name: 'Cat', category: 'Animals' }],
  attributes: [{ id: 'alive', statement: 'is alive', phrases: ['is it alive'], yes: ['Cat'] }],
}
const invalid = expect.objectContaining({ code: 'resource_invalid' }) as Error

describe('the knowledge base', () => {
  it('that ships has the 157 objects in 17 categories, ten simple ones, and at least 80 attributes', () => {
    const knowledge = loadKnowledge(shipped)
    const lists = objectLists(knowledge)
    expect(lists.archer).toHaveLength(157)
    expect(lists.simple).toHaveLength(10)
    expect(knowledge.categories).toHaveLength(17)
    expect(knowledge.attributes.length).toBeGreaterThanOrEqual(80)
    for (const name of lists.simple) expect(lists.archer).toContain(name)
  })

  it('fills in what may be left out', () => {
    write(JSON.stringify(sound))
    expect(loadKnowledge(folder).objects[0]).toEqual({
      name: 'Cat',
      category: 'Animals',
      aliases: [],
      isA: [],
    })
  })

  it('names the file when it is missing, empty or no JSON', () => {
    expect(() => loadKnowledge(join(folder, 'nowhere'))).toThrow(invalid)
    for (const content of ['', '{"version": ', '[]', 'null']) {
      write(content)
      expect(() => loadKnowledge(folder), content).toThrow(invalid)
      expect(() => loadKnowledge(folder)).toThrow('knowledge.json')
    }
  })

  it.each([
    ['a simple object', { ...sound, simple: ['Unicorn'] }, 'Unicorn'],
    ['a category', { ...sound, objects: [{ name: 'Cat', category: 'Pets' }] }, 'Pets'],
    [
      'an object of an attribute',
      { ...sound, attributes: [{ ...sound.attributes[0], yes: ['Dog'] }] },
      'Dog',
    ],
    ['an object listed twice', { ...sound, objects: [...sound.objects, ...sound.objects] }, 'twice'],
    ['a missing field', { ...sound, attributes: [{ id: 'x' }] }, 'statement'],
  ])('refuses %s that leads nowhere', (_, knowledge, word) => {
    write(JSON.stringify(knowledge))
    expect(() => loadKnowledge(folder)).toThrow(invalid)
    expect(() => loadKnowledge(folder)).toThrow(word)
  })
})
