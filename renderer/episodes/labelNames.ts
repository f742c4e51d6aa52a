// An environment's labels as people read them.
import { plainText } from './visibleText.ts'

/** Of the environments that ship. */
const names: Readonly<Record<string, string>> = {
  hasQuestionMark: 'Has a question mark',
  questionMarks: 'Question marks',
  repeatsEarlier: 'Repeats an earlier one',
  afterInvalid: 'After an invalid one',
}

/** `firstTry`, `first_try` → `First try`; names come from whoever wrote the environment. */
export function labelName(code: string): string {
  const known = Object.hasOwn(names, code) ? names[code] : undefined
  if (known !== undefined) return known
  const words = plainText(code)
    .replace(/[_-]+/g, ' ')
    .replace(/(?<=\p{Ll}|\d)(?=\p{Lu})/gu, ' ')
    .replace(/(?<= )\p{Lu}(?=\p{Ll})/gu, (letter) => letter.toLowerCase())
    .trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export function labelValue(value: string | number | boolean | null): string {
  if (value === null) return '–'
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : plainText(String(value))
}
