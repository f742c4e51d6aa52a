// What a yes/no question asks of an object, and the knowledge base's answer.
// Owns: the order of attempts from certain to doubtful. Not: finding the question (yesNoQuestions.ts).
// Method and measured agreement with hand labels: docs/oracle.md.
import { byComparison } from './comparison.ts'
import { frameOf, type KnowledgeIndex, type Phrase } from './knowledgeIndex.ts'
import { spellingAnswer } from './spellingQuestions.ts'
import { canonical } from './questionForm.ts'
import { contentStems } from './wordStems.ts'

export interface Understanding {
  isYes: boolean
  /** 0 … 1; below `understoodFrom` the question was not understood and the answer is a plain no. */
  confidence: number
  /** In words: which attribute or noun, and its value. */
  how: string
}

/** Confidence from which an answer rests on something in the knowledge base. */
export const understoodFrom = 0.5

const notUnderstood: Understanding = {
  isYes: false,
  confidence: 0.1,
  how: 'not understood, therefore answered by no',
}

/** Characters of a question that is worth understanding; a model that rambles on asks nothing. */
const longest = 300

/** With its article the name of a thing, without it a material: `is it a glass` is no question about `is it glass`. */
const aThing = /^is it (?:a|an) (?:glass|iron|paper|rubber|stone|wood)$/

/** Share of weighted words that a question must have in common with a phrase. */
const similarFrom = 0.6

/**
 * The answer for one object.
 * @param question with its auxiliary first, as findQuestions gives it
 * @param object the object's own spelling in the knowledge base
 */
export function understand(question: string, object: string, index: KnowledgeIndex): Understanding {
  if (question.length > longest) return notUnderstood
  const form = canonical(question)
  const spelled = spellingAnswer(form.withArticles, question, object)
  if (spelled !== null) return { isYes: spelled, confidence: 0.95, how: 'computed from the name' }
  const named = byName(form.withArticles, object, index)
  const isThing = aThing.test(form.withArticles)
  const literal = named === null && !isThing && index.phraseToTheLetter(form.plain)
  if (literal) return { isYes: answer(literal, object), confidence: 0.99, how: stated(literal, object) }
  const acted = form.actor === '' ? undefined : index.phrase(form.text, form.actor)
  const found = acted
    ? { isYes: answer(acted, object), confidence: 0.97, how: stated(acted, object) }
    : isThing
      ? (named ?? byStrangeNoun(form.withArticles))
      : attempt(form.text, form.withArticles, object, index, 0)
  if (found === null) return notUnderstood
  return form.isNegated
    ? { ...found, isYes: !found.isYes, how: `${found.how}, asked for the contrary` }
    : found
}

type Attempt = Understanding | null

function attempt(
  text: string,
  withArticles: string,
  object: string,
  index: KnowledgeIndex,
  depth: number,
): Attempt {
  if (depth > 4) return null
  return (
    byName(withArticles, object, index) ??
    byPhrase(text, object, index) ??
    byNoun(text, object, index) ??
    byComparison(text, object, index) ??
    byGeneralNoun(text) ??
    byParts(text, object, index, depth) ??
    byQualifiedNoun(text, object, index, depth) ??
    byTwoPlaces(text, object, index, depth) ??
    bySimilarity(text, object, index) ??
    byStrangeNoun(withArticles)
  )
}

const answer = (phrase: Phrase, object: string): boolean => phrase.yes.has(object) !== phrase.isContrary

const stated = (phrase: Phrase, object: string): string =>
  `“${phrase.statement}” (${phrase.attribute}) is ${says(phrase.yes.has(object))} of ${object}`

const says = (isTrue: boolean): string => (isTrue ? 'true' : 'not true')

/** `is it a cat`, `is it the cat`: an object by its name or alias; the article tells an orange from the colour. */
function byName(text: string, object: string, index: KnowledgeIndex): Attempt {
  const words = /^is it (?:a|an|the) (.+)$/.exec(text)?.[1]
  const noun = words === undefined ? undefined : index.noun(words)
  if (words === undefined || noun?.kind !== 'object') return null
  const isYes = noun.yes.has(object)
  return { isYes, confidence: 0.98, how: `a guess: “${words}” is ${says(isYes)} of ${object}` }
}

function byPhrase(text: string, object: string, index: KnowledgeIndex): Attempt {
  const phrase = index.phrase(text)
  if (phrase === undefined) return null
  const isYes = answer(phrase, object)
  return { isYes, confidence: 0.97, how: stated(phrase, object) }
}

function byNoun(text: string, object: string, index: KnowledgeIndex): Attempt {
  const words = /^is it (?:in (?:category|class|group) of )?(.+)$/.exec(text)?.[1]
  const noun = words === undefined ? undefined : index.noun(words)
  if (noun === undefined) return null
  const isYes = noun.yes.has(object)
  return { isYes, confidence: 0.95, how: `${noun.kind} “${noun.source}” is ${says(isYes)} of ${object}` }
}

