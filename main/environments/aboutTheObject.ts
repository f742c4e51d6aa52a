// Which yes/no questions are about the hidden object, and can be answered by a yes or a no.
// Owns: telling them from talk about the game, to the other player, or about something else. Not: finding questions.

export const auxiliary =
  "(?:is|are|was|were|am|does|do|did|can|could|would|will|should|has|have|had|may|might|must|isn't|aren't|wasn't|weren't|doesn't|don't|didn't|can't|cannot|couldn't|wouldn't|won't|shouldn't|hasn't|haven't)"
/** The object as a subject. */
export const thing =
  '(?:it|this|that|these|those|they|he|she|(?:the|this|that|your|my|said|the hidden|the secret|the mystery) (?:hidden |secret |mystery )?(?:object|thing|item|answer|word|one|animal|creature|product|device|subject))'
/** Whoever might do something with it. */
export const person =
  '(?:you|we|i|one|someone|somebody|anyone|a person|a human|humans|people|most people|many people|some people|everyone|kids|children|a child|adults|men|women)'

const ofTheObject = new RegExp(`^${auxiliary}(?: not)? (?:${thing}|there|its)\\b`, 'i')
const withoutSubject =
  /^(?:is|are|was|were|does|has)(?:n't)? (?:(?:not )?(?:only )?(?:made|found|used|worn|eaten|use|uses|have|has|need|make|neither|either|\w{3,}ed)\b|(?:a|an) \S+(?: \S+)?$)/i
const mention = /\b(?:it|them|they|its|there|(?:this|that|the|your) (?:object|thing|item)|one|this|that)\b/i
const thinkingOf =
  /^(?:are|were) you (?:thinking (?:of|about)|describing|referring to|talking about|imagining)\b/i
const needed =
  /^(?:do|would|does) (?:you|one|people|i|we|someone) need (?!help|more|me|a (?:hint|clue)|another)/i

/** Talk about the game or to the other player, whatever else it mentions. */
const ofTheGame = [
  /^(?:are|were|am|aren't) (?:you|we|i)\b(?! (?:afraid|scared|likely to))/i,
  /^(?:can|could|would|will|may|might|shall|should|do|did|have|don't|won't|wouldn't) (?:you|we|i)(?: please)? (?:give me|give us|tell|provide|help me|help us|explain|describe|repeat|rephrase|clarify|share|guess|ask|know|want|like (?:to|me|another|a)|understand|agree|remember|mean|mind|answer|elaborate|offer|assist|let me|show me|list|name|figure|narrow|think|play (?:again|another|twenty|this game|the game|a round)|make (?:a|another) guess|win|lose)\b/i,
  /^(?:does|is|did|was|isn't|doesn't) (?:that|this|it) (?:make sense|sound (?:good|right|fair|ok|okay)|my turn|your turn|a (?:good|yes\/no|valid|fair) question|okay|ok|enough|what|who|why|how|when)\b/i,
  /^\w+ (?:that|this)\b.*\b(?:question|game|hint|clue|guess|answer)s?$/i,
  /^\w+ it\b.*\b(?:the|my|your) (?:question|game|hint|clue|guess|answer)s?$/i,
]

/** `Is it [object]?` as the instructions have it: a form to fill in, not yet a question. */
const template = /\[[^\]]*\b(?:objects?|nouns?|items?|things?|type of|insert|name|guess)\b/i

/** Pairs of which one always holds: neither yes nor no answers a choice between them. */
const opposites =
  'light/heavy light/dark big/small large/small large/tiny big/little alive/dead living/nonliving living/non-living living/dead animate/inanimate natural/man-made natural/manmade natural/artificial natural/synthetic hot/cold hard/soft indoors/outdoors inside/outside indoor/outdoor edible/inedible organic/inorganic male/female old/new old/young short/tall short/long wet/dry cheap/expensive loud/quiet smooth/rough good/bad fast/slow thick/thin rich/poor real/fake real/imaginary real/fictional'
    .split(' ')
    .map((pair) => new Set(pair.split('/')))

function isChoiceOfOpposites(question: string): boolean {
  const words = question
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => !/^(?:thing|object|item|being|one)$/.test(word))
  const first = words[words.lastIndexOf('or') - 1] ?? ''
  const second = words.at(-1) ?? ''
  return opposites.some((pair) => pair.has(first) && pair.has(second))
}

/**
 * Whether a fact about the object could answer the question by yes or no.
 * @param question starts with its auxiliary and has no end mark; square brackets are kept
 */
export function isAboutTheObject(question: string): boolean {
  if (template.test(question) || isChoiceOfOpposites(question)) return false
  if (thinkingOf.test(question)) return true
  if (ofTheGame.some((pattern) => pattern.test(question))) return false
  if (ofTheObject.test(question) || withoutSubject.test(question) || needed.test(question)) return true
  return mention.test(question) && !/\b(?:this|that) (?!object|thing|item)\w+/i.test(question)
}
