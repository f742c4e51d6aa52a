// Questions about the object's name: letters and words.
// Owns: answering them by counting. Not: any fact about the object itself.

const numbers = [
  'zero',
  'one',
  'two',
  'three',
  'four',
  'five',
  'six',
  'seven',
  'eight',
  'nine',
  'ten',
  'eleven',
  'twelve',
]
const count = `(\\d+|${numbers.join('|')})`
const valueOf = (text: string): number => (numbers.includes(text) ? numbers.indexOf(text) : Number(text))
const letter = '(?:the |a |an )?(?:letters? |capital )?([a-z])'

/**
 * The answer where a question is about spelling; null where it is not.
 * @param text canonical, with articles   @param source the question as asked: canonical form may lose a letter “a”
 */
export function spellingAnswer(text: string, source: string, object: string): boolean | null {
  const asked = source
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, ' ')
    .trim()
  const name = object.toLowerCase()
  const letters = name.replace(/[^\p{L}]/gu, '')
  const starts = new RegExp(`\\b(?:starts?|begins?|starting|beginning)(?: off)? with ${letter}$`).exec(asked)
  if (starts?.[1] !== undefined) return letters.startsWith(starts[1])
  const ends = new RegExp(`\\b(?:ends?|ending|finish(?:es)?) (?:with|in|on) ${letter}$`).exec(asked)
  if (ends?.[1] !== undefined) return letters.endsWith(ends[1])
  const holds =
    /\b(?:contains?|have|has|include|with|using)(?: in it)? (?:the |a |an |any )?letters? ([a-z])\b/.exec(
      asked,
    )
  if (holds?.[1] !== undefined) return letters.includes(holds[1])
  const size = new RegExp(
    `\\b(more than|fewer than|less than|at least|at most|over|under|exactly)? ?${count} (letters?|words?|syllables?)(?: (long|or more|or less|or fewer))?\\b`,
  ).exec(asked)
  if (size?.[2] !== undefined) {
    if (size[3]?.startsWith('syllable')) return null
    const actual = size[3]?.startsWith('word') ? name.split(/\s+/).length : letters.length
    return compare(actual, valueOf(size[2]), size[1] ?? size[4])
  }
  if (/\b(?:single|one) word\b/.test(text)) return !/\s/.test(name)
  return null
}

function compare(actual: number, asked: number, by: string | undefined): boolean {
  switch (by) {
    case 'more than':
    case 'over':
      return actual > asked
    case 'fewer than':
    case 'less than':
    case 'under':
      return actual < asked
    case 'at least':
    case 'or more':
      return actual >= asked
    case 'at most':
    case 'or less':
    case 'or fewer':
      return actual <= asked
    default:
      return actual === asked
  }
}
