// When a message names the hidden object.
// Owns: the two rules. Not: what a win means for the episode (twentyQuestions.ts).

/** Words of a text: lower case, letters and digits only; an apostrophe ends a word, so `cat's` holds `cat`. */
function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  )
}

/** A word and its other number, by the regular rules of English and the irregular ones that objects need. */
function numbersOf(word: string): Set<string> {
  const forms = new Set([word])
  if (/[^aeiou]y$/.test(word)) forms.add(word.replace(/y$/, 'ies'))
  if (/(s|x|z|ch|sh|o)$/.test(word)) forms.add(`${word}es`)
  if (/fe?$/.test(word)) forms.add(word.replace(/fe?$/, 'ves'))
  forms.add(`${word}s`)
  if (/ies$/.test(word)) forms.add(word.replace(/ies$/, 'y'))
  if (/(ses|xes|zes|ches|shes|oes)$/.test(word)) forms.add(word.replace(/es$/, ''))
  if (/[^s]s$/.test(word)) forms.add(word.replace(/s$/, ''))
  return forms
}

/**
 * Whether the object's name stands in the message as whole words, in singular or plural, with any article, case or punctuation:
 * `Is it a CAT?`, `cats` and `the cat's` name Cat; `category` does not. Names of several words must stand together
 * (`soccer ball`, `soccer-ball`). Another meaning of the same word (`Can you watch it?` for Watch) still counts, as upstream's rule has it.
 * An object without any letter or digit is never named.
 */
export function namesAsWholeWord(message: string, object: string): boolean {
  const name = wordsOf(object)
  const last = name.pop()
  if (last === undefined) return false
  const lastForms = numbersOf(last)
  const words = wordsOf(message)
  return words.some((word, end) => {
    const start = end - name.length
    return lastForms.has(word) && start >= 0 && name.every((part, i) => words[start + i] === part)
  })
}

/** Upstream's rule: the name occurs anywhere in the message, whatever stands around it; case is ignored. */
export function namesAsSubstring(message: string, object: string): boolean {
  return message.toLowerCase().includes(object.toLowerCase())
}