/** `is it red or round`, `is it an animal and does it fly`: yes where one (or) or all (and) of the parts are. */
function byParts(text: string, object: string, index: KnowledgeIndex, depth: number): Attempt {
  const found = /^(.*?) (or|and) (.+)$/.exec(text)
  if (!found) return null
  const [, first = '', joint, second = ''] = found
  if (second === 'not') return attempt(first, first, object, index, depth + 1)
  const left = attempt(first, first, object, index, depth + 1)
  const right = continuations(first, second)
    .map((candidate) => attempt(candidate, candidate, object, index, depth + 1))
    .reduce<Attempt>(
      (best, next) => (next !== null && next.confidence > (best?.confidence ?? 0) ? next : best),
      null,
    )
  if (left === null || right === null) {
    const known = left ?? right
    // One true part decides an “or”, one false part an “and”.
    if (known === null || known.confidence < understoodFrom || known.isYes !== (joint === 'or')) return null
    return { ...known, confidence: known.confidence * 0.7 }
  }
  const isYes = joint === 'or' ? left.isYes || right.isYes : left.isYes && right.isYes
  return {
    isYes,
    confidence: Math.min(left.confidence, right.confidence) * 0.9,
    how: `${left.how}; ${joint} ${right.how}`,
  }
}

/** The second part with what it leaves unsaid from the first: `is it made of wood` + `metal` → `is it made of metal`. */
function continuations(first: string, second: string): string[] {
  if (/^(?:is|does|can) (?:it|you) /.test(second)) return [second]
  const words = first.split(' ')
  const result: string[] = []
  for (let kept = words.length - 1; kept >= 2; kept--)
    result.push([...words.slice(0, kept), second].join(' '))
  return result
}

/** Where a noun's qualification begins, and the question that the qualification alone would be. */
const qualifications: [RegExp, (rest: string) => string[]][] = [
  [/ (?:that|which|who) (?:is|are|was) (.+)$/, (rest) => [`is it ${rest}`]],
  [/ (?:that|which|who) (?:has|have|had) (.+)$/, (rest) => [`does it have ${rest}`]],
  [/ (?:that|which) (?:can|could|would|will|may|might) be (.+)$/, (rest) => [`is it ${rest}`]],
  [/ (?:that|which|who) (?:can|could|would|will|may|might|does) (.+)$/, (rest) => [`does it ${rest}`]],
  [
    /(?: that| which)? (?:you|people|we|humans|one|i)(?: can| could| would| might| do)? (.+)$/,
    (rest) => [`can you ${rest.replace(/^(\S+)/, '$1 it')}`, `can you ${rest}`],
  ],
  [/ (?:that|which|who) (.+)$/, (rest) => [`does it ${rest.replace(/^(\w+?)(?:s)?\b/, '$1')}`, `does it ${rest}`]],
  [/ with (.+)$/, (rest) => [`does it have ${rest}`]],
  [/ ((?:used|made|found|worn|eaten|kept|powered|played|held|seen|known|associated|related|grown|sold|in|on|from|for|of|to|by|at|near|inside) .+)$/, (rest) => [`is it ${rest}`, `is it used ${rest}`]],
] // prettier-ignore

/** What stands before a qualification without being a noun: `found` in a shop. */
const noHead =
  /^(?:used|made|found|worn|eaten|kept|powered|played|held|seen|known|associated|related|grown|sold|able|good|\w+ed)$/
/** Words that make what follows them more than a noun with adjectives. */
const noAdjective = /\b(?:than|in|on|at|of|for|from|to|by|with|under|over|like|as|used|made|found|not)\b/

/** `is it a large animal`, `is it a tool that cuts`: the noun and every qualification must be true. */
function byQualifiedNoun(text: string, object: string, index: KnowledgeIndex, depth: number): Attempt {
  const words = /^is it (.+)$/.exec(text)?.[1]
  if (words === undefined) return null
  for (const [pattern, questions] of qualifications) {
    const found = pattern.exec(words)
    if (!found?.[1] || found.index === 0) continue
    const head = words.slice(0, found.index)
    if (noHead.test(head)) continue
    const noun = headOf(head, object, index, depth)
    if (noun === null) continue
    const rests = questions(found[1]).map((question) => {
      const form = canonical(question)
      const result = attempt(form.text, form.withArticles, object, index, depth + 1)
      return result !== null && form.isNegated ? { ...result, isYes: !result.isYes } : result
    })
    const rest =
      rests.find((candidate) => candidate !== null && candidate.confidence >= understoodFrom) ?? null
    const both = conjunction(noun, rest)
    if (both !== null) return both
  }
  const tokens = words.split(' ')
  for (let at = 1; at < tokens.length && tokens.length <= 5; at++) {
    const noun = headOf(tokens.slice(at).join(' '), object, index, depth)
    if (noun === null) continue
    if (noAdjective.test(tokens.slice(0, at).join(' '))) continue
    const adjective = `is it ${tokens.slice(0, at).join(' ')}`
    return conjunction(noun, attempt(adjective, adjective, object, index, depth + 1))
  }
  return null
}

