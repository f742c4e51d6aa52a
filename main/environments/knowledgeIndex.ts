// The knowledge base arranged for look-up.
// Owns: phrase → attribute, noun → objects, weights of words. Not: taking a question apart (understanding.ts).
import type { Knowledge } from './knowledge.ts'
import { canonical } from './questionForm.ts'
import { contentStems, stem, stems } from './wordStems.ts'

/** A way to ask for an attribute. */
export interface Phrase {
  attribute: string
  statement: string
  /** Objects for which the answer is yes, before `isContrary` turns it. */
  yes: ReadonlySet<string>
  isContrary: boolean
  /** Content stems. */
  words: ReadonlySet<string>
  /** As it stands in the file. */
  source: string
  /** Auxiliary and subject: `is it`, `can you`. */
  frame: string
}

/** Objects that a noun is true of. */
export interface Noun {
  source: string
  yes: ReadonlySet<string>
  kind: 'object' | 'category' | 'kind of thing' | 'absent noun'
}

export interface KnowledgeIndex {
  version: string
  /** The object's own spelling for a name or alias in any spelling; undefined where unknown. */
  objectNamed(name: string): string | undefined
  /** A phrase that equals the question to the letter but for its subject; its denial is part of it. */
  phraseToTheLetter(plainText: string): Phrase | undefined
  /** A phrase of the same canonical form: the same words if there is one, else the same stems. */
  phrase(canonicalText: string, actor?: string): Phrase | undefined
  noun(words: string): Noun | undefined
  phrases: readonly Phrase[]
  /** How many of the attributes whose id starts so are true of the object. */
  rung(prefix: string, object: string): number
  /** Inverse document frequency of a stem over attributes; the largest of all for one that no attribute has. */
  weight(stem: string): number
}

const built = new WeakMap<Knowledge, KnowledgeIndex>()

/** Everything that can be answered by looking it up. The first call takes some two tenths of a second, further ones nothing. */
export function indexKnowledge(knowledge: Knowledge): KnowledgeIndex {
  const index = built.get(knowledge) ?? build(knowledge)
  built.set(knowledge, index)
  return index
}

function build(knowledge: Knowledge): KnowledgeIndex {
  const byLetter = new Map<string, Phrase>()
  const byText = new Map<string, Phrase[]>()
  const byStems = new Map<string, Phrase[]>()
  const phrases: Phrase[] = []
  const attributesWith = new Map<string, Set<string>>()
  const everyObject = knowledge.objects.map((object) => object.name)
  const attributes = [
    ...knowledge.attributes,
    {
      id: 'always',
      statement: 'is what every object is',
      yes: everyObject,
      phrases: knowledge.always,
      opposite: [],
    },
    { id: 'never', statement: 'is what no object is', yes: [], phrases: knowledge.never, opposite: [] },
  ]
  for (const attribute of attributes) {
    const yes = new Set(attribute.yes)
    const add = (source: string, isContrary: boolean): void => {
      const form = canonical(source)
      const words = new Set(contentStems(form.text))
      const phrase: Phrase = {
        attribute: attribute.id,
        statement: attribute.statement,
        yes,
        isContrary: isContrary !== form.isNegated,
        words,
        source,
        frame: frameOf(form.text),
      }
      phrases.push(phrase)
      if (!byLetter.has(form.plain)) byLetter.set(form.plain, { ...phrase, isContrary })
      remember(byText, actedBy(form.text, form.actor), phrase)
      remember(byStems, actedBy(stems(form.text).join(' '), form.actor), phrase)
      for (const word of words) {
        attributesWith.set(word, (attributesWith.get(word) ?? new Set()).add(attribute.id))
      }
    }
    for (const source of attribute.phrases) add(source, false)
    for (const source of attribute.opposite) add(source, true)
  }
  const nouns = nounsOf(knowledge)
  const names = new Map<string, string>()
  for (const object of knowledge.objects) {
    for (const name of [object.name, ...object.aliases]) {
      const key = nounKey(name)
      if (!names.has(key) || name === object.name) names.set(key, object.name)
    }
  }
  const total = Math.max(1, knowledge.attributes.length)
  return {
    version: knowledge.version,
    objectNamed: (name) => names.get(nounKey(name)),
    phraseToTheLetter: (text) => byLetter.get(text),
    phrase: (text, actor = '') =>
      mostUsual(byText.get(actedBy(text, actor))) ??
      mostUsual(byStems.get(actedBy(stems(text).join(' '), actor))),
    noun: (words) => nouns.get(nounKey(words)),
    phrases,
    rung: (prefix, object) =>
      knowledge.attributes.filter(({ id, yes }) => id.startsWith(prefix) && yes.includes(object)).length,
    weight: (word) => Math.log((total + 1) / ((attributesWith.get(word)?.size ?? 0) + 0.5)),
  }
}

/** Nouns from names, aliases, isA and categories; a name of several words is also what its last word says (golf ball → ball). */
function nounsOf(knowledge: Knowledge): Map<string, Noun> {
  const nouns = new Map<string, { source: string; yes: Set<string>; kind: Noun['kind'] }>()
  const add = (source: string, object: string, kind: Noun['kind']): void => {
    const key = nounKey(source.replace(/^is it (?:a |an |the )?/i, ''))
    const noun = nouns.get(key) ?? { source, yes: new Set<string>(), kind }
    noun.yes.add(object)
    nouns.set(key, noun)
  }
  for (const object of knowledge.objects) add(object.name, object.name, 'object')
  for (const object of knowledge.objects) {
    for (const alias of object.aliases) add(alias, object.name, 'object')
    for (const kind of object.isA) add(kind, object.name, 'kind of thing')
    const last = object.name.split(' ').at(-1)
    if (last !== undefined && last !== object.name) add(last, object.name, 'kind of thing')
    const category = knowledge.categories.find((candidate) => candidate.name === object.category)
    for (const form of category?.questionForms ?? []) add(form, object.name, 'category')
  }
  for (const absent of knowledge.absentNouns) {
    const key = nounKey(absent)
    if (!nouns.has(key)) nouns.set(key, { source: absent, yes: new Set(), kind: 'absent noun' })
  }
  return nouns
}

/** Keys of phrases that name who does it stand apart: `can you wear it` by women. */
const actedBy = (text: string, actor: string): string => (actor === '' ? text : `${text} by ${actor}`)

function remember(phrases: Map<string, Phrase[]>, key: string, phrase: Phrase): void {
  const others = phrases.get(key)
  if (others) others.push(phrase)
  else phrases.set(key, [phrase])
}

/** Where attributes share a wording: the one with most phrases of that wording, the first of equals. */
function mostUsual(phrases: readonly Phrase[] | undefined): Phrase | undefined {
  if (phrases === undefined || phrases.length < 2) return phrases?.[0]
  const times = (phrase: Phrase): number =>
    phrases.filter((p) => p.attribute === phrase.attribute && p.isContrary === phrase.isContrary).length
  return phrases.reduce((best, phrase) => (times(phrase) > times(best) ? phrase : best))
}

/** The first two words of a canonical question. */
export const frameOf = (text: string): string => text.split(' ', 2).join(' ')

const nounKey = (words: string): string =>
  words
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .split(' ')
    .filter((word) => !/^(?:a|an|the)$/.test(word))
    .map(stem)
    .join(' ')
