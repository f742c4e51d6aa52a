// Options as a program gives them: without types nothing else would ever see a typo in one.
// Owns: refusing keys that nobody reads and words that mean nothing, with what is near. Not: what options mean, or numbers' ranges.
import { nearestNames } from './nearestNames.ts'

const described = {
  any: 'anything',
  boolean: 'true or false',
  count: 'a whole number from 0 on',
  function: 'a function',
  number: 'a number',
  seed: 'a number or a text',
  signal: 'an AbortSignal',
  text: 'a text',
}
/** `any`: looked at where it is used. A list: one of these words. */
type Kind = keyof typeof described | readonly string[]
/** Every option there is, by key. */
export type OptionKinds<Options> = { readonly [Key in keyof Required<Options>]: Kind }

const isOf: Record<keyof typeof described, (value: unknown) => boolean> = {
  any: () => true,
  boolean: (value) => typeof value === 'boolean',
  count: (value) => Number.isInteger(value) && (value as number) >= 0, // a number, by then
  function: (value) => typeof value === 'function',
  number: (value) => typeof value === 'number' && !Number.isNaN(value),
  seed: (value) => typeof value === 'string' || isOf.number(value),
  signal: (value) => value instanceof AbortSignal,
  text: (value) => typeof value === 'string',
}

/**
 * The options as they are, once nothing is wrong with them. What is undefined counts as left out.
 * @param where  who asks, for the message
 * @throws TypeError for no object, an unknown key, a value of another kind
 */
export function checkOptions<Options extends object>(
  where: string,
  options: Options,
  kinds: OptionKinds<Options>,
): Options {
  const given: unknown = options
  if (typeof given !== 'object' || given === null || Array.isArray(given) || ArrayBuffer.isView(given))
    throw new TypeError(`${where} takes its options as one object, not ${kindOf(given)}`)
  for (const [key, value] of Object.entries(given)) {
    const kind: Kind | null = Object.hasOwn(kinds, key) ? kinds[key as keyof Options] : null // just seen to be one
    if (kind === null)
      throw new TypeError(`${where} has no option “${key}”; ${nearIt(key, Object.keys(kinds))}`)
    if (value === undefined) continue
    if (typeof kind === 'string') {
      if (!isOf[kind](value))
        throw new TypeError(`${where}: “${key}” is ${described[kind]}, not ${kindOf(value)}`)
    } else checkWord(`${where}: “${key}”`, value, kind)
  }
  return options
}

/** @throws TypeError for what is none of the words */
export function checkWord(what: string, value: unknown, words: readonly string[]): void {
  if (typeof value === 'string' && words.includes(value)) return
  const wrong = typeof value === 'string' ? `“${value}”` : kindOf(value)
  throw new TypeError(`${what} is one of ${words.map((word) => `“${word}”`).join(', ')}, not ${wrong}`)
}

export const nearIt = (wrong: string, known: readonly string[]): string =>
  `near it: ${nearestNames(wrong, known).join(', ')}`

const kindOf = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' || typeof value === 'function') return `a ${typeof value}`
  return JSON.stringify(value) ?? String(value)
}
