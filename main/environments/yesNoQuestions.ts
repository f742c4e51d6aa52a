// Finding the yes/no questions in a message.
// Owns: which sentences count as one, and their bare text. Not: what they mean (questionForm.ts) or the answer.
// Rules and their limits: docs/oracle.md.
import { auxiliary, isAboutTheObject, person, thing } from './aboutTheObject.ts'
import { sentencesOf, type Sentence } from './sentences.ts'

export interface FoundQuestion {
  /** The question alone, auxiliary first: `Is it alive`. */
  text: string
  /** How it was asked; all but `inverted` need a question mark or an introduction such as “tell me if”. */
  form: 'inverted' | 'declarative' | 'tag' | 'elliptical' | 'indirect'
}

export interface QuestionSearch {
  /** In the order of the message. */
  questions: FoundQuestion[]
  /** The message is one yes/no question and nothing else (labels such as `Q3:` and quotation marks aside). */
  isSingle: boolean
}

const startsInverted = new RegExp(`^${auxiliary}(?: not)? \\S+`, 'i')
const startsAboutIt = new RegExp(
  `^${auxiliary}(?: not)? (?:${thing}|${person}|there|its|most|all)\\b(?: \\S+)+`,
  'i',
)
const innerInverted = new RegExp(
  `(?:[,;:—–]|\\s-|\\b(?:ask|asking|wonder|wondering|question is|guess is|say|so|and|but|then|or))\\s+(${auxiliary}(?: not)? ${thing}\\b.*)$`,
  'i',
)
const question = /^(?:what|which|who|whom|whose|where|when|why|how)\b/i
const declarative = new RegExp(`^(?:${thing}|${person}|it's|that's|this is|they're|you're)\\s`, 'i')
const tag =
  /[,;]?\s+(?:(?:is|are|was|does|do|can|could|would|has|have)(?:n't)? (?:it|they|you|he|she)|isn't that (?:right|so)|right|correct|yes|no|true|eh|huh|am i right)\s*$/i
const indirect = new RegExp(
  `\\b(?:tell me|know|wonder(?:ing)?|ask(?:ing)?|guess|say|see|check|find out|confirm|clarify)(?: me| you)? (?:if|whether) (${thing}\\b.*|${person}\\b.*)$`,
  'i',
)
const confirms =
  /^(?:is|am|was) (?:that|this|it|i) (?:right|correct|true|the case|so|accurate|a correct guess)$/i
/** A short phrase with any of these is no name or property that somebody asks for. */
const notElliptical =
  /\b(?:yes|no|not|invalid|ready|really|ok|okay|right|any|let|next|it|this|that|you|your|me|my|i|we|us|they|them|question|questions|answer|guess|hint|clue)\b/i
/** Without a question mark these begin a condition: `Had it been red, …`. */
const condition = /^(?:had|were|should)\b/i
const unfinished = /\b(?:a|an|the|of|to|or|and|with|for|than|in|on|at|by|is|it's|your|any|some)$/i

/**
 * All yes/no questions about the object in a message. Questions with what, who, how … are none, nor are statements, requests or answers.
 * Choices (“Is it a cat or a dog?”) count: they can be answered by yes where either holds.
 */
export function findQuestions(message: string): QuestionSearch {
  const sentences = sentencesOf(message)
  const questions: FoundQuestion[] = []
  let whole = 0
  let before = ''
  for (const sentence of sentences) {
    const found = questionIn(sentence, before)
    before = sentence.text
    if (found === null || !isAboutTheObject(found.question.text)) continue
    found.question.text = found.question.text.replace(/[[\]]/g, '')
    questions.push(found.question)
    if (found.isWhole) whole++
  }
  return { questions, isSingle: sentences.length === 1 && whole === 1 }
}

function questionIn(
  sentence: Sentence,
  before: string,
): { question: FoundQuestion; isWhole: boolean } | null {
  const { text, isAsked } = sentence
  const bare = text.replace(/\s+/g, ' ')
  const one = (form: FoundQuestion['form'], found: string, isWhole = !sentence.hasLead) => ({
    question: { text: found.trim(), form },
    isWhole,
  })

  const wrapped = indirect.exec(bare)
  if (wrapped?.[1] !== undefined && !unfinished.test(bare)) {
    return one('indirect', inverted(wrapped[1]), isAsked && !sentence.hasLead)
  }
  if (confirms.test(bare)) {
    return declarative.test(before) && isAsked ? one('tag', inverted(before), false) : null
  }
  if (
    isAsked
      ? startsInverted.test(bare)
      : startsAboutIt.test(bare) && !unfinished.test(bare) && !condition.test(bare)
  ) {
    return one(
      'inverted',
      bare.replace(tag, (found, at: number) => (at > 8 && /,/.test(found) ? '' : found)),
    )
  }
  if (question.test(bare)) return null
  if (!isAsked) return null
  const statement = bare.replace(tag, '')
  if (statement !== bare && declarative.test(statement)) return one('tag', inverted(statement))
  const inner = innerInverted.exec(bare)
  if (inner?.[1] !== undefined) return one('inverted', inner[1], false)
  if (declarative.test(bare)) return one('declarative', inverted(bare))
  const words = bare.split(' ').length
  return words <= 4 && !notElliptical.test(bare)
    ? one('elliptical', `is it ${bare.replace(/^(?:maybe|perhaps|possibly) /i, '')}`)
    : null
}

/** A statement turned round: `it has wheels` → `does it have wheels`. */
function inverted(statement: string): string {
  const text = statement
    .trim()
    .toLowerCase()
    .replace(/^(it|that|this|he|she)'s\b/i, '$1 is')
    .replace(/^(they|you)'re\b/i, '$1 are')
  const subject = new RegExp(`^(${thing}|${person}) (.*)$`, 'i').exec(text)
  if (!subject) return `is it ${text}`
  const [, who = 'it', rest = ''] = subject
  const helper = new RegExp(
    `^(${auxiliary})\\b ?(?!$)(?:(?:probably|maybe|perhaps|likely) )?(.*)$`,
    'i',
  ).exec(rest)
  const isHave = /^(?:has|have|had)$/i.test(helper?.[1] ?? '')
  if (helper && !isHave) return `${helper[1]} ${who} ${helper[2]}`
  if (isHave) return `does ${who} have ${helper?.[2] ?? ''}`
  return `does ${who} ${rest}`
}
