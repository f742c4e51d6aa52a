// A yes/no question in one spelling: many ways to ask become few.
// Owns: canonical wording (`Could they be used by people to write with?` → `is it used to write with`), stems, negation.
// Not: what is true (knowledge.ts) or which attribute is meant (understanding.ts).

export interface CanonicalQuestion {
  /** As asked but for case, punctuation and the subject: what a phrase of the knowledge base can equal to the letter. */
  plain: string
  /** Lower case, subject `it` or `you`, no contractions, adverbs or articles. */
  text: string
  /** Who does it, where the question says so: `children`, `women`, `men`; empty for anybody. */
  actor: string
  /** The same before the articles went: tells `is it an orange` from `is it orange`. */
  withArticles: string
  /** It asks for the contrary: `is it not alive`, `does it have no legs`. */
  isNegated: boolean
}

const adverbs =
  /\b(?:usually|typically|often|commonly|generally|normally|mostly|mainly|primarily|ever|also|really|actually|still|maybe|perhaps|possibly|probably|just|even|sometimes|always|frequently|regularly|very|quite|rather|pretty|too|extremely|relatively|particularly|especially|specifically|basically|essentially|considered|considered to be|classified as|regarded as|known as|called|sort of|by any chance|then|so|please|in general|most of the time|at all|currently|today|nowadays|well|widely|typical|average|ordinary|popularly|traditionally|exactly|only|mainly|necessarily|likely|about|approximately|directly|naturally|easily|literally|potentially|such|able to be|capable of being)\b/g

