// Words of a question reduced to what they have in common.
// Owns: stems and which words carry content. Not: the wording of questions (questionForm.ts).

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

/** The stems that carry content; none for `can you use it`. */
export function contentStems(text: string): string[] {
  return text
    .split(' ')
    .filter((word) => word !== '' && !empty.has(word) && !empty.has(stem(word)))
    .map(stem)
}