/** `is it used in the kitchen for cooking`: both must hold. */
function byTwoPlaces(text: string, object: string, index: KnowledgeIndex, depth: number): Attempt {
  const found =
    /^((?:is it|can you) (?:\w+ it|\w+)) ((?:in|on|at|for|to|with|by|around) .+) ((?:in|on|at|for|to|with|by|around) .+)$/.exec(
      text,
    )
  const [, start = '', one = '', two = ''] = found ?? []
  if (start === '') return null
  const [first, second] = [`${start} ${one}`, `${start} ${two}`].map((part) =>
    attempt(part, part, object, index, depth + 1),
  )
  if (!first || !second || first.confidence < understoodFrom || second.confidence < understoodFrom)
    return null
  return conjunction(first, second)
}

/** Nouns that are true of every object. */
const general =
  /^(?:thing|object|item|product|something|one|anything|article|solid|tangible|physical|noun)(?: (?:thing|object|item))?$/

function byGeneralNoun(text: string): Attempt {
  const words = text.replace(/^is it /, '')
  return general.test(words)
    ? { isYes: true, confidence: 0.9, how: `“${words}” is true of every object` }
    : null
}

function headOf(words: string, object: string, index: KnowledgeIndex, depth: number): Attempt {
  if (general.test(words)) return { isYes: true, confidence: 0.9, how: `“${words}” is true of every object` }
  const question = `is it ${words}`
  return (
    byPhrase(question, object, index) ??
    byNoun(question, object, index) ??
    (words.includes(' ') ? byQualifiedNoun(question, object, index, depth + 1) : null)
  )
}

/** Both must hold; a noun that does not hold decides alone, and one that does cannot where the rest is not understood. */
function conjunction(noun: Understanding, rest: Attempt): Attempt {
  if (!noun.isYes && noun.confidence >= understoodFrom) return { ...noun, confidence: noun.confidence * 0.9 }
  if (rest === null) return null
  return {
    isYes: noun.isYes && rest.isYes,
    confidence: Math.min(noun.confidence, rest.confidence) * 0.9,
    how: `${noun.how}; and ${rest.how}`,
  }
}

/** The phrase with the largest share of words in common, by weight; doubtful where a phrase with another answer is as near. */
function bySimilarity(text: string, object: string, index: KnowledgeIndex): Attempt {
  const asked = new Set(contentStems(text))
  if (asked.size === 0) return null
  const frame = frameOf(text)
  const nearest = new Map<boolean, { phrase: Phrase; score: number }>()
  for (const phrase of index.phrases) {
    const score = likeness(asked, frame, phrase, index)
    const isYes = answer(phrase, object)
    if (score > (nearest.get(isYes)?.score ?? 0)) nearest.set(isYes, { phrase, score })
  }
  const [best, other] = [...nearest.values()].sort((a, b) => b.score - a.score)
  if (best === undefined || best.score < similarFrom) return null
  const confidence = other?.score === best.score ? 0.4 : 0.5 + 0.4 * best.score
  const how = `close to “${best.phrase.source}”: ${stated(best.phrase, object)}`
  return { isYes: answer(best.phrase, object), confidence, how }
}

/** Shared weight over all weight, 0 … 1. One shared word says little about a question of another frame (`is it fish`, `can you fish in it`). */
function likeness(asked: ReadonlySet<string>, frame: string, phrase: Phrase, index: KnowledgeIndex): number {
  // A part of something is another thing than the whole.
  if (asked.has('part') !== phrase.words.has('part')) return 0
  let common = 0
  let all = 0
  for (const word of asked) {
    const weight = index.weight(word)
    all += weight
    if (phrase.words.has(word)) common += weight
  }
  if (common === 0) return 0
  for (const word of phrase.words) if (!asked.has(word)) all += index.weight(word)
  if (frame === phrase.frame) return common / all
  return asked.size === 1 ? 0 : (0.9 * common) / all
}

/** `is it a giraffe`: a noun that is nowhere in the knowledge base is, in all likelihood, another thing. */
function byStrangeNoun(text: string): Attempt {
  const words = /^is it (?:a|an|the) ((?:\S+)(?: \S+)?)$/.exec(text)?.[1]
  if (words === undefined) return null
  return {
    isYes: false,
    confidence: 0.6,
    how: `a guess at “${words}”, which the knowledge base does not know`,
  }
}