const contractions: [RegExp, string][] = [
  // Only the first auxiliary's n't is rhetorical: `isn't it alive` asks what `is it alive` asks.
  [/^can't\b|^cannot\b/, 'can'],
  [/^won't\b/, 'will'],
  [/^(\w+)n't\b/, '$1'],
  [/\bcan't\b|\bcannot\b/g, 'can not'],
  [/\bwon't\b/g, 'will not'],
  [/\b(\w+)n't\b/g, '$1 not'],
  [/\b(it|that|there|he|she)'s\b/g, '$1 is'],
  [/\b(you|they|we)'re\b/g, '$1 are'],
  [/\b(you|they|we|i)'ve\b/g, '$1 have'],
  [/'s\b/g, ''],
  [/'/g, ' '],
]

/** Opinions and introductions around the question proper. */
const wrappers: [RegExp, string][] = [
  [/^does it has /, 'does it have '],
  [/\bnot only /g, ''],
  // A subject left out, and the object addressed as you.
  [
    /^(?:is|are|was|were) (?=(?:a|an|made|found|used|crafted|worn|eaten|neither|practiced|located|considered|usually|often|commonly)\b)/,
    'is it ',
  ],
  [
    /^does (?=(?:use|have|make|contain|look|feel|smell|taste|need|require|work|move|fly|live|grow|fit|come)\b)/,
    'does it ',
  ],
  [/^(?:are|were) you (?!\w+ing\b)/, 'is it '],
  [
    /^(?:do|would|can|could) (?:you|one|people|we) (?:think|say|believe|consider|call|guess|argue)(?: that)? (?=it|this|that|they|the)/,
    'is ',
  ],
  [
    /^(?:is|would|could) it (?:be )?(?:true|correct|right|fair to say|possible|accurate to say|safe to say|the case)(?: that)? (?=it|they|you|people|the)/,
    'is ',
  ],
  [
    /^(?:are|were) you (?:thinking (?:of|about)|describing|referring to|talking about|imagining|looking for|hiding)(?: it being)? /,
    'is it ',
  ],
  [/^do you have (?:in mind) /, 'is it '],
  [
    /^(?:is|are|was) (?:the answer|the word|the solution|your answer|your word|my guess|the correct answer) /,
    'is it ',
  ],
]

const thing =
  '(?:the |this |that |your |my |said )(?:hidden |secret |mystery |mysterious |said )?(?:object|thing|item|answer|word|one|creature|subject|entity)(?: (?:that |which )?(?:you are|you were|you have|i am|we are)(?: (?:thinking|describing|talking|referring|hiding|chosen|picked|in)(?: of| about| to| mind)?)?(?: in mind)?)?(?: in question)?'
const people =
  '(?:you|we|i|one|someone|somebody|anyone|anybody|a person|a human|a human being|an average person|a normal person|a small child|a young child|young children|humans|human beings|people|persons|most people|many people|some people|most humans|everyone|everybody|kids|children|a child|adults|men|women|folks|a kid|an adult)'

/** The object, however it is spoken of. */
const things: [RegExp, string][] = [
  [new RegExp(`\\b${thing}\\b`, 'g'), 'it'],
  [/\b(?:they|them|these|those|he|him|she)\b/g, 'it'],
  [/^(\w+) (?:this|that)\b(?! (?:you|can|is|has|does)\b)/, '$1 it'],
  [/\b(?:this|that)$/, 'it'],
  [/\bits (?:name|word)\b/g, 'its name'],
]

/** Whoever does something with it. */
const persons = new RegExp(
  `^(are|is|do|does|can|could|would|will|should|have|has|might|may|did|must) ${people}\\b`,
)

/** Persons who are not just anybody. */
const actors: [RegExp, string][] = [
  [/^(?:child|children|kids?|toddlers?|bab(?:y|ies))$/, 'children'],
  [/^(?:wom[ae]n|girls?|lad(?:y|ies))$/, 'women'],
  [/^(?:m[ae]n|boys?)$/, 'men'],
]

const shapes: [RegExp, string][] = [
  [/^is (it|you) (?:is|are|was) /, 'is $1 '],
  [/^is it (can|could|has|have|does|do) /, '$1 it '],
  [/^is you (?:can )?/, 'can you '],
  [/^(?:are|was|were|am) it\b/, 'is it'],
  [/^(?:could|might|may|would|can|will|should|must|does|do) it be\b/, 'is it'],
  [/^(?:has|have|had) it got /, 'does it have '],
  [/^(?:has|have|had) it been /, 'is it '],
  [/^(?:has|have|had) it /, 'does it have '],
  [/^(?:do|did|can|could|would|will|might|may|should|must) it /, 'does it '],
  [/^does it (?:has|had|contain|possess|own|feature|got|come with) /, 'does it have '],
  [/^is there (?:a |an |any )?(.+) (?:on|in|inside|attached to|to) it$/, 'does it have $1'],
  [/^is it (?:able to|capable of|known to|supposed to|meant to|likely to) /, 'does it '],
  [/^can you (?:be able to|usually) /, 'can you '],
  [/^is it (?:possible|common|normal|usual|safe|okay|ok) (?:for (?:you|people|humans) )?to /, 'can you '],
  [/^can you (?:use|utilize|employ) it /, 'is it used '],
  [/ (?:to (?:function|operate|work)|purposes?)$/, ''],
  [/^does it get used /, 'is it used '],
  [
    /^is it (?:something|a thing|an object|an item)(?: that| which)? (?:a |an )?(?!(?:you|we|i|one|people|everyone)\b)(\w+) (?:(?:would|can|could|might|may) )?uses?$/,
    'is it used by $1',
  ],
  [/^(?:does|do|can|could|would) (?:a |an )?(?!you\b)(\w+) (?:often )?use it$/, 'is it used by $1'],
  [
    /^is it (in|inside) (?!(?:the |a |an |one )?(?:category|class|group|color|colour|shape|family|size|style|fashion|use|existence)\b)/,
    'is it found $1 ',
  ],
  [/^is it found (in|at) (?=(?:a |the )?(?:shop|store|supermarket|grocery)s?\b)/, 'is it sold $1 '],
  [
    /^can you (?:find|see|encounter|locate|keep|store|come across|discover|spot|get) it (?=in|on|at|near|inside|outside|outdoors|indoors|under|around|by)/,
    'is it found ',
  ],
  [
    /^is it (?:something|thing|one|object|item|a thing|an object|an item|anything|a product|a word)(?: that| which)? (?:is|are|was) /,
    'is it ',
  ],
  [
    /^is it (?:something|a thing|an object|an item|anything|a product|the kind of thing|the type of thing)(?: that| which)? (?:has|have|had|contains) /,
    'does it have ',
  ],
  [
    /^is it (?:something|a thing|an object|an item|anything|a product|the kind of thing|the type of thing)(?: that| which)? (?:can|could|would|will|does|might|may)(?: be)? /,
    'RELATIVE ',
  ],
  [
    new RegExp(
      `^is it (?:something|a thing|an object|an item|anything|a product|the kind of thing|the type of thing)(?: that| which)? ${people} (?:can |could |would |might |will |may |do |does )?`,
    ),
    'can you OBJECT ',
  ],
  [
    /^is it (?:something|a thing|an object|an item|anything|a product)(?: that| which)? (?=(?:used|made|found|worn|eaten|kept|powered|located|related|associated|known|seen|played|held|sold|in|on|from|for|of|about|to|bigger|smaller|larger|heavier|lighter|big|small|large|sharp|soft|hard)\b)/,
    'is it ',
  ],
  [/^is it (?:something|a thing|an object|an item|anything) with /, 'does it have '],
  [/^is it (?:something|a thing|an object|an item|anything)(?: that| which) (\w+?)s (?!a$)/, 'does it $1 '],
  [/^is it (?:something|a thing|an object|an item|anything)(?: that| which) (\w+?)s$/, 'does it $1'],
  [/^is it something (?=\w)/, 'is it '],
  [/\b(?:utilized|utilised|employed) (?=for|to|in|as|by)/, 'used '],
  [
    /^is it (?:used|useful|meant|intended|designed) (?:by (?:you|people|humans)|for (?:you|people|humans)) /,
    'is it used ',
  ],
  [
    /^is it (?:located|seen|kept|stored|present|situated|placed|encountered) (?=in|on|at|near|inside|outside|outdoors|indoors|under|around)/,
    'is it found ',
  ],
  [
    /^does it (?:live|exist|belong|occur|sit|stay|go|reside) (?=in|on|at|near|inside|outside|outdoors|indoors|under|around)(?!in water)/,
    'is it found ',
  ],
  [
    /^is it (?:made|composed|built|constructed|manufactured|crafted|formed|created)(?: up)?(?: out)?(?: of| from| with) /,
    'is it made of ',
  ],
]

/**
 * The canonical form of a question that starts with its auxiliary.
 * `is it something that you can wear` → `can you wear it`; `Are they able to fly?` → `does it fly`; `Isn't it big?` → `is it big`.
 */
export function canonical(question: string): CanonicalQuestion {
  let text = question
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[‘’]/g, "'")
    .replace(/[-–—/]/g, ' ')
    .replace(/\bnor\b/g, 'or')
    .replace(/[^\p{L}\p{N}' ]+/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  for (const [from, to] of contractions) text = text.replace(from, to)
  text = squeeze(text)
  for (const [from, to] of wrappers) text = text.replace(from, to)
  const plain = squeeze(things.reduce((kept, [from, to]) => kept.replace(from, to), text))
  text = squeeze(
    text.replace(
      /\b(?:kind|type|sort|form|variety|species|example|piece|pair|member|part of the (?:category|class|group)) of (?:a |an |the )?/g,
      '',
    ),
  )
  const denied = denial(text)
  text = squeeze(denied.text.replace(adverbs, ' '))
  for (const [from, to] of things) text = text.replace(from, to)
  text = text.replace(persons, 'can you')
  for (let round = 0; round < 2; round++) {
    const before = text
    for (const [from, to] of shapes) {
      const changed = text.replace(from, to)
      if (changed !== text) text = squeeze(changed)
    }
    if (round > 0 && text === before) break
    text = text.replace(
      /^RELATIVE (\w+ed|\w+en|found|worn|made|seen|held|kept|bought|sold|built|thrown|put|cut|hit)\b/,
      'is it $1',
    )
    text = text.replace(/^RELATIVE /, 'does it ')
    const object = /^can you OBJECT (.*)$/.exec(text)
    if (object?.[1] !== undefined) text = withObject(object[1])
  }
  // `do women wear it` is not `can you wear it`.
  const doer =
    /(?:^\w+|\b(?:something|thing|that|which|item|object)) (?:(?:a|most|mostly|only|young|small|little) )*(\w+)/.exec(
      plain,
    )?.[1] ?? ''
  const actor = actors.find(([words]) => words.test(doer))?.[1] ?? ''
  const withArticles = squeeze(text)
  return {
    plain,
    actor,
    text: squeeze(withArticles.replace(/\b(?:a|an|the|some|any|its|your|their|our|my)\b/g, ' ')),
    withArticles,
    isNegated: denied.isNegated,
  }
}

const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** `wear on your head` → `can you wear it on your head`. */
function withObject(rest: string): string {
  const [verb = '', ...others] = rest.split(' ')
  const at = verb === 'use' || others.length === 0 ? 0 : others[0] === 'it' ? -1 : 0
  return at < 0 ? `can you ${rest}` : ['can you', verb, 'it', ...others].join(' ')
}

function denial(text: string): { text: string; isNegated: boolean } {
  const patterns: [RegExp, string][] = [
    [/\b(?:not|never|neither)\s+/, ''],
    [/ not$/, ''],
    [/^(does it have|has it|is it with|have it) (?:no|zero) /, '$1 '],
    [/^is it without /, 'does it have '],
    [/^is it (?:a |an )?non /, 'is it '],
    [/^does it lack /, 'does it have '],
    [/\b(?:that|which) (?:does|do|can|is|are|cannot|can) not /, 'that '],
  ]
  for (const [pattern, to] of patterns) {
    if (pattern.test(text)) return { text: squeeze(text.replace(pattern, to)), isNegated: true }
  }
  return { text, isNegated: false }
}
