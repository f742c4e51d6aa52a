// A yes/no question in one spelling: many ways to ask become few.
// Owns: canonical wording (`Could they be used by people to write with?` → `is it used to write with`), stems, negation.
// Not: what is true (knowledge.ts) or which attribute is meant (understanding.ts).

export interface CanonicalQuestion {
  /** Lower case, subject `it` or `you`, no contractions, adverbs or articles. */
  text: string
  /** The same before the articles went: tells `is it an orange` from `is it orange`. */
  withArticles: string
  /** It asks for the contrary: `is it not alive`, `does it have no legs`. */
  isNegated: boolean
}

const adverbs =
  /\b(?:usually|typically|often|commonly|generally|normally|mostly|mainly|primarily|ever|also|really|actually|still|maybe|perhaps|possibly|probably|just|even|sometimes|always|frequently|regularly|very|quite|rather|pretty|too|extremely|relatively|particularly|especially|specifically|basically|essentially|considered|considered to be|classified as|regarded as|known as|called|sort of|by any chance|then|so|please|in general|most of the time|at all|currently|today|nowadays|well|widely|popularly|traditionally|exactly|only|mainly|necessarily|likely|about|approximately|directly|naturally|easily|literally|potentially|able to be|capable of being)\b/g

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
  '(?:you|we|i|one|someone|somebody|anyone|anybody|a person|a human|a human being|humans|human beings|people|persons|most people|many people|some people|most humans|everyone|everybody|kids|children|a child|adults|men|women|folks|a kid|an adult)'

const subjects: [RegExp, string][] = [
  [new RegExp(`\\b${thing}\\b`, 'g'), 'it'],
  [/\b(?:they|them|these|those|he|him|she)\b/g, 'it'],
  [/^(\w+) (?:this|that)\b(?! (?:you|can|is|has|does)\b)/, '$1 it'],
  [/\b(?:this|that)$/, 'it'],
  [/\bits (?:name|word)\b/g, 'its name'],
  [
    new RegExp(`^(are|is|do|does|can|could|would|will|should|have|has|might|may|did|must) ${people}\\b`),
    'can you',
  ],
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
  [/^does it get used /, 'is it used '],
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
  text = squeeze(
    text.replace(
      /\b(?:kind|type|sort|form|variety|species|example|piece|pair|member|part of the (?:category|class|group)) of (?:a |an |the )?/g,
      '',
    ),
  )
  const denied = denial(text)
  text = squeeze(denied.text.replace(adverbs, ' '))
  for (const [from, to] of subjects) text = text.replace(from, to)
  for (let round = 0; round < 2; round++) {
    for (const [from, to] of shapes) text = squeeze(text.replace(from, to))
    text = text.replace(
      /^RELATIVE (\w+ed|\w+en|found|worn|made|seen|held|kept|bought|sold|built|thrown|put|cut|hit)\b/,
      'is it $1',
    )
    text = text.replace(/^RELATIVE /, 'does it ')
    const object = /^can you OBJECT (.*)$/.exec(text)
    if (object?.[1] !== undefined) text = withObject(object[1])
  }
  const withArticles = squeeze(text)
  return {
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

// prettier-ignore
const irregular: Record<string, string> = {
  used: 'use', uses: 'use', using: 'use', use: 'use',
  made: 'make', makes: 'make', making: 'make', mad: 'make',
  found: 'find', finds: 'find', worn: 'wear', wore: 'wear', eaten: 'eat', ate: 'eat', edible: 'eat',
  held: 'hold', kept: 'keep', flies: 'fly', flying: 'fly', flown: 'fly', living: 'live', lives: 'live', alive: 'live', life: 'live',
  driven: 'drive', drove: 'drive', ridden: 'ride', driving: 'drive', riding: 'ride', written: 'write', writing: 'write', wrote: 'write',
  bigger: 'big', biggest: 'big', larger: 'big', large: 'big', largest: 'big', huge: 'big',
  smaller: 'small', smallest: 'small', tiny: 'small', little: 'small',
  heavier: 'heavy', lighter: 'light', bought: 'buy', sold: 'sell', thrown: 'throw', grown: 'grow', grew: 'grow',
  feet: 'foot', leaves: 'leaf', knives: 'knife', children: 'child', men: 'man', women: 'woman', teeth: 'tooth', mice: 'mouse',
  clothes: 'clothing', cloth: 'clothing', garment: 'clothing', colour: 'color', coloured: 'color', colored: 'color',
  automobile: 'car', metallic: 'metal', wooden: 'wood', plastics: 'plastic', electronic: 'electron', electronics: 'electron', electronically: 'electron',
  electric: 'electr', electrical: 'electr', electricity: 'electr', musical: 'music', circular: 'round', spherical: 'round',
  house: 'home', houses: 'home', household: 'home', shaped: 'shape', bus: 'bus', glass: 'glass', grass: 'grass', dress: 'dress',
}

/** A word's stem by a few regular endings and a list of the irregular; made for comparing, not for reading. */
export function stem(word: string): string {
  const known = irregular[word]
  if (known !== undefined) return known
  if (word.length <= 3) return word
  let rest = word
  if (/ies$/.test(rest) && rest.length > 4) rest = rest.replace(/ies$/, 'y')
  else if (/(ss|x|z|ch|sh)es$/.test(rest)) rest = rest.replace(/es$/, '')
  else if (/[^su]s$/.test(rest)) rest = rest.replace(/s$/, '')
  if (/[a-z]{3,}ing$/.test(rest)) rest = undouble(rest.replace(/ing$/, ''))
  else if (/[a-z]{3,}ed$/.test(rest)) rest = undouble(rest.replace(/ed$/, ''))
  if (rest.length > 4) rest = rest.replace(/e$/, '')
  return irregular[rest] ?? rest
}

const undouble = (word: string): string => word.replace(/([bdgklmnprt])\1$/, '$1')

/** Words that carry no content of their own. */
const empty = new Set(
  'is are was be being been does do did can could would will it you of to for in on at by with that which who something anything thing object item kind type sort and or as from i we they people human person get have has there other one use'.split(
    ' ',
  ),
)

export function stems(text: string): string[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map(stem)
}

/** The stems that carry content; all of them where none does. */
export function contentStems(text: string): string[] {
  const all = text.split(' ').filter((word) => word !== '')
  const full = all.filter((word) => !empty.has(word) && !empty.has(stem(word))).map(stem)
  return full.length > 0 ? full : all.map(stem)
}
